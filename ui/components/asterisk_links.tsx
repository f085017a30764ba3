/**
 * @module
 * How the connections to the Asterisks are, large: without one, nothing is known of its phones.
 */
import { clockTime } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { asteriskLinks, endpointsOfLink } from "../store/endpoint_views.ts";
import type { Link } from "../types.ts";
import { linkName, linkWord } from "./link_states.tsx";
import { Mark, type MarkKind } from "./mark.tsx";
import { Moment } from "./moment.tsx";
import { useStale } from "./veil.tsx";

const MARKS: Record<Link["state"], MarkKind> = { up: "online", down: "offline", connecting: "unknown" };

/** A line for every Asterisk. */
export function AsteriskLinks() {
  const stale = useStale();
  return (
    <ul class="asterisks" aria-label="Asterisk">
      {asteriskLinks.value.map((link) => <Line key={link.id} link={link} stale={stale} />)}
    </ul>
  );
}

function Line({ link, stale }: { link: Link; stale: boolean }) {
  const up = link.state === "up";
  const mark = stale ? "unknown" : up && link.warning ? "open" : MARKS[link.state];
  return (
    <li
      class={`asterisk is-${stale ? "unsaid" : link.state}${up && link.warning ? " has-warning" : ""}`}
      data-testid="asterisk"
      data-id={link.id}
      data-state={link.state}
    >
      <Mark kind={mark} size={16} />
      <div class="asterisk-what">
        <p>
          <strong>{linkName(link.id)}</strong>{" "}
          <span class="asterisk-word">{stale ? t("mark.unknown") : linkWord(link)}</span>{" "}
          {!stale && (
            <span class="faint">
              <Moment at={link.since} as="for" />
            </span>
          )}
        </p>
        {!stale && <Meaning link={link} />}
      </div>
      <span class="asterisk-aside faint">
        <span>{t("asterisk.phones", { n: endpointsOfLink(link) })}</span>
        <span class="num asterisk-target" title={link.target}>{link.target}</span>
      </span>
    </li>
  );
}

/** What follows from how it is. Nothing while all is well. */
function Meaning({ link }: { link: Link }) {
  if (link.state === "up") return link.warning ? <p class="asterisk-warning">{link.warning}</p> : null;
  const at = clockTime(Date.parse(link.since));
  return (
    <>
      <p>
        {t("asterisk.hides", { n: endpointsOfLink(link), at })} {t("asterisk.still")}
      </p>
      {link.last_error && <p class="muted asterisk-error">{link.last_error}</p>}
      {link.phase === "refused" && <p class="muted">{t("asterisk.refused")}</p>}
    </>
  );
}

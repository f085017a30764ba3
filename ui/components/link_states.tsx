/**
 * @module
 * How the service's connections are, and this page's own to the service.
 */
import type { Key } from "../i18n/en.ts";
import { fullTime } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { links, stream } from "../store/live.ts";
import type { Link } from "../types.ts";
import { Mark, type MarkKind } from "./mark.tsx";

const NAMES: Record<string, Key> = { broker: "link.broker", database: "link.database" };
const MARKS: Record<Link["state"], MarkKind> = { up: "online", down: "offline", connecting: "unknown" };
const STATES: Record<Link["state"], Key> = {
  up: "link.up",
  down: "link.down",
  connecting: "link.connecting",
};

/** Name of a link in the language in use; one that these pages do not know keeps its own. */
export function linkName(id: string): string {
  const key = NAMES[id];
  return key ? t(key) : id;
}

/** All links, each as a mark and its name; what is wrong with it is said in words. */
export function LinkStates() {
  const phase = stream.value.phase;
  return (
    <ul class="links" aria-label={t("frame.links")}>
      {links.value.map((link) => (
        <li
          key={link.id}
          class={`link-state is-${link.state}`}
          data-testid="link-state"
          data-id={link.id}
          data-state={link.state}
          title={describe(link)}
        >
          <Mark kind={MARKS[link.state]} word={linkName(link.id)} />
          {link.state !== "up" && <span class="link-word">{t(STATES[link.state])}</span>}
        </li>
      ))}
      <li
        class={`link-state is-${phase}`}
        data-testid="stream-state"
        data-state={phase}
        title={t(`stream.${phase}`)}
      >
        <Mark
          kind={phase === "live" ? "online" : phase === "cut" ? "offline" : "unknown"}
          word={t("link.page")}
        />
      </li>
    </ul>
  );
}

function describe(link: Link): string {
  const said = [`${linkName(link.id)} (${link.target}): ${t(STATES[link.state])}`];
  said.push(t("time.since", { at: fullTime(Date.parse(link.since)) }));
  if (link.last_error) said.push(link.last_error);
  return said.join("\n");
}

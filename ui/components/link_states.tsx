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
import { useStale } from "./veil.tsx";

const NAMES: Record<string, Key> = {
  broker: "link.broker",
  database: "link.database",
  asterisk: "link.asterisk",
};
const MARKS: Record<Link["state"], MarkKind> = { up: "online", down: "offline", connecting: "unknown" };
const STATES: Record<Link["state"], Key> = {
  up: "link.up",
  down: "link.down",
  connecting: "link.connecting",
};

/** Steps that have more to say than being up or not. */
const PHASES: Partial<Record<NonNullable<Link["phase"]>, Key>> = {
  logging_in: "link.phase.logging_in",
  syncing: "link.phase.syncing",
  backing_off: "link.phase.backing_off",
  refused: "link.phase.refused",
};

/** Name of a link in the language in use, with its own where there are several; an unknown one keeps its own. */
export function linkName(id: string): string {
  const [kind = "", ...rest] = id.split(":");
  const key = NAMES[kind];
  if (!key) return id;
  const own = rest.join(":");
  return own && own !== kind ? `${t(key)} ${own}` : t(key);
}

/** How a link is, in words: the step that it is at, where it knows one. */
export function linkWord(link: Link): string {
  const phase = link.phase ? PHASES[link.phase] : undefined;
  return t(phase ?? STATES[link.state]);
}

function markOf(link: Link): MarkKind {
  return link.state === "up" && link.warning ? "open" : MARKS[link.state];
}

/** All links, each as a mark and its name; what is wrong with it is said in words. */
export function LinkStates() {
  const phase = stream.value.phase;
  // With this page's own connection cut, nobody says how the others are.
  const stale = useStale();
  return (
    <ul class="links" aria-label={t("frame.links")}>
      {links.value.map((link) => (
        <li
          key={link.id}
          class={stale
            ? "link-state is-unsaid"
            : `link-state is-${link.state}${link.state === "up" && link.warning ? " has-warning" : ""}`}
          data-testid="link-state"
          data-id={link.id}
          data-state={link.state}
          title={stale ? `${linkName(link.id)}: ${t("mark.unknown")}` : describe(link)}
        >
          <Mark kind={stale ? "unknown" : markOf(link)} word={linkName(link.id)} />
          {!stale && link.state !== "up" && <span class="link-word">{linkWord(link)}</span>}
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
  const said = [`${linkName(link.id)} (${link.target}): ${linkWord(link)}`];
  said.push(t("time.since", { at: fullTime(Date.parse(link.since)) }));
  if (link.warning) said.push(t("link.warning", { text: link.warning }));
  if (link.last_error) said.push(link.last_error);
  return said.join("\n");
}

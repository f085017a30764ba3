/**
 * @module
 * The fleet as tiles, from 4 to 400. Above that there are counts, and tiles for what is filtered.
 */
import { useState } from "preact/hooks";
import { Link } from "../components/link.tsx";
import { Mark, type MarkKind, markOf } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { CommandProgress, OpenButton } from "../components/open_button.tsx";
import type { Key } from "../i18n/en.ts";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { panelPath } from "../router.ts";
import { useKeys } from "../store/keys.ts";
import { panels, seen } from "../store/live.ts";
import { ask } from "../store/opening.ts";
import { arrange, type Choice, type Counts } from "../store/table.ts";
import { counts, ringingMacs } from "../store/views.ts";
import type { Intercom } from "../types.ts";

/** More tiles than this say nothing at a glance. */
export const TILES = 400;

type Filter = keyof Counts;

const FILTERS: { name: Filter; word: Key; mark?: MarkKind; choice: Partial<Choice>; table: string }[] = [
  { name: "all", word: "filter.all", choice: {}, table: "/intercoms" },
  {
    name: "online",
    word: "mark.online",
    mark: "online",
    choice: { status: "online" },
    table: "/intercoms?status=online",
  },
  {
    name: "offline",
    word: "mark.offline",
    mark: "offline",
    choice: { status: "offline" },
    table: "/intercoms?status=offline",
  },
  {
    name: "unknown",
    word: "mark.unknown",
    mark: "unknown",
    choice: { status: "unknown" },
    table: "/intercoms?status=unknown",
  },
  {
    name: "open",
    word: "filter.open",
    mark: "open",
    choice: { door: "open" },
    table: "/intercoms?door=open",
  },
  {
    name: "alarm",
    word: "filter.alarm",
    mark: "alarm",
    choice: { only: "alarm" },
    table: "/intercoms?only=alarm",
  },
];

/** The filters with their counts, and the tiles. */
export function Fleet() {
  const [filter, setFilter] = useState<Filter>("all");
  const chosen = FILTERS.find(({ name }) => name === filter)!;
  useKeys({ KeyJ: () => step(1), KeyK: () => step(-1), KeyO: () => openFocused() });
  return (
    <section aria-label={t("board.fleet")}>
      <div class="fleet-head">
        <h2 class="section-title">{t("board.fleet")}</h2>
        <div class="chips" role="group" aria-label={t("filter.label")}>
          {FILTERS.map(({ name, word, mark }) => (
            <button
              key={name}
              type="button"
              class="chip"
              aria-pressed={name === filter}
              disabled={name !== filter && counts.value[name] === 0}
              onClick={() => setFilter(name)}
            >
              {mark ? <Mark kind={mark} word={t(word)} /> : t(word)}
              <span class="num chip-count">{number(counts.value[name])}</span>
            </button>
          ))}
        </div>
      </div>
      <Tiles choice={chosen.choice} total={counts.value[filter]} table={chosen.table} />
    </section>
  );
}

function Tiles({ choice, total, table }: { choice: Partial<Choice>; total: number; table: string }) {
  if (total > TILES) {
    return (
      <p class="fleet-many">
        {t("board.too_many", { n: number(total), limit: number(TILES) })}{" "}
        <Link to={table} class="button">{t("board.in_table")}</Link>
      </p>
    );
  }
  const shown = arrange(
    panels.value.values(),
    { q: "", status: "", door: "", only: "", sort: "name", descending: false, ...choice },
    seen.peek(),
  ).filter(({ adopted }) => adopted);
  if (!shown.length) return <p class="muted fleet-none">{t("board.none_such")}</p>;
  const size = shown.length <= 24 ? "large" : shown.length <= 120 ? "medium" : "small";
  return (
    <ul class={`tiles tiles-${size}`}>
      {shown.map((panel) => (
        <Tile key={panel.mac} panel={panel} rings={ringingMacs.value.has(panel.mac)} size={size} />
      ))}
    </ul>
  );
}

function Tile(
  { panel, rings, size }: { panel: Intercom; rings: boolean; size: "large" | "medium" | "small" },
) {
  const kind = markOf(panel, rings);
  const name = panel.name || panel.mac;
  const isOpen = panel.door === "open";
  return (
    <li class={`tile is-${kind}${isOpen ? " door-open" : ""}`}>
      <Link
        to={panelPath(panel.mac)}
        class="tile-link"
        data-mac={panel.mac}
        title={panel.address ? `${name}\n${panel.address}` : name}
      >
        <Mark kind={kind} />
        <span class="tile-name">{name}</span>
        {isOpen && <Mark kind="open" />}
      </Link>
      {size === "large" && (
        <>
          <span class="tile-address faint">
            {panel.address || (panel.name ? panel.mac : t("tile.unnamed"))}
          </span>
          <TileFoot panel={panel} kind={kind} />
        </>
      )}
    </li>
  );
}

function TileFoot({ panel, kind }: { panel: Intercom; kind: MarkKind }) {
  const gone = panel.status !== "online";
  return (
    <div class="tile-foot">
      <span class="tile-words">
        <span class="tile-state">{t(`mark.${kind}`)}</span>{" "}
        <span class="faint">
          {gone
            ? <Moment at={panel.status_since} as="for" />
            : t("tile.door", { state: t(`door.${panel.door}`).toLowerCase() })}
        </span>
        <CommandProgress panel={panel} />
      </span>
      <OpenButton panel={panel} apartment={kind === "call" ? panel.last_call?.apartment : undefined} />
    </div>
  );
}

function step(by: number): void | false {
  const tiles = [...document.querySelectorAll<HTMLElement>(".tile-link")];
  if (!tiles.length) return false;
  const at = tiles.indexOf(document.activeElement as HTMLElement);
  tiles[at < 0 ? 0 : Math.min(tiles.length - 1, Math.max(0, at + by))]?.focus();
}

function openFocused(): void | false {
  const mac = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.mac : undefined;
  const panel = mac === undefined ? undefined : panels.value.get(mac);
  if (!panel) return false;
  ask(panel);
}

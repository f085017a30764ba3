/**
 * @module
 * Doors in motion: a command on its way, or a door that stands open.
 */
import type { Key } from "../i18n/en.ts";
import { CommandProgress } from "../components/open_button.tsx";
import { Link } from "../components/link.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { t } from "../i18n/translate.ts";
import { panelPath } from "../router.ts";
import { inMotion } from "../store/views.ts";
import type { Intercom } from "../types.ts";

const SHOWN = 8;

/** Words for what opened a door. */
export const SOURCE_WORDS: Record<NonNullable<Intercom["door_source"]>, Key> = {
  remote: "source.remote",
  key: "source.key",
  button: "source.button",
  call: "source.call",
};

/** A line for every door in motion. Nothing at all while all doors are shut. */
export function Motion() {
  const moving = inMotion.value;
  if (!moving.length) return null;
  return (
    <section aria-label={t("board.motion")}>
      <h2 class="section-title">
        {t("board.motion")} <span class="faint num">{moving.length}</span>
      </h2>
      <ul class="motion-list">
        {moving.slice(0, SHOWN).map((panel) => <Line key={panel.mac} panel={panel} />)}
        {moving.length > SHOWN && (
          <li class="motion-more">
            <Link to="/intercoms?door=open">{t("board.and_more", { n: moving.length - SHOWN })}</Link>
          </li>
        )}
      </ul>
    </section>
  );
}

function Line({ panel }: { panel: Intercom }) {
  const isOpen = panel.door === "open";
  return (
    <li class="motion">
      <Mark kind={isOpen ? "open" : "closed"} word={t(isOpen ? "door.open" : "door.closed")} />
      <Link to={panelPath(panel.mac)} title={panel.name || panel.mac}>{panel.name || panel.mac}</Link>
      <span class="motion-why muted">
        <CommandProgress panel={panel} />
        {isOpen && panel.door_source && <span>{t(SOURCE_WORDS[panel.door_source])}</span>}
      </span>
      <span class="faint">{isOpen && panel.door_since && <Moment at={panel.door_since} as="for" />}</span>
    </li>
  );
}

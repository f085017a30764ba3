/**
 * @module
 * Who stands at a door and waits: the one loud thing on the board.
 */
import { CommandProgress, OpenButton } from "../components/open_button.tsx";
import { Link } from "../components/link.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { t } from "../i18n/translate.ts";
import { panelPath } from "../router.ts";
import { useKeys } from "../store/keys.ts";
import { ask } from "../store/opening.ts";
import { ringingPanels } from "../store/views.ts";
import type { Intercom } from "../types.ts";

/** More than this at once is a fault of a panel or an attack, and the rest is in the table. */
const SHOWN = 6;

/** A card for every door where somebody rings. */
export function Ringing() {
  const waiting = ringingPanels.value;
  useKeys({
    KeyO: () => {
      // With one ring there is no doubt which door is meant; a focused tile takes the key itself.
      const first = ringingPanels.value[0];
      if (!first) return false;
      ask(first, first.last_call?.apartment);
    },
  });
  if (!waiting.length) return null;
  return (
    <section class="ringing" aria-label={t("board.ringing")} aria-live="assertive">
      {waiting.slice(0, SHOWN).map((panel) => <Card key={panel.mac} panel={panel} />)}
      {waiting.length > SHOWN && <p class="muted">{t("board.more_ringing", { n: waiting.length - SHOWN })}
      </p>}
    </section>
  );
}

function Card({ panel }: { panel: Intercom }) {
  const call = panel.last_call!;
  return (
    <article class="ring-card">
      <Mark kind="call" size={32} />
      <div class="ring-what">
        <h2>
          <Link to={panelPath(panel.mac)}>{panel.name || panel.mac}</Link>
        </h2>
        <p>
          {call.apartment && <strong>{t("event.apartment", { apartment: call.apartment })}</strong>}
          {panel.address && <span>{panel.address}</span>}
          <span>
            {t("board.rings_for")} <Moment at={call.at} as="for" />
          </span>
        </p>
        <CommandProgress panel={panel} />
      </div>
      <OpenButton panel={panel} apartment={call.apartment} big />
    </article>
  );
}

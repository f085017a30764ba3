/**
 * @module
 * Live calls on the board. Nothing at all while there are none.
 */
import { Link } from "../components/link.tsx";
import { LiveCallList } from "../components/live_calls.tsx";
import { t } from "../i18n/translate.ts";
import { isOver } from "../store/calls.ts";
import { liveCalls } from "../store/call_views.ts";

const SHOWN = 8;
/** Of calls that just ended, more would push the doors away that people came to look at. */
const OVER_SHOWN = 3;

/** The calls that live and the last few that just ended. */
export function BoardCalls() {
  if (!liveCalls.value.length) return null;
  const living = liveCalls.value.filter((call) => !isOver(call)).length;
  const shown = liveCalls.value.slice(0, living + OVER_SHOWN);
  return (
    <section aria-label={t("calls.live")}>
      <div class="section-head">
        <h2 class="section-title">
          {t("calls.live")} {living > 0 && <span class="faint num">{living}</span>}
        </h2>
        <Link to="/calls">{t("calls.live.all")}</Link>
      </div>
      <LiveCallList calls={shown} limit={SHOWN} />
    </section>
  );
}

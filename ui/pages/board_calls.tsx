/**
 * @module
 * Live calls on the board, and under them the last few that just ended. Nothing at all while there are none.
 */
import { Link } from "../components/link.tsx";
import { LiveCallList } from "../components/live_calls.tsx";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { isOver } from "../store/calls.ts";
import { liveCalls, livingCalls } from "../store/call_views.ts";
import type { Call } from "../types.ts";

const SHOWN = 8;
/** Of calls that just ended, more would push the doors away that people came to look at. */
const OVER_SHOWN = 3;

/** The calls that live, and those that just ended. */
export function BoardCalls() {
  const living = livingCalls.value;
  const over = liveCalls.value.filter(isOver).slice(0, OVER_SHOWN);
  return (
    <>
      {living.length > 0 && <Part name="calls.live" calls={living} count={living.length} />}
      {over.length > 0 && <Part name="calls.over" calls={over} />}
    </>
  );
}

function Part({ name, calls, count }: { name: Key; calls: readonly Call[]; count?: number }) {
  return (
    <section aria-label={t(name)}>
      <div class="section-head">
        <h2 class="section-title">
          {t(name)} {count !== undefined && <span class="faint num">{count}</span>}
        </h2>
        <Link to="/calls">{t("calls.live.all")}</Link>
      </div>
      <LiveCallList calls={calls} limit={SHOWN} />
    </section>
  );
}

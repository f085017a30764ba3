/**
 * @module
 * What an employee sees first: their own calls, those that live and the last ones.
 */
import { PhoneIncoming } from "lucide";
import { Link } from "../components/link.tsx";
import { LiveCallList } from "../components/live_calls.tsx";
import { Broken, Empty, PartOnly, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { shownNumber } from "../i18n/phones.ts";
import { isOver, mergeCalls } from "../store/calls.ts";
import { useCallHistory } from "../store/call_history.ts";
import { livingCalls } from "../store/call_views.ts";
import { calls } from "../store/live.ts";
import { me } from "../store/session.ts";

const LAST = 10;

/** The employee's page. */
export function EmployeePage() {
  const living = livingCalls.value;
  const phones = me.value?.phones ?? [];
  return (
    <div class="board">
      <div>
        <h2 class="hello">{t("employee.title", { name: me.value?.name || me.value?.login || "" })}</h2>
        <p class="muted">{t("employee.text")}</p>
        <p class="muted own-numbers" data-testid="own-numbers">
          {phones.length > 0
            ? t("employee.numbers", { numbers: phones.map(shownNumber).join(", ") })
            : t("employee.numbers.none")}
        </p>
      </div>
      {living.length > 0 && (
        <section aria-label={t("mine.calls")}>
          <h2 class="section-title">
            {t("mine.calls")} <span class="faint num">{living.length}</span>
          </h2>
          <LiveCallList calls={living} limit={LAST} />
        </section>
      )}
      <LastCalls living={living.length > 0} />
    </div>
  );
}

function LastCalls({ living }: { living: boolean }) {
  const { loaded, fresh } = useCallHistory({ limit: LAST });
  const above = new Set(livingCalls.value.map(({ id }) => id));
  // A call that goes on without this person is among the last ones already; one that is nowhere any more is over.
  const known = (id: string, over: boolean) => over || calls.value.has(id) && !above.has(id);
  const shown = mergeCalls(fresh, loaded.items)
    .filter((call) => known(call.id, isOver(call))).slice(0, LAST);
  // Under a call that lives, it would be no truth that there are none.
  if (living && !shown.length && loaded.error === null) return null;
  return (
    <section aria-label={t("mine.last")}>
      <div class="section-head">
        <h2 class="section-title">{t("mine.last")}</h2>
        <Link to="/calls">{t("calls.live.all")}</Link>
      </div>
      {loaded.error !== null && <Broken error={loaded.error} onRetry={loaded.reload} />}
      {loaded.first?.partial && <PartOnly />}
      {loaded.busy && !shown.length && <Skeleton rows={4} tall />}
      {!loaded.busy && loaded.error === null && !shown.length && (
        <Empty icon={PhoneIncoming} title={t("mine.last.none")}>{t("mine.last.none.do")}</Empty>
      )}
      {shown.length > 0 && <LiveCallList calls={shown} limit={LAST} past />}
    </section>
  );
}

/**
 * @module
 * The board: what rings, what is wrong, what moves, and under it the fleet.
 */
import { NoPanels, Skeleton } from "../components/states.tsx";
import { Mark } from "../components/mark.tsx";
import { Moment } from "../components/moment.tsx";
import { t } from "../i18n/translate.ts";
import { events, panels, ready } from "../store/live.ts";
import { counts, ringingPanels, troubleList } from "../store/views.ts";
import { BoardCalls } from "./board_calls.tsx";
import { Fleet } from "./board_fleet.tsx";
import { Motion } from "./board_motion.tsx";
import { Ringing } from "./board_ringing.tsx";
import { Troubles } from "./board_troubles.tsx";

/** The board. */
export function BoardPage() {
  if (!ready.value) {
    return (
      <div class="board">
        <Skeleton rows={2} tall />
        <Skeleton rows={6} tall />
      </div>
    );
  }
  const nothingYet = panels.value.size === 0;
  return (
    <div class="board">
      <Ringing />
      {troubleList.value.length > 0 && <Troubles />}
      {!troubleList.value.length && !ringingPanels.value.length && !nothingYet && <AllWell />}
      <Motion />
      <BoardCalls />
      {nothingYet ? <NoPanels /> : <Fleet />}
    </div>
  );
}

function AllWell() {
  const last = events.value[0];
  return (
    <p class="all-well">
      <Mark kind="online" size={16} word={t("board.well", { n: counts.value.online })} />
      {last && (
        <span class="muted">
          {t("board.last_event")} <Moment at={last.received_at} />
        </span>
      )}
    </p>
  );
}

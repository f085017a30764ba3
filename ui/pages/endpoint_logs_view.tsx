/**
 * @module
 * A log as it is written: filters, how it stands, and its lines, whoever they are about.
 */
import { ArrowDown, PhoneCall, X } from "lucide";
import { useMemo, useRef, useState } from "preact/hooks";
import { withQuery } from "../api.ts";
import { Icon } from "../components/icon.tsx";
import { LevelChips, LogFilters } from "../components/log_filters.tsx";
import { dayOf, LogList } from "../components/log_list.tsx";
import { LogFiles, noEndpoint, NoLines } from "../components/log_states.tsx";
import { LogButtons, LogStatus } from "../components/log_tools.tsx";
import { Broken, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { endpointPath, navigate, place, setQuery } from "../router.ts";
import { type LogFollower, useLogs } from "../store/endpoint_logs.ts";
import {
  fitter,
  isFiltered,
  logChoice,
  type LogScope,
  moduleOf,
  needle,
} from "../store/endpoint_logs_filter.ts";
import type { Hole } from "../store/endpoint_logs_holes.ts";
import { type LogHistory, useLogHistory } from "../store/endpoint_logs_history.ts";
import { type LogBlock, type Tally, tally } from "../store/endpoint_logs_lines.ts";
import { useKeys } from "../store/keys.ts";
import { wrapLogs } from "../store/preferences.ts";
import type { LogLine } from "../types.ts";

/** How far a key moves the lines, in pixels. */
const STEP = 60;

/** Properties of a log. */
export interface LogViewProps {
  scope: LogScope;
  /** The endpoint whose page this is; null on the page of everything. */
  endpoint: { name: string; pbx: string | null } | null;
}

/** A log. */
export function LogView({ scope, endpoint }: LogViewProps) {
  const choice = logChoice(place.value.query, scope.kind);
  const chosen = JSON.stringify(choice);
  const fits = useMemo(() => fitter(choice), [chosen]);
  const follower = useLogs(scope);
  const history = useLogHistory(follower, choice);
  const told = useTally(follower, fits);
  const [following, follow] = useFollowing(follower, told);
  const scroller = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const wrap = wrapLogs.value === "on";
  const fill = useRef(history.fill);
  fill.current = history.fill;
  const pbxs = useLogPbxs(follower, history);
  const several = scope.kind === "all" && pbxs.length > 1;
  const look = useMemo(
    () => ({
      scope,
      found: needle(choice.q),
      wrap,
      several,
      callPath: callAddress,
      filtered: isFiltered(choice),
      fill: (hole: Hole) => fill.current(hole),
    }),
    [chosen, wrap, several],
  );
  const sources = useSources(follower, history);
  useLogKeys({ follower, follow, scroller, search, endpoint });

  const none = noEndpoint(scope, history.error);
  if (none) return none;
  const empty = told.shown === 0;
  const waits = !follower.ready.value && history.page === null && history.error === null;
  return (
    <div class="table-page log-page" data-testid="log-page">
      <LogFilters choice={choice} sources={sources} pbxs={several ? pbxs : []} search={search} />
      <div class="log-bar">
        <LevelChips chosen={choice.levels} counts={told.levels} />
        <LogStatus
          follower={follower}
          shown={told.shown}
          held={told.held}
          followed={history.page && history.page.files.some(({ state }) => state === "following")}
        />
        <LogButtons follower={follower} choice={choice} held={told.held} />
      </div>
      {scope.kind === "call" && <CallBar call={scope.call} />}
      <div class="table log-table">
        <LogFiles files={history.page?.files ?? []} quiet={empty} pbx={choice.pbx} />
        {history.error !== null && (
          <Broken error={history.error} onRetry={history.reload} still={empty ? "" : t("logs.still")} />
        )}
        {waits && <Skeleton rows={14} />}
        {!waits && empty && history.error === null && (
          <NoLines
            scope={scope}
            choice={choice}
            files={history.page?.files ?? null}
            busy={history.busy}
            cleared={follower.clearedTo.value > 0}
          />
        )}
        <div class="log-stage" hidden={empty}>
          <LogList
            blocks={told.blocks}
            tail={told.tail}
            look={look}
            label={t("page.logs")}
            following={following.on}
            onFollow={follow}
            onNearStart={() => follower.clearedTo.value === 0 && history.more()}
            scroller={scroller}
            head={<Start history={history} cleared={follower.clearedTo.value > 0} />}
          />
          {!following.on && (
            <button
              type="button"
              class={following.below > 0 ? "button primary log-follow" : "button log-follow"}
              data-testid="log-follow"
              aria-keyshortcuts="f End"
              onClick={() => follow(true)}
            >
              <Icon of={ArrowDown} />
              {following.below > 0 ? t("logs.below", { n: following.below }) : t("logs.follow")}
              <kbd>F</kbd>
            </button>
          )}
        </div>
      </div>
    </div>
  );
}

/** What the held lines come to, with the blocks of the last time used again. */
function useTally(follower: LogFollower, fits: ReturnType<typeof fitter>): Tally & { held: number } {
  const before = useRef<readonly LogBlock[]>([]);
  const held = follower.held.value;
  const after = follower.clearedTo.value;
  return useMemo(() => {
    const made = tally(held, fits, { after, before: before.current, dayOf });
    before.current = made.blocks;
    const cleared = after === 0 ? 0 : held.lines.filter(({ id }) => id <= after).length;
    return { ...made, held: held.lines.length - cleared };
  }, [held, fits, after]);
}

/** Whether the list holds on to its end; if not, how many shown lines came below since it let go. */
function useFollowing(
  follower: LogFollower,
  { blocks }: Tally,
): [{ on: boolean; below: number }, (on: boolean) => void] {
  /** Id of the last line that was there when the list let go; null while it holds on. */
  const [leftAt, setLeftAt] = useState<number | null>(null);
  function follow(on: boolean) {
    follower.reads(!on);
    setLeftAt(on ? null : follower.held.value.lines.at(-1)?.id ?? 0);
  }
  let below = 0;
  if (leftAt !== null) {
    for (const { lines } of blocks.toReversed()) {
      if (lines.at(-1)!.id <= leftAt) break;
      below += lines[0]!.id > leftAt ? lines.length : lines.filter(({ id }) => id > leftAt).length;
    }
  }
  return [{ on: leftAt === null, below }, follow];
}

/** Modules that have said something, by name. */
function useSources(follower: LogFollower, history: LogHistory): string[] {
  // Every flush is too often for a list that hardly ever grows.
  const round = Math.floor(follower.held.value.lines.length / 500);
  const known = history.page?.stats.sources;
  return useMemo(() => {
    const modules = follower.held.value.lines.map((line: LogLine) => moduleOf(line.source));
    const all = new Set([...modules, ...(known ?? []).map(moduleOf)]);
    all.delete("");
    return [...all].sort();
  }, [known, round]);
}

/** The PBXs whose logs are followed, by name; the same array while none comes or goes. */
function useLogPbxs(follower: LogFollower, history: LogHistory): string[] {
  const round = Math.floor(follower.held.value.lines.length / 500);
  const files = history.page?.files;
  const names = useMemo(
    () =>
      [
        ...new Set([
          ...(files ?? []).map(({ pbx }) => pbx),
          ...follower.held.value.lines.map(({ pbx }: LogLine) => pbx),
        ]),
      ].sort().join("\n"),
    [files, round],
  );
  return useMemo(() => names === "" ? [] : names.split("\n"), [names]);
}

interface KeyTools {
  follower: LogFollower;
  follow: (on: boolean) => void;
  scroller: { current: HTMLDivElement | null };
  search: { current: HTMLInputElement | null };
  endpoint: LogViewProps["endpoint"];
}

function useLogKeys({ follower, follow, scroller, search, endpoint }: KeyTools): void {
  function move(pixels: number): void | false {
    if (!scroller.current) return false;
    if (pixels < 0) follow(false);
    scroller.current.scrollBy({ top: pixels });
  }
  const page = () => scroller.current?.clientHeight ?? 0;
  useKeys({
    Slash: () => search.current?.focus(),
    KeyF: () => follow(true),
    End: () => follow(true),
    KeyP: () => follower.waiting.value === null ? follower.pause() : follower.resume(),
    KeyW: () => {
      wrapLogs.value = wrapLogs.value === "on" ? "off" : "on";
    },
    KeyJ: () => move(STEP),
    KeyK: () => move(-STEP),
    PageUp: () => move(-page() + STEP),
    PageDown: () => move(page() - STEP),
    Home: () => move(-(scroller.current?.scrollTop ?? 0)),
    Escape: () => {
      if (place.value.query.has("call")) return leaveCall();
      navigate(endpoint ? endpointPath(endpoint.name, { pbx: endpoint.pbx ?? undefined }) : "/endpoints");
    },
  });
}

function CallBar({ call }: { call: string }) {
  return (
    <div class="log-call-bar" data-testid="log-call-bar">
      <Icon of={PhoneCall} />
      <span>{t("logs.call", { call })}</span>
      <button type="button" class="button" onClick={leaveCall}>
        <Icon of={X} /> {t("logs.call.leave")}
      </button>
    </div>
  );
}

function Start({ history, cleared }: { history: LogHistory; cleared: boolean }) {
  if (cleared) return <p class="log-start faint">{t("logs.cleared")}</p>;
  if (history.hasMore) {
    return (
      <div class="log-start">
        <button type="button" class="button" aria-disabled={history.busy} onClick={history.more}>
          {t(history.busy ? "state.loading" : "logs.older")}
        </button>
      </div>
    );
  }
  if (history.page === null || history.busy) return <p class="log-start faint">{t("state.loading")}</p>;
  return <p class="log-start faint">{t("logs.start")}</p>;
}

/** This page with a call in its address. Filters stay behind: they were about other lines. */
function callAddress(call: string, pbx: string): string {
  return withQuery(place.value.path, { pbx, call });
}

/** Back to all lines of this page; on that of everything the PBX was the call's. */
function leaveCall(): void {
  setQuery(place.value.path === "/logs" ? { call: "", pbx: "" } : { call: "" });
}

/**
 * @module
 * What the service holds of a log beside its stream: older lines, read as one scrolls up, how many there are, and how
 * its files are.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { list } from "../api.ts";
import type { LogLine } from "../types.ts";
import type { LogFollower } from "./endpoint_logs.ts";
import { choiceQuery, fitter, logAddress, type LogChoice } from "./endpoint_logs_filter.ts";
import type { Hole } from "./endpoint_logs_holes.ts";
import type { ReadPage } from "./endpoint_logs_lines.ts";

const PAGE = 200;
/** Of what is missing there may be much. */
const FILL_PAGE = 1000;
/** Pages that are read at once when what they have is on the page already. */
const ROUNDS = 8;
const FILES_AGAIN_MS = 15_000;
/** A flood that says nothing for so long is over. */
const FLOOD_OVER_MS = 1_200;

/** A log file as the service follows it. */
export interface LogFile {
  name: string;
  pbx: string;
  state: "following" | "missing" | "unreadable";
  lines: number;
  error: string | null;
}

/** A page of lines, the oldest first. */
export interface LogPage {
  items: LogLine[];
  next: string | null;
  stats: { lines: number; per_minute: number; levels: Record<string, number>; sources: string[] };
  files: LogFile[];
}

/** What is known beside the lines. */
export interface LogHistory {
  /** The newest page as it came; null while it is not here. */
  page: Omit<LogPage, "items" | "next"> | null;
  busy: boolean;
  error: unknown;
  hasMore: boolean;
  /** Reads lines before the oldest one. */
  more: () => void;
  /** Reads what is missing at one place. */
  fill: (hole: Hole) => void;
  reload: () => void;
}

interface State {
  page: LogHistory["page"];
  busy: boolean;
  error: unknown;
}

/** Reads what fits a choice; another choice reads anew. */
export function useLogHistory(follower: LogFollower, choice: LogChoice): LogHistory {
  const [state, setState] = useState<State>({ page: null, busy: true, error: null });
  const [round, setRound] = useState(0);
  const abort = useRef<AbortController | null>(null);
  const wanted = JSON.stringify(choice);
  const { path, query } = logAddress(follower.scope);

  /** Runs `take` with page after page until it has enough, and stops where the lines begin anew meanwhile. */
  async function readPages(
    options: { choice: Record<string, string>; limit: number; rounds: number },
    { cursor, take }: { cursor: () => number | null; take: (page: ReadPage) => boolean },
  ) {
    abort.current?.abort();
    const own = abort.current = new AbortController();
    const begun = follower.begun.peek();
    setState((now) => ({ ...now, busy: true, error: null }));
    try {
      for (let left = options.rounds; left > 0; left--) {
        const from = cursor();
        const filters = { ...query, ...options.choice, limit: options.limit, cursor: from };
        const { items, next, stats, files } = await list<LogLine, LogPage>(path, filters, own.signal);
        if (own !== abort.current) return;
        setState((now) => ({ ...now, page: { stats, files } }));
        if (begun !== follower.begun.peek()) break;
        if (take({ items, cursor: from, end: next === null })) break;
      }
      setState((now) => ({ ...now, busy: false }));
    } catch (error) {
      if (!own.signal.aborted) setState((now) => ({ ...now, busy: false, error }));
    }
  }

  function read(cursor: () => number | null, rounds: number): Promise<void> {
    return readPages({ choice: choiceQuery(choice), limit: PAGE, rounds }, {
      cursor,
      // Where lines went meanwhile, what was read does not reach those that are left.
      take: (page) => follower.add(page) > 0 || page.end,
    });
  }

  /** Reads all that is missing, whatever is chosen: another choice shall not find the hole again. */
  function fill(hole: Hole): Promise<void> {
    let cursor = hole.before;
    return readPages({ choice: {}, limit: FILL_PAGE, rounds: ROUNDS }, {
      cursor: () => cursor,
      take: (page) => {
        follower.fill(page);
        cursor = page.items[0]?.id ?? 0;
        return page.end || cursor <= hole.after;
      },
    });
  }

  const begun = follower.begun.value;
  const chosen = useRef("");
  useEffect(() => {
    if (chosen.current !== wanted) follower.choose(fitter(choice));
    chosen.current = wanted;
    void read(() => null, 1);
    return () => abort.current?.abort();
  }, [follower, wanted, round, begun]);

  const skipped = follower.skipped.value;
  useEffect(() => {
    if (skipped === 0) return;
    const timer = setTimeout(() => {
      // The end of a flood is what one looks for, and it may be among what was not told.
      const last = follower.held.peek().holes.at(-1);
      if (last && follower.waiting.peek() === null) void fill(last);
    }, FLOOD_OVER_MS);
    return () => clearTimeout(timer);
  }, [follower, skipped]);

  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState !== "visible") return;
      list<LogLine, LogPage>(path, { ...query, limit: 1 }).then(
        ({ stats, files }) => setState((now) => ({ ...now, page: { stats, files } })),
        // The stream says already that the service is away.
        () => {},
      );
    }, FILES_AGAIN_MS);
    return () => clearInterval(timer);
  }, [follower]);

  const hasMore = state.page !== null && follower.held.value.fitFrom > 0;
  return {
    page: state.page,
    busy: state.busy,
    error: state.error,
    hasMore,
    more: () => {
      if (hasMore && !state.busy) void read(() => follower.cursor, ROUNDS);
    },
    fill: (hole) => void fill(hole),
    reload: () => setRound((n) => n + 1),
  };
}

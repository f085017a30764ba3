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

const PAGE = 200;
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
  reload: () => void;
}

interface State {
  page: LogHistory["page"];
  next: string | null;
  busy: boolean;
  error: unknown;
}

/** Reads what fits a choice; another choice reads anew. */
export function useLogHistory(follower: LogFollower, choice: LogChoice): LogHistory {
  const [state, setState] = useState<State>({ page: null, next: null, busy: true, error: null });
  const [round, setRound] = useState(0);
  const abort = useRef<AbortController | null>(null);
  const wanted = JSON.stringify(choice);
  const { path, query } = logAddress(follower.scope);

  async function read(cursor: string | null, rounds: number) {
    abort.current?.abort();
    const own = abort.current = new AbortController();
    setState((now) => ({ ...now, busy: true, error: null }));
    try {
      let next = cursor;
      for (let left = rounds; left > 0; left--) {
        const filters = { ...query, ...choiceQuery(choice), limit: PAGE, cursor: next };
        const page = await list<LogLine, LogPage>(path, filters, own.signal);
        if (own !== abort.current) return;
        next = page.next;
        const added = follower.add(page.items);
        setState({ page: { stats: page.stats, files: page.files }, next, busy: left > 1, error: null });
        // The stream began with the newest lines; what is read first is mostly here already.
        if (added > 0 || next === null) break;
      }
      setState((now) => ({ ...now, busy: false }));
    } catch (error) {
      if (!own.signal.aborted) setState((now) => ({ ...now, busy: false, error }));
    }
  }

  useEffect(() => {
    follower.choose(fitter(choice));
    setState((now) => ({ ...now, next: null }));
    void read(null, 1);
    return () => abort.current?.abort();
  }, [follower, wanted, round]);

  const skipped = follower.skipped.value;
  useEffect(() => {
    if (skipped === 0) return;
    // The end of a flood is what one looks for, and it may be among what was not told.
    const timer = setTimeout(() => void read(null, 1), FLOOD_OVER_MS);
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

  return {
    page: state.page,
    busy: state.busy,
    error: state.error,
    hasMore: state.next !== null,
    more: () => {
      if (state.next !== null && !state.busy) void read(state.next, ROUNDS);
    },
    reload: () => setRound((n) => n + 1),
  };
}

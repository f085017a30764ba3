/**
 * @module
 * Reading lists page by page, with loading, failure and more as one state.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { ApiError, list } from "../api.ts";
import { links } from "./live.ts";
import type { Page } from "../types.ts";

/** A database that is just back has everybody at its door. */
const AGAIN_MS = 1000;

/** A list as far as it is read. */
export interface Loaded<T, P extends Page<T>> {
  items: T[];
  /** The first page as it came: lists may carry more than items. Null while it is not here. */
  first: P | null;
  busy: boolean;
  error: unknown;
  hasMore: boolean;
  /** Reads the next page. Does nothing at the end, or while one is on its way. */
  more: () => void;
  /** Reads everything anew. */
  reload: () => void;
  /** Changes the items here after a change was made on the service. */
  update: (change: (items: T[]) => T[]) => void;
}

interface State<T, P> {
  items: T[];
  first: P | null;
  next: string | null;
  busy: boolean;
  error: unknown;
}

/**
 * Reads a list; other filters read it anew. An answer that came too late for its filters is dropped.
 * What a database that was away kept from it is read once that is back.
 */
export function useList<T, P extends Page<T> = Page<T>>(
  path: string,
  filters: Record<string, string | number | null> = {},
): Loaded<T, P> {
  const start: State<T, P> = { items: [], first: null, next: null, busy: true, error: null };
  const [state, setState] = useState(start);
  const [round, setRound] = useState(0);
  const wanted = JSON.stringify(filters);
  const abort = useRef<AbortController | null>(null);

  const read = useCallback(async (cursor: string | null, before: State<T, P>) => {
    abort.current?.abort();
    const own = abort.current = new AbortController();
    setState({ ...before, busy: true, error: null });
    try {
      const page = await list<T, P>(path, { ...JSON.parse(wanted), cursor }, own.signal);
      if (own !== abort.current) return;
      setState({
        items: [...before.items, ...page.items],
        first: before.first ?? page,
        next: page.next,
        busy: false,
        error: null,
      });
    } catch (error) {
      if (!own.signal.aborted) setState({ ...before, busy: false, error });
    }
  }, [path, wanted]);

  useEffect(() => {
    void read(null, start);
    return () => abort.current?.abort();
  }, [read, round]);

  const lacking = (state.first as { partial?: boolean } | null)?.partial === true ||
    state.error instanceof ApiError && state.error.kind === "database-away";
  const due = lacking && links.value.find(({ id }) => id === "database")?.state === "up";
  useEffect(() => {
    if (!due) return;
    const timer = setTimeout(() => setRound((n) => n + 1), AGAIN_MS);
    return () => clearTimeout(timer);
  }, [due]);

  return {
    items: state.items,
    first: state.first,
    busy: state.busy,
    error: state.error,
    hasMore: state.next !== null,
    more: () => {
      if (state.next !== null && !state.busy) void read(state.next, state);
    },
    reload: () => setRound((n) => n + 1),
    update: (change) => setState((now) => ({ ...now, items: change(now.items) })),
  };
}

/** What a form's request is doing. */
export interface Sending {
  busy: boolean;
  error: unknown;
  done: boolean;
  /** Runs a request; false when it was refused. A second one while one is on its way is not sent. */
  send: (act: () => Promise<unknown>) => Promise<boolean>;
}

/** Follows one form's request. */
export function useSending(): Sending {
  const [state, setState] = useState({ busy: false, error: null as unknown, done: false });
  const busy = useRef(false);
  return {
    ...state,
    send: async (act) => {
      if (busy.current) return false;
      busy.current = true;
      setState({ busy: true, error: null, done: false });
      try {
        await act();
        setState({ busy: false, error: null, done: true });
        return true;
      } catch (error) {
        setState({ busy: false, error, done: false });
        return false;
      } finally {
        busy.current = false;
      }
    },
  };
}

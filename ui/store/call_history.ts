/**
 * @module
 * The history of calls as a page keeps it while it stays open: what was read, and what ended since. The stream
 * forgets a call a minute after its end, and says nothing of what ended while it was cut.
 */
import { useEffect, useRef } from "preact/hooks";
import { list } from "../api.ts";
import { isOver, mergeCalls } from "./calls.ts";
import { calls, live, snapshots } from "./live.ts";
import { type Loaded, useList } from "./load.ts";
import type { Call, CallsPage } from "../types.ts";

/** More than this is not carried beside what was read: then it is read anew. */
export const KEPT_MOST = 500;

/** A list of calls by its filters, as far as it is read, with what the stream said of calls since. */
export function useCallHistory(
  filters: Record<string, string | number | null>,
): { loaded: Loaded<Call, CallsPage>; fresh: Call[] } {
  const loaded = useList<Call, CallsPage>("/api/calls", filters);
  const kept = useRef<ReadonlyMap<string, Call>>(new Map());
  kept.current = keepEnded(kept.current, calls.value, live.value.merged);
  const tooMany = kept.current.size > KEPT_MOST;
  useEffect(() => {
    if (!tooMany) return;
    kept.current = new Map();
    loaded.reload();
  }, [tooMany]);

  const round = snapshots.value;
  const met = useRef(round);
  useEffect(() => {
    const first = met.current === 0;
    if (met.current === round) return;
    met.current = round;
    if (first) return;
    const abort = new AbortController();
    list<Call, CallsPage>("/api/calls", { ...filters, cursor: null }, abort.signal).then(({ items }) => {
      if (rejoin(loaded.items, items) === null) loaded.reload();
      else loaded.update((read) => rejoin(read, items) ?? items);
    }, () => {
      // The stream is just back; what is shown stays, and the next cut or filter reads again.
    });
    return () => abort.abort();
  }, [round]);
  return { loaded, fresh: [...kept.current.values(), ...calls.value.values()] };
}

/**
 * The calls that ended while a page is open, by id. What merged into another is none any more. The same map when
 * nothing ended.
 */
export function keepEnded(
  kept: ReadonlyMap<string, Call>,
  known: ReadonlyMap<string, Call>,
  merged: ReadonlyMap<string, string>,
): ReadonlyMap<string, Call> {
  const news = [...known.values()].filter((call) => isOver(call) && kept.get(call.id) !== call);
  const gone = [...kept.keys()].filter((id) => merged.has(id));
  if (!news.length && !gone.length) return kept;
  const after = new Map(kept);
  for (const call of news) after.set(call.id, call);
  for (const id of gone) after.delete(id);
  return after;
}

/** What was read before with the newest page over it; null where calls may be missing between the two. */
export function rejoin(read: readonly Call[], newest: readonly Call[]): Call[] | null {
  const ids = new Set(read.map(({ id }) => id));
  if (read.length > 0 && !newest.some(({ id }) => ids.has(id))) return null;
  const fresh = new Map(newest.map((call) => [call.id, call]));
  return mergeCalls(newest, read.map((call) => fresh.get(call.id) ?? call));
}

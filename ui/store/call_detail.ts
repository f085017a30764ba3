/**
 * @module
 * One call with its course: read from the service, and read again whenever the stream says that it changed.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { ApiError, request } from "../api.ts";
import { calls, live } from "./live.ts";
import type { Call, CallDetail } from "../types.ts";

/** A call that changes ten times a second is not read ten times a second. */
const AGAIN_MS = 300;

/** A call as far as it is known. */
export interface KnownCall {
  /** The newest view: the stream's where it has one. Null while nothing is here. */
  call: Call | null;
  /** With its course, which may be a moment older. */
  detail: CallDetail | null;
  error: unknown;
  /** There is no such call, or it is not for this person. */
  gone: boolean;
  reload: () => void;
  /** Takes what was just written here. */
  update: (change: Partial<CallDetail>) => void;
}

/** Follows one call. */
export function useCall(id: string): KnownCall {
  const [detail, setDetail] = useState<CallDetail | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const seen = calls.value.get(id);
  const readAt = useRef(0);
  useEffect(() => {
    const abort = new AbortController();
    const wait = Math.max(0, readAt.current + AGAIN_MS - Date.now());
    const timer = setTimeout(async () => {
      readAt.current = Date.now();
      try {
        const path = `/api/calls/${encodeURIComponent(id)}`;
        setDetail(await request<CallDetail>("GET", path, { signal: abort.signal }));
        setError(null);
      } catch (failure) {
        if (!abort.signal.aborted) setError(failure);
      }
    }, wait);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [id, seen, round]);
  const gone = error instanceof ApiError && error.status === 404 && seen === undefined;
  return {
    call: seen ?? detail,
    detail,
    error: gone ? null : error,
    gone,
    reload: () => setRound((n) => n + 1),
    update: (change) => setDetail((now) => now && { ...now, ...change }),
  };
}

/** The call that another one turned out to be a part of; null where it is a call of its own. */
export function mergedInto(id: string): string | null {
  return live.value.merged.get(id) ?? null;
}

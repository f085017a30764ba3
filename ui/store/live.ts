/**
 * @module
 * The live state as signals, fed by the stream. Messages wait for the next animation frame,
 * so that a storm of them draws once.
 */
import { batch, computed, signal } from "@preact/signals";
import { decode, EMPTY, type LiveMessage, type LiveState, reduce } from "./live_state.ts";
import { LiveStream, type StreamState } from "../stream.ts";
import type { IntercomEvent } from "../types.ts";

/** Everything live. */
export const live = signal<LiveState>(EMPTY);
/** Panels by MAC. */
export const panels = computed(() => live.value.panels);
/** When panels were last heard, where that is newer than their view. */
export const seen = computed(() => live.value.seen);
/** When doors were last known to open. */
export const opened = computed(() => live.value.opened);
/** The feed, newest first. */
export const events = computed(() => live.value.events);
/** Connections of the service to the outside. */
export const links = computed(() => live.value.links);
/** Calls that live and those that ended lately, by id. */
export const calls = computed(() => live.value.calls);
/** SIP endpoints by PBX and name. */
export const endpoints = computed(() => live.value.endpoints);
/** Alerts of endpoints by id, with some that are over. */
export const endpointAlerts = computed(() => live.value.endpointAlerts);
/** Whether the first snapshot is here. */
export const ready = computed(() => live.value.ready);
/** How many snapshots came: with every one but the first something may have been missed. */
export const snapshots = signal(0);
/** How the stream itself is. */
export const stream = signal<StreamState>({ phase: "connecting", heardAt: null, retryAt: null });

/** Hidden tabs draw no frames; a message may still not wait there for ever. */
const LONGEST_WAIT_MS = 250;

let queue: LiveMessage[] = [];
let frame = 0;
let fallback: ReturnType<typeof setTimeout> | undefined;
let current: LiveStream | null = null;

/** What else listens to the stream. */
export interface LiveListeners {
  /** The session is over. */
  onLoggedOut: () => void;
  /** An event that happened while this page was watching; never one of a snapshot. */
  onFreshEvent: (event: IntercomEvent) => void;
}

/** Starts to follow the service. Ends a stream that was there before. */
export function follow(topics: string, listeners: LiveListeners): void {
  unfollow();
  current = new LiveStream(`/api/stream?topics=${topics}`, {
    onState: (state) => {
      stream.value = state;
    },
    onMessage: (event, data) => {
      if (event === "bye") {
        if ((JSON.parse(data) as { reason: string }).reason === "logged_out") listeners.onLoggedOut();
        return;
      }
      const message = decode(event, data, Date.now());
      if (!message) return;
      queue.push(message);
      // What comes right behind a snapshot is told by the names that are in it.
      if (message.event === "snapshot") {
        flush();
        snapshots.value++;
      }
      // Told at once: a tab in the background must ring too.
      if (message.event === "event.recorded") listeners.onFreshEvent(message.data);
      if (queue.length > 0) schedule();
    },
    onUnauthorized: listeners.onLoggedOut,
  });
  current.start();
}

/** Stops following and forgets what was known: the next person may see less. */
export function unfollow(): void {
  current?.stop();
  current = null;
  queue = [];
  snapshots.value = 0;
  live.value = EMPTY;
}

/** Takes what a request of this page was answered as if the stream had said it: often it comes first. */
export function applyHere(messages: readonly LiveMessage[]): void {
  live.value = reduce(live.value, messages);
}

/** Tries to connect now instead of at the next planned time. */
export function retryNow(): void {
  current?.retryNow();
}

function schedule(): void {
  if (fallback !== undefined) return;
  frame = requestAnimationFrame(flush);
  fallback = setTimeout(flush, LONGEST_WAIT_MS);
}

function flush(): void {
  cancelAnimationFrame(frame);
  clearTimeout(fallback);
  frame = 0;
  fallback = undefined;
  const messages = queue;
  queue = [];
  batch(() => {
    live.value = reduce(live.value, messages);
  });
}

/**
 * @module
 * What hears of calls in the benchmark of rings, the same in a browser's page and in Deno: when each call was first told
 * of, by its caller's number, which no other call has. Times are those of the machine's clock, in milliseconds, finer
 * than `Date.now` has them.
 */

/** What was heard. Keys are callers' numbers. */
export interface Ears {
  now(): number;
  /** Takes a piece of the stream that came at `at`. */
  stream(text: string, at: number): void;
  /** Takes a frame of the WebSocket that came at `at`. */
  frame(text: string, at: number): void;
  /** When a call was first told of by the stream. */
  changed: Record<string, number>;
  /** When the WebSocket told that a call rings. */
  rang: Record<string, number>;
  /** How calls stand, as the stream told last. */
  statuses: Record<string, string>;
}

/** Makes ears of the global `ears`. It is given to pages as text: it must not use anything of this file. */
export function growEars(): void {
  const tick = Date.now();
  let next = tick;
  while (next === tick) next = Date.now();
  const origin = next - performance.now();
  const STATUS = /"status":"(\w+)","end_reason":[^,]*,"caller":\{"number":"(\d+)"/g;
  let rest = "";
  const ears: Ears = {
    now: () => origin + performance.now(),
    stream: (text, at) => {
      const messages = (rest + text).split("\n\n");
      rest = messages.pop()!;
      for (const message of messages) {
        if (!message.includes("event: call.changed")) continue;
        for (const [, status, caller] of message.matchAll(STATUS)) {
          ears.changed[caller!] ??= at;
          ears.statuses[caller!] = status!;
        }
      }
    },
    frame: (text, at) => {
      const { event, data } = JSON.parse(text);
      if (event === "incoming-call") ears.rang[data.caller] ??= at;
    },
    changed: {},
    rang: {},
    statuses: {},
  };
  Object.assign(globalThis, { ears });
}

/** Has the ears of a page hear the stream that its own script reads. Given to pages as text, after `growEars`. */
export function tapStream(): void {
  const { ears } = globalThis as unknown as { ears: Ears };
  const { fetch } = globalThis;
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).startsWith("/api/stream") || response.body === null) return response;
    const decoder = new TextDecoder();
    const body = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: (bytes, controller) => {
          const at = ears.now();
          controller.enqueue(bytes);
          ears.stream(decoder.decode(bytes, { stream: true }), at);
        },
      }),
    );
    return new Response(body, response);
  };
}

/** The ears of this process or page, after `growEars`. */
export function earsHere(): Ears {
  return (globalThis as unknown as { ears: Ears }).ears;
}

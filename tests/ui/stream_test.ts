/**
 * @module
 * The held stream: what it asks for when it comes back, and when it gives a connection up.
 */
import assert from "node:assert/strict";
import { LiveStream, SILENCE_MS, type StreamState } from "../../ui/stream.ts";

/** A stream over a connection and a clock that the test holds in its hands. */
function held() {
  const requests: { headers: Headers; signal: AbortSignal }[] = [];
  const timers = new Map<() => void, number>();
  const states: StreamState[] = [];
  const heard: string[] = [];
  let unauthorized = 0;
  let answer: () => Response = () => new Response(null, { status: 500 });
  const stream = new LiveStream("/api/stream", {
    onState: (state) => states.push(state),
    onMessage: (event, data) => heard.push(`${event} ${data}`),
    onUnauthorized: () => unauthorized++,
  }, {
    fetch: (_url, init) => {
      requests.push({ headers: new Headers(init.headers), signal: init.signal! });
      return Promise.resolve(answer());
    },
    now: () => 1000,
    random: () => 1,
    after: (run, ms) => {
      timers.set(run, ms);
      return () => timers.delete(run);
    },
  });
  return {
    stream,
    requests,
    states,
    heard,
    timers,
    unauthorized: () => unauthorized,
    answers: (make: () => Response) => {
      answer = make;
    },
    /** Runs the timer that was set for so many milliseconds. */
    fire: async (ms: number) => {
      const [run] = [...timers].find(([, wait]) => wait === ms) ?? assert.fail(`no timer of ${ms} ms`);
      timers.delete(run);
      run();
      await settled();
    },
  };
}

/** Lets everything that is ready run; a stream's pieces take some turns each. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
}

const says = (text: string) => () => new Response(text);

Deno.test("stream: after a cut it asks for what it missed", async () => {
  const { stream, requests, answers, fire, heard, states } = held();
  answers(says("id: run-7\nevent: link.changed\ndata: {}\n\n"));
  stream.start();
  await settled();
  assert.equal(requests[0]?.headers.has("last-event-id"), false);
  assert.deepEqual(heard, ["link.changed {}"]);
  assert.deepEqual(states.map(({ phase }) => phase), ["live", "cut"]);
  await fire(500);
  assert.equal(requests[1]?.headers.get("last-event-id"), "run-7");
  stream.stop();
});

Deno.test("stream: a message without an id leaves the last one known, a reset forgets it", async () => {
  const { stream, requests, answers, fire } = held();
  answers(says("id: run-7\nevent: a\ndata: {}\n\nevent: intercom.seen\ndata: {}\n\n"));
  stream.start();
  await settled();
  answers(says("event: reset\ndata: {}\n\n"));
  await fire(500);
  assert.equal(requests[1]?.headers.get("last-event-id"), "run-7");
  await fire(500);
  assert.equal(requests[2]?.headers.has("last-event-id"), false);
  stream.stop();
});

Deno.test("stream: a connection that says nothing for 35 seconds is given up", async () => {
  const { stream, requests, answers, fire, states } = held();
  answers(() => {
    const { signal } = requests.at(-1)!;
    return new Response(
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(new TextEncoder().encode(": ping\n\n"));
          signal.addEventListener("abort", () => controller.error(signal.reason));
        },
      }),
    );
  });
  stream.start();
  await settled();
  assert.equal(states.at(-1)?.phase, "live", "a ping alone is a sign of life");
  await fire(SILENCE_MS);
  assert.equal(states.at(-1)?.phase, "cut");
  assert.equal(states.at(-1)?.heardAt, 1000);
  stream.stop();
});

Deno.test("stream: the service's wish to wait is kept", async () => {
  const { stream, answers, states, timers } = held();
  answers(() => new Response(null, { status: 503, headers: { "retry-after": "7" } }));
  stream.start();
  await settled();
  assert.equal(states.at(-1)?.retryAt, 8000);
  stream.stop();
  assert.equal(timers.size, 0, "a stopped stream leaves no timer");
});

Deno.test("stream: a session that is over is told once and not tried again", async () => {
  const { stream, answers, unauthorized, timers } = held();
  answers(() => new Response(null, { status: 401 }));
  stream.start();
  await settled();
  assert.equal(unauthorized(), 1);
  assert.equal(timers.size, 0);
});

Deno.test("stream: the operator's wish to try now does not wait for the planned time", async () => {
  const { stream, requests, timers } = held();
  stream.start();
  await settled();
  stream.retryNow();
  await settled();
  assert.equal(requests.length, 2);
  stream.stop();
  assert.equal(timers.size, 0);
});

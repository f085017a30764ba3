/**
 * @module
 * The service is asked to end, under load: readers are told, what was acknowledged is kept, and it ends in time.
 */
import assert from "node:assert/strict";
import { pause, waitFor, withDeadline } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const MACS = ["AA:BB:CC:01", "AA:BB:CC:02"];

Deno.test("row 36: SIGTERM under load: 503, streams told, all that was acknowledged kept, exit 0 in 10 s", async () => {
  await inWorld("embedded", {}, async (world) => {
    const panels = MACS.map((mac) => world.panel(mac, { longestReconnectMs: 300 }));
    await Promise.all(panels.map((panel) => withDeadline(panel.start())));
    await waitFor(async () => (await world.events()).length === 2);
    const stream = await world.admin.stream("intercoms,events");
    await stream.waitForEvent("snapshot");
    const raw = await fetch(`${world.service.url}/api/stream?topics=events`, {
      headers: world.admin.headers,
    });
    const rawText = raw.text();
    const acknowledged = new Set<string>();
    let rung = 0;
    let on = true;
    const load = (async () => {
      while (on) {
        const apartment = String(++rung);
        panels[rung % 2]!.ring(apartment).then(() => acknowledged.add(apartment), () => {});
        await pause(3);
      }
    })();
    await pause(1_000);
    const { body } = await world.admin.api("POST", `/api/intercoms/${MACS[0]}/open`);
    // Asked as often as can be: once it is ending it never again says that it is ready.
    const answers: (number | "refused")[] = [];
    const startedMs = performance.now();
    const ended = world.service.sigterm();
    const asking = (async () => {
      while (world.service.ended() === null) {
        answers.push(
          await fetch(`${world.service.url}/readyz`, { headers: { Connection: "close" } })
            .then(async (answer) => (await answer.body?.cancel(), answer.status), () => "refused" as const),
        );
      }
    })();
    assert.equal(await ended, 0);
    assert.ok(performance.now() - startedMs < 15_000, "it took more than 10 s, with room");
    await asking;
    on = false;
    await load;
    const first = answers.findIndex((answer) => answer !== 200);
    assert.ok(answers.includes(503), `readyz said ${[...new Set(answers)]}`);
    assert.ok(answers.slice(first).every((answer) => answer !== 200), "ready again while it ends");
    await waitFor(() => stream.ended());
    assert.deepEqual(stream.messages.at(-1)?.event, "bye");
    assert.deepEqual(stream.messages.at(-1)?.data, { reason: "stopping" });
    assert.match(await rawText, /retry: \d+\nevent: bye\n/);
    const kept = new Set(acknowledged);
    assert.ok(kept.size > 50, `only ${kept.size} acknowledged`);
    await Promise.all(panels.map((panel) => panel.crash()));
    await world.service.start();
    const found = new Map<string, number>();
    for (const { apartment } of await world.events("&type=call")) {
      found.set(apartment!, (found.get(apartment!) ?? 0) + 1);
    }
    assert.deepEqual([...kept].filter((apartment) => found.get(apartment) !== 1), []);
    assert.deepEqual([...found].filter(([, count]) => count !== 1), []);
    const left = await world.admin.api("GET", `/api/commands/${body.command.id}`);
    assert.notEqual(left.body.status, "requested");
    // The service's own end is nobody's last will.
    assert.deepEqual((await world.events("&type=offline")).length, 0);
    assert.deepEqual(world.service.stderr().filter((line) => /"level":(50|60)/.test(line)), []);
    await stream.close();
  });
});

Deno.test("row 36: a second signal ends it at once", async () => {
  await inWorld("embedded", {}, async (world) => {
    // A request whose body never ends keeps an orderly stop waiting.
    const abort = new AbortController();
    const hung = fetch(`${world.service.url}/api/login`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) }),
      signal: abort.signal,
    }).catch(() => {});
    await pause(3_000);
    Deno.kill(world.service.pid(), "SIGTERM");
    await waitFor(async () => {
      const answer = await fetch(`${world.service.url}/readyz`).then(
        async (response) => (await response.body?.cancel(), response.status),
        () => 0,
      );
      return answer !== 200;
    });
    assert.equal(world.service.ended(), null, "it did not wait for the request");
    Deno.kill(world.service.pid(), "SIGTERM");
    await waitFor(() => world.service.ended() !== null);
    assert.equal(world.service.ended()!.code, 130);
    abort.abort();
    await hung;
  });
});

/**
 * @module
 * The broker restarts under 500 panels: nobody is called offline for it, nobody's absence is counted twice, those
 * who come back are online again, and those who do not are offline in the end.
 */
import assert from "node:assert/strict";
import type { Panel } from "../../emulators/panel.ts";
import { lacks } from "../support/available.ts";
import type { OpenStream } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import { inWorld, type World } from "../support/world.ts";

const COUNT = 500;
/** Panels that lose their power before the restart, and while the broker is away. */
const GONE_BEFORE = 3;
const GONE_MEANWHILE = 5;
const env = { DOORLINE_OFFLINE_AFTER: "15", DOORLINE_HEARTBEAT_EVERY: "5" };

for (const how of ["halt", "kill"] as const) {
  Deno.test({
    name: `row 6: Mosquitto restarts (${how}) under 500 panels`,
    ignore: lacks("mosquitto", "postgresql"),
    fn: () =>
      inWorld("real", { env, mosquitto: { persistence: true } }, async (world) => {
        const { panels, stream, from } = await settle(world);
        await world.mosquitto![how]();
        await waitFor(async () => (await counts(world)).unknown === COUNT, { what: "all panels unknown" });
        assert.equal(
          (await fetch(`${world.service.url}/readyz`).then((answer) => answer.json())).state,
          "degraded",
        );
        const refused = await world.admin.api("POST", `/api/intercoms/${macOf(COUNT - 1)}/open`);
        assert.equal(refused.status, 409);
        assert.match(refused.body.type, /link-down$/);
        for (const panel of panels.slice(GONE_BEFORE, GONE_BEFORE + GONE_MEANWHILE)) await panel.crash();
        await world.mosquitto!.start();
        await checkReturn(world, panels);
        await waitFor(() => linkStates(stream, from).length >= 2);
        assert.deepEqual(linkStates(stream, from), ["down", "up"], "one trouble, told once");
        await stream.close();
      }),
  });
}

Deno.test({
  name: "row 6: the service restarts, and its embedded broker with it, under 500 panels",
  fn: () =>
    inWorld("embedded", { env }, async (world) => {
      const { panels, stream } = await settle(world);
      assert.equal(await world.service.sigterm(), 0);
      await waitFor(() => stream.ended());
      for (const panel of panels.slice(GONE_BEFORE, GONE_BEFORE + GONE_MEANWHILE)) await panel.crash();
      await world.service.start();
      await checkReturn(world, panels);
      await stream.close();
    }),
});

/** Brings all panels online, and a few of them offline by their last will. */
async function settle(world: World): Promise<{ panels: Panel[]; stream: OpenStream; from: number }> {
  const panels = Array.from(
    { length: COUNT },
    (_, index) => world.panel(macOf(index), { heartbeatEverySeconds: 5, longestReconnectMs: 1_000 }),
  );
  await Promise.all(panels.map((panel) => panel.start()));
  await waitFor(async () => (await counts(world)).online === COUNT, { what: "all panels online" });
  const stream = await world.admin.stream("links,events");
  await Promise.all(panels.slice(0, GONE_BEFORE).map((panel) => panel.crash()));
  await waitFor(async () => (await counts(world)).offline === GONE_BEFORE, { what: "last wills" });
  await waitFor(async () => (await world.events("&type=offline")).length === GONE_BEFORE);
  assert.equal((await world.events("&type=online")).length, COUNT);
  return { panels, stream, from: stream.messages.length };
}

async function checkReturn(world: World, panels: Panel[]): Promise<void> {
  const back = COUNT - GONE_BEFORE - GONE_MEANWHILE;
  // After a short absence of the service those who are gone count as online until their time is up.
  await waitFor(async () => (await counts(world)).online >= back, { what: "the others online again" });
  // The broker keeps "offline" of those that left before; to hear that again is not news.
  assert.equal((await world.events("&type=offline")).length, GONE_BEFORE);
  assert.equal((await world.events("&type=online")).length, COUNT, "to be heard again is not news");
  const last = panels[COUNT - 1]!;
  await waitFor(async () => {
    // A panel that has not come back to the embedded broker yet does not listen, and its command fails at once.
    const { status, body } = await world.admin.api("POST", `/api/intercoms/${last.mac}/open`);
    return status === 202 && body.command.status !== "failed";
  }, { what: "a command that is sent" });
  await waitFor(() => last.opened.length === 1, { what: "an opened door" });
  const rung = await last.ring("after");
  await waitFor(async () =>
    (await world.events("&type=call")).some(({ apartment }) => apartment === "after")
  );
  assert.ok(rung.id);
  await waitFor(
    async () => (await world.events("&type=offline")).length === GONE_BEFORE + GONE_MEANWHILE,
    { what: "those who did not come back to be offline", timeoutMs: 40_000 },
  );
  const after = await counts(world);
  assert.deepEqual(after, { online: back, offline: GONE_BEFORE + GONE_MEANWHILE, unknown: 0 });
  const perPanel = await world.sql<{ mac: string; count: number }>(
    "select mac, count(*)::int as count from intercom_events where type = 'offline' group by mac",
  );
  assert.ok(perPanel.every(({ count }) => count === 1), "an absence was counted twice");
  assert.equal((await world.events("&type=online")).length, COUNT);
}

function linkStates(stream: OpenStream, from: number): string[] {
  return stream.messages.slice(from).filter(({ event, data }) =>
    event === "link.changed" && data.id === "broker"
  ).map(({ data }) => data.state);
}

async function counts(world: World) {
  const found = { online: 0, offline: 0, unknown: 0 };
  const { body } = await world.admin.api("GET", "/api/intercoms?limit=1000");
  for (const { status } of body.items as { status: keyof typeof found }[]) found[status]++;
  return found;
}

function macOf(index: number): string {
  const digits = index.toString(16).toUpperCase().padStart(4, "0");
  return `AA:BB:${digits.slice(0, 2)}:${digits.slice(2)}`;
}

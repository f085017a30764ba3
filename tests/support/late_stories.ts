/**
 * @module
 * Row 20, told once for both kinds of world: a command that is held up anywhere on its way never opens a door late,
 * is never sent again, and is shown as what it was.
 */
import assert from "node:assert/strict";
import { startTcpProxy, type TcpProxy } from "./tcp_proxy.ts";
import { pause, waitFor, withDeadline } from "./wait.ts";
import { inWorld, type World, type WorldKind } from "./world.ts";

const MAC = "AA:BB:CC:01";
/** A command lives for ten seconds; held up for this long it is dead for certain. */
const TOO_LONG_MS = 11_000;

/** Registers the stories as tests of one kind of world. */
export function tellLateStories(kind: WorldKind, options: { ignore?: boolean } = {}): void {
  const ignore = options.ignore ?? false;

  Deno.test({
    name: `row 20: what is held up before the panel expires, and a late confirmation is shown late; ${kind}`,
    ignore,
    fn: () =>
      inWorld(kind, {}, async (world) => {
        const careful = await wired(world, "AA:BB:CC:01", true);
        const careless = await wired(world, "AA:BB:CC:02", false);
        const stream = await world.admin.stream("intercoms");
        careful.wire.hold("down");
        careless.wire.hold("down");
        const ids = await Promise.all([careful, careless].map(({ panel }) => order(world, panel.mac)));
        for (const id of ids) {
          await stream.waitForEvent(
            "command.changed",
            ({ data }) => data.id === id && data.status === "expired",
            { timeoutMs: 40_000 },
          );
        }
        await pause(1_000); // for the second that the panel's clock is compared in
        careful.wire.release();
        careless.wire.release();
        await waitFor(() => careful.panel.refusedLate === 1, { what: "a refusal by the panel" });
        await waitFor(() => careless.panel.opened.length === 1, { what: "the panel that opens late" });
        const late = await waitFor(async () => {
          const { body } = await world.admin.api("GET", `/api/commands/${ids[1]}`);
          return body.late && body;
        }, { what: "a late confirmation" });
        assert.equal(late.status, "expired");
        assert.notEqual(late.confirmed_at, null);
        const shown = await world.admin.api("GET", `/api/intercoms/${careless.panel.mac}`);
        assert.deepEqual([shown.body.command.status, shown.body.command.late], ["expired", true]);
        const { body: refused } = await world.admin.api("GET", `/api/commands/${ids[0]}`);
        assert.deepEqual([refused.status, refused.late, refused.confirmed_at], ["expired", false, null]);
        assert.equal(careful.panel.opened.length, 0);
        // Nothing was tried again, and the next opening is one like any other.
        assert.equal(careless.panel.opened.length, 1);
        const next = await order(world, careful.panel.mac);
        await waitFor(() => careful.panel.opened.length === 1);
        assert.equal(careful.panel.opened[0]!.commandId, next);
        await stream.close();
      }),
  });

  Deno.test({
    name: `row 20: a panel with a session that comes back is given no old command; ${kind}`,
    ignore,
    fn: () =>
      inWorld(kind, {}, async (world) => {
        const wire = await startTcpProxy({ target: Number(new URL(world.brokerUrl).port) });
        world.defer(() => wire.stop());
        const panel = world.panel(MAC, {
          brokerUrl: `mqtt://127.0.0.1:${wire.port}`,
          cleanSession: false,
          checksExpiry: false,
        });
        await withDeadline(panel.start());
        await online(world);
        // Nobody tells the broker that the panel is gone: the command is sent, into nothing.
        wire.blackHole();
        const id = await order(world, MAC);
        await panel.crash();
        await ended(world, id, "expired");
        await wire.heal();
        await withDeadline(panel.start());
        await panel.ring(1);
        await waitFor(async () => (await world.events("&type=call")).length === 1);
        assert.equal(panel.opened.length, 0, "an old command opened the door");
        // Nor is anything kept for those who listen later.
        const ear = await world.ear({ filter: `intercom/${MAC}/cmd` });
        await pause(300);
        assert.deepEqual(ear.heard, []);
        assert.equal((await world.admin.api("GET", `/api/commands/${id}`)).body.status, "expired");
      }),
  });
}

/** Orders a door to be opened; gives the id of the command. */
export async function order(world: World, mac: string): Promise<string> {
  const { status, body } = await world.admin.api("POST", `/api/intercoms/${mac}/open`);
  assert.equal(status, 202, JSON.stringify(body));
  return body.command.id;
}

/** Waits until a command has ended so. */
export async function ended(world: World, id: string, status: string): Promise<void> {
  await waitFor(async () => (await world.admin.api("GET", `/api/commands/${id}`)).body.status === status, {
    what: `${status} of a command`,
    timeoutMs: TOO_LONG_MS + 20_000,
  });
}

/** Waits until the panel of these stories is online. */
export async function online(world: World): Promise<void> {
  await waitFor(async () => (await world.admin.api("GET", `/api/intercoms/${MAC}`)).body.status === "online");
}

async function wired(world: World, mac: string, checksExpiry: boolean) {
  const wire: TcpProxy = await startTcpProxy({ target: Number(new URL(world.brokerUrl).port) });
  world.defer(() => wire.stop());
  const panel = world.panel(mac, { brokerUrl: `mqtt://127.0.0.1:${wire.port}`, checksExpiry });
  await withDeadline(panel.start());
  await waitFor(async () => (await world.admin.api("GET", `/api/intercoms/${mac}`)).body.status === "online");
  return { wire, panel };
}

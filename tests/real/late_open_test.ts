/**
 * @module
 * A late door-open with Mosquitto: the same stories, and those that have a link between the service and its broker.
 */
import assert from "node:assert/strict";
import { lacks } from "../support/available.ts";
import { ended, online, order, tellLateStories } from "../support/late_stories.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { pause, waitFor, withDeadline } from "../support/wait.ts";
import { inWorld, type World } from "../support/world.ts";

const MAC = "AA:BB:CC:01";
const real = { ignore: lacks("mosquitto", "postgresql") };

tellLateStories("real", real);

async function linked(play: (world: World, link: TcpProxy) => Promise<void>): Promise<void> {
  let link: TcpProxy | undefined;
  await inWorld("real", {
    brokerUrl: async (broker) => {
      link = await startTcpProxy({ target: broker.port });
      return `mqtt://127.0.0.1:${link.port}`;
    },
  }, async (world) => {
    world.defer(() => link!.stop());
    await play(world, link!);
  });
}

Deno.test(
  "row 20: a command that is held up between service and broker expires, and opens nothing late",
  real,
  async () => {
    await linked(async (world, link) => {
      const panel = world.panel(MAC);
      const ear = await world.ear({ filter: `intercom/${MAC}/cmd` });
      await withDeadline(panel.start());
      await online(world);
      link.hold("up");
      const id = await order(world, MAC);
      await ended(world, id, "expired");
      await pause(1_000);
      link.release();
      await panel.ring(1);
      await waitFor(async () => (await world.events("&type=call")).length === 1);
      // The broker cannot know how long it was held up; the panel does.
      assert.ok(ear.heard.length <= 1, "sent again");
      assert.equal(panel.opened.length, 0);
      assert.ok(ear.heard.every(({ retained }) => !retained));
      assert.equal((await world.admin.api("GET", `/api/commands/${id}`)).body.status, "expired");
    });
  },
);

Deno.test(
  "row 20: what is asked for while the broker is away fails at once and is not sent when it is back",
  real,
  async () => {
    await linked(async (world, link) => {
      const panel = world.panel(MAC, { checksExpiry: false });
      await withDeadline(panel.start());
      await online(world);
      const stream = await world.admin.stream("links");
      await link.down();
      await stream.waitForEvent("link.changed", ({ data }) => data.id === "broker" && data.state === "down");
      for (let count = 0; count < 3; count++) {
        const { status, body } = await withDeadline(
          world.admin.api("POST", `/api/intercoms/${MAC}/open`),
          { timeoutMs: 5_000 },
        );
        assert.equal(status, 409);
        assert.match(body.type, /link-down$/);
      }
      await link.up();
      await stream.waitForEvent("link.changed", ({ data }) => data.id === "broker" && data.state === "up");
      await panel.beat();
      await online(world);
      await panel.ring(1);
      await waitFor(async () => (await world.events("&type=call")).length === 1);
      assert.equal(panel.opened.length, 0, "a command waited in a queue");
      await order(world, MAC);
      await waitFor(() => panel.opened.length === 1);
      await stream.close();
    });
  },
);

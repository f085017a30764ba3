/**
 * @module
 * The wall clock of the service jumps by an hour while it runs: what it measures does not.
 */
import assert from "node:assert/strict";
import { faketimeLibrary, lacks } from "../support/available.ts";
import { order } from "../support/late_stories.ts";
import { pause, waitFor, withDeadline } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const MACS = Array.from({ length: 10 }, (_, index) => `AA:BB:CC:${index + 10}`);
const HOUR_MS = 3_600_000;

Deno.test({
  name:
    "row 10: the wall clock jumps an hour ahead, and back: nobody is offline for it, and doors still open",
  ignore: lacks("libfaketime"),
  fn: async () => {
    const dir = await Deno.makeTempDir({ prefix: "doorline-clock-" });
    const file = `${dir}/offset`;
    const shift = (text: string) => Deno.writeTextFile(file, `${text}\n`);
    await shift("+0");
    await inWorld("embedded", {
      env: {
        LD_PRELOAD: faketimeLibrary(),
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        DOORLINE_OFFLINE_AFTER: "4",
        DOORLINE_HEARTBEAT_EVERY: "1",
      },
    }, async (world) => {
      // Panels that do not compare clocks: theirs is right, and the service's is not.
      const panels = MACS.map((mac) => world.panel(mac, { heartbeatEverySeconds: 0.5, checksExpiry: false }));
      await Promise.all(panels.map((panel) => withDeadline(panel.start())));
      const silent = world.panel("AA:BB:CC:99", { heartbeatEverySeconds: 3600 });
      await withDeadline(silent.start());
      await waitFor(async () => (await world.events("&type=online")).length === MACS.length + 1);
      await waitFor(async () => (await world.events("&type=offline")).length === 1, {
        what: "the silent one",
      });
      for (const [offset, ms] of [["+3600", HOUR_MS], ["-3600", -HOUR_MS]] as const) {
        await shift(offset);
        const seen = await waitFor(async () => {
          const { body } = await world.admin.api("GET", `/api/intercoms/${MACS[0]}`);
          return Math.abs(Date.parse(body.last_seen_at) - Date.now() - ms) < 60_000 && body;
        }, { what: `a service that believes in ${offset} s` });
        assert.equal(seen.status, "online");
        await pause(5_000); // longer than a silence may last
        const { body } = await world.admin.api("GET", "/api/intercoms?limit=100");
        const online = body.items.filter((item: { status: string }) => item.status === "online").length;
        assert.equal(online, MACS.length, `after ${offset}`);
        const panel = panels[offset === "+3600" ? 0 : 1]!;
        const id = await order(world, panel.mac);
        await waitFor(async () =>
          (await world.admin.api("GET", `/api/commands/${id}`)).body.status === "confirmed"
        );
        assert.deepEqual(panel.opened.map(({ commandId }) => commandId), [id]);
      }
      assert.equal((await world.sql("select from intercom_events where type = 'offline'")).length, 1);
    });
    await Deno.remove(dir, { recursive: true });
  },
});

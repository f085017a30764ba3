/**
 * @module
 * A restart forgets nothing: names, what is known of panels and doors, alarms, commands with what is left of their
 * time, idempotency keys, and who is logged in. An orderly one and a kill alike.
 */
import assert from "node:assert/strict";
import { order } from "../support/late_stories.ts";
import { waitFor, withDeadline } from "../support/wait.ts";
import { inWorld } from "../support/world.ts";

const MAC = "AA:BB:CC:01";
const SILENT = "AA:BB:CC:02";
const FORCED = "AA:BB:CC:03";

for (const how of ["sigterm", "kill9"] as const) {
  Deno.test(`restart after ${how}: everything is as it was`, async () => {
    await inWorld("embedded", { env: { DOORLINE_OFFLINE_AFTER: "600" } }, async (world) => {
      const [panel, silent, forced] = [MAC, SILENT, FORCED].map((mac) =>
        world.panel(mac, { longestReconnectMs: 300, openForMs: 600_000 })
      );
      await Promise.all([panel!, silent!, forced!].map((each) => withDeadline(each.start())));
      await waitFor(async () => (await world.events()).length === 3);
      await world.admin.api("PUT", `/api/intercoms/${MAC}`, {
        body: { name: "Front door", address: "1 Main Street" },
      });
      await panel!.useKey(9, "00FF00FF");
      await panel!.ring(12);
      await forced!.openDoor();
      await silent!.crash();
      await waitFor(async () => (await get(SILENT)).status === "offline");
      await waitFor(async () => (await get(FORCED)).alarm !== null);
      const key = { headers: { "Idempotency-Key": "the same" }, body: { apartment: 4 } };
      const first = await world.admin.api("POST", `/api/intercoms/${FORCED}/open`, key);
      assert.equal(first.status, 202);
      await waitFor(async () =>
        (await world.admin.api("GET", `/api/commands/${first.body.command.id}`)).body.status === "confirmed"
      );
      // What is shown is a moment ahead of what is committed.
      await waitFor(async () => (await world.events("&type=door_opened")).length === 3);
      const before = await Promise.all([MAC, SILENT, FORCED].map(get));
      const events = await world.events();

      if (how === "kill9") await world.service.kill9();
      else assert.equal(await world.service.sigterm(), 0);
      await world.service.start();

      const after = await Promise.all([MAC, SILENT, FORCED].map(get));
      for (const [index, view] of before.entries()) {
        for (
          const field of [
            "name",
            "address",
            "adopted",
            "status",
            "status_since",
            "door",
            "door_since",
            "door_source",
            "alarm",
            "last_call",
          ] as const
        ) {
          assert.deepEqual(after[index][field], view[field], `${view.mac} ${field}`);
        }
      }
      assert.equal(after[2].command.id, first.body.command.id, "the command beside its door");
      assert.deepEqual((await world.events()).slice(0, events.length), events);
      const again = await world.admin.api("POST", `/api/intercoms/${FORCED}/open`, key);
      assert.deepEqual([again.status, again.body.command.id], [202, first.body.command.id]);
      const other = await world.admin.api("POST", `/api/intercoms/${FORCED}/open`, {
        ...key,
        body: { apartment: 5 },
      });
      assert.equal(other.status, 422);
      assert.equal(forced!.opened.length, 1);
      await waitFor(() => panel!.connected);
      assert.deepEqual((await world.events("&type=online")).length, 3, "to be heard again is not news");

      async function get(mac: string) {
        return (await world.admin.api("GET", `/api/intercoms/${mac}`)).body;
      }
    });
  });
}

Deno.test("row 2: a command in flight at a kill keeps its deadline: it can still be confirmed, or expires", async () => {
  await inWorld("embedded", {}, async (world) => {
    // Panels that are hard of hearing: they get their orders, and say nothing unless a test has them.
    const mouth = await world.ear({ filter: "intercom/AA:BB:CC:11/cmd" });
    const deaf = await world.ear({ filter: "intercom/AA:BB:CC:12/cmd" });
    for (const mac of ["AA:BB:CC:11", "AA:BB:CC:12"]) {
      await mouth.say(`intercom/${mac}/heartbeat`, { door_status: "closed" });
    }
    const confirmed = await order(world, "AA:BB:CC:11");
    const expired = await order(world, "AA:BB:CC:12");
    // That it was sent is written a moment after it was.
    await waitFor(async () =>
      (await world.sql("select from door_commands where status = 'sent'")).length === 2
    );
    const { expires_at } = (await world.admin.api("GET", `/api/commands/${expired}`)).body;
    await world.service.kill9();
    await world.service.start();
    for (const id of [confirmed, expired]) {
      const { body } = await world.admin.api("GET", `/api/commands/${id}`);
      assert.equal(body.status, "sent", JSON.stringify(body));
    }
    assert.equal((await world.admin.api("GET", `/api/commands/${expired}`)).body.expires_at, expires_at);
    await mouth.say("intercom/AA:BB:CC:11/door_opened", { source: "remote", command_id: confirmed });
    await waitFor(async () =>
      (await world.admin.api("GET", `/api/commands/${confirmed}`)).body.status === "confirmed"
    );
    await waitFor(async () =>
      (await world.admin.api("GET", `/api/commands/${expired}`)).body.status === "expired"
    );
    assert.ok(Date.now() >= Date.parse(expires_at) - 1_000, "expired before its time");
    assert.ok(Date.now() < Date.parse(expires_at) + 8_000, "given more than was left");
    assert.equal(mouth.heard.length + deaf.heard.length, 2, "sent again");
  });
});

/**
 * @module
 * The demonstration's calls: they come by the clock, end in many ways, are bounded, and stop.
 */
import assert from "node:assert/strict";
import { startDemoCalls } from "../../emulators/asterisk_demo.ts";
import { seededRandom } from "../../emulators/random.ts";
import { withAsterisk } from "./asterisk_client.ts";
import { header } from "./asterisk_compare.ts";

Deno.test("demonstration: calls come every 20 to 60 seconds and end in every way", async () => {
  await withAsterisk({}, async ({ asterisk, clock, dial }) => {
    const ami = dial();
    await ami.login("call");
    const demo = startDemoCalls(asterisk, { clock, random: seededRandom(11) });
    for (let second = 0; second < 3 * 3_600; second++) {
      clock.increment(1_000);
      assert.ok(asterisk.calls.length <= 4);
    }
    demo.stop();
    const { made } = demo;
    assert.ok(made >= 180 && made <= 540, `${made} calls in three hours`);
    clock.increment(3_600_000);
    assert.deepEqual([demo.made, asterisk.calls], [made, []]);
    await ami.settle();
    const outcomes = new Set(ami.events("DialEnd").map((one) => header(one, "DialStatus")));
    assert.deepEqual([...outcomes].sort(), ["ANSWER", "BUSY", "CANCEL", "NOANSWER"]);
    const callers = new Set(ami.events("Newchannel").map((one) => header(one, "CallerIDName")));
    assert.ok(callers.has("ООО Ромашка") && callers.has("User 150"));
    const begun = ami.events("Newchannel").map((one) => Number(header(one, "Uniqueid").split(".")[0]));
    assert.equal(ami.events("Hangup").length, begun.length);
  });
});

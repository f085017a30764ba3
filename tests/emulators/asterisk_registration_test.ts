/**
 * @module
 * Phones of the emulated Asterisk that register, come back, vanish, flap and share a number: what it tells of them, and
 * beside the traces of real ones in what order.
 */
import assert from "node:assert/strict";
import type { EmulatedAsterisk } from "../../emulators/asterisk.ts";
import { type RawAmi, withAsterisk } from "./asterisk_client.ts";
import { header, type Packet, readTrace } from "./asterisk_compare.ts";

const TOLD = ["ContactStatus", "PeerStatus", "DeviceStateChange"];

/** Events about endpoints with every header; ports and round trips are the run's own. */
function courseOf(packets: readonly Packet[]): string[] {
  return packets.filter((packet) => TOLD.includes(header(packet, "Event"))).map((packet) =>
    packet.map(([name, value]) => {
      if (name === "URI") return `${name}: ${value.replace(/:\d+$/, "")}`;
      return name === "RoundtripUsec" && value !== "0" ? name : `${name}: ${value}`;
    }).join("\n")
  );
}

/** The same in a word each. */
function words(ami: RawAmi): string[] {
  return ami.packets.filter((packet) => TOLD.includes(header(packet, "Event"))).map((packet) => {
    const who = (header(packet, "EndpointName") || header(packet, "Peer") || header(packet, "Device"))
      .replace("PJSIP/", "").replace("-ep", "");
    const what = header(packet, "ContactStatus") || header(packet, "PeerStatus") || header(packet, "State");
    const event = header(packet, "Event").replace(/(Status|StateChange)$/, "").toLowerCase();
    return `${who} ${event} ${what}`;
  });
}

async function heard(ami: RawAmi, act: () => unknown): Promise<string[]> {
  await ami.settle();
  const before = words(ami).length;
  await act();
  await ami.settle();
  return words(ami).slice(before);
}

async function contacts(ami: RawAmi): Promise<[uri: string, status: string][]> {
  const list = await ami.list("PJSIPShowContacts", "ContactListComplete");
  return list.map((one) => [header(one, "Uri"), header(one, "Status")]);
}

for (const version of [16, 22] as const) {
  Deno.test(`emulated Asterisk ${version}: registration is told as a real one tells it`, async () => {
    await withAsterisk({ version }, async ({ asterisk, dial }) => {
      asterisk.unregister("151");
      const ami = dial();
      await ami.login("system,call");
      asterisk.register("151");
      asterisk.unregister("151");
      asterisk.register("151");
      asterisk.vanish("151");
      await ami.settle();
      assert.deepEqual(courseOf(ami.packets), courseOf(await readTrace(version, "registration")));
    });
  });
}

Deno.test("emulated Asterisk: a registration that is renewed is told to nobody", async () => {
  await withAsterisk({}, async ({ asterisk, dial, clock }) => {
    const ami = dial();
    await ami.login();
    const before = await contacts(ami);
    assert.deepEqual(await heard(ami, () => assert.equal(asterisk.register("777"), true)), []);
    clock.increment(36_000_000);
    assert.deepEqual(await contacts(ami), before);
    const [one] = await ami.list("PJSIPShowContacts", "ContactListComplete");
    const left = Number(header(one!, "ExpirationTime")) - clock.now() / 1_000;
    assert.ok(left > 1_700 && left <= 3_600, `${left} s left`);
  });
});

Deno.test("emulated Asterisk: an endpoint with two contacts is there while one answers", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const second = () => asterisk.register("777", { another: true, host: "192.0.2.7", port: 5_062 });
    assert.deepEqual(await heard(ami, second), ["777 contact NonQualified", "777 contact Reachable"]);
    const [first] = asterisk.phones.get("777")!.contacts;
    assert.deepEqual(
      await heard(ami, () => asterisk.unregister("777", { vanishes: true, uri: first!.uri })),
      ["777 contact Unreachable"],
    );
    assert.equal(asterisk.phones.get("777")!.reachable, true);
    assert.equal(asterisk.register("777", { another: true }), false);
    assert.deepEqual(await heard(ami, () => asterisk.unregister("777", { uri: "sip:777@192.0.2.7:5062" })), [
      "777 peer Unreachable",
      "777 device UNAVAILABLE",
      "777 contact Removed",
    ]);
    assert.deepEqual(await heard(ami, () => asterisk.comeBack("777")), [
      "777 peer Reachable",
      "777 contact Reachable",
      "777 device NOT_INUSE",
    ]);
  });
});

Deno.test("emulated Asterisk: with remove_existing the newest contact takes the oldest one's place", async () => {
  const endpoints = [{ number: "777", maxContacts: 1, removeExisting: true }];
  await withAsterisk({ endpoints }, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    assert.deepEqual(await heard(ami, () => asterisk.register("777", { another: true, port: 5_070 })), [
      "777 contact NonQualified",
      "777 contact Reachable",
      "777 contact Removed",
    ]);
    assert.deepEqual(await contacts(ami), [["sip:777@127.0.0.1:5070", "Reachable"]]);
  });
});

Deno.test("emulated Asterisk: who vanishes is listed as unreachable until the registration runs out", async () => {
  await withAsterisk(
    { endpoints: [{ number: "777" }, { number: "888" }] },
    async ({ asterisk, dial, clock }) => {
      const ami = dial();
      await ami.login();
      const [own] = asterisk.phones.get("777")!.contacts;
      asterisk.vanish("777");
      assert.deepEqual((await contacts(ami))[0], [own!.uri, "Unreachable"]);
      assert.deepEqual(await heard(ami, () => clock.increment(3_600_000)), ["777 contact Removed"]);
      assert.equal((await contacts(ami)).length, 1);
      assert.deepEqual((await heard(ami, () => asterisk.comeBack("777")))[0], "777 contact NonQualified");
    },
  );
});

Deno.test("emulated Asterisk: PJSIPQualify finds who vanished unnoticed, and tells nothing of who is there", async () => {
  await withAsterisk({}, async ({ asterisk, dial, clock }) => {
    const ami = dial();
    await ami.login();
    const ask = (number: string) => ami.act("PJSIPQualify", { Endpoint: `${number}-ep` });
    assert.deepEqual(await heard(ami, () => ask("777")), []);
    assert.deepEqual(await heard(ami, () => asterisk.vanish("777", { unnoticed: true })), []);
    assert.deepEqual(await heard(ami, () => ask("777")), []);
    assert.deepEqual(await heard(ami, () => clock.increment(3_000)), [
      "777 peer Unreachable",
      "777 contact Unreachable",
      "777 device UNAVAILABLE",
    ]);
  });
});

Deno.test("emulated Asterisk: a phone that is not qualified stays as it registered, there or not", async () => {
  await withAsterisk({ endpoints: [{ number: "777", qualifySeconds: 0 }] }, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const status = async () => (await contacts(ami))[0]?.[1];
    assert.equal(await status(), "NonQualified");
    const nothing = await heard(ami, async () => {
      asterisk.vanish("777");
      await ami.act("PJSIPQualify", { Endpoint: "777-ep" });
    });
    assert.deepEqual([nothing, await status()], [[], "NonQualified"]);
    asterisk.unregister("777");
    assert.deepEqual(await heard(ami, () => asterisk.register("777")), [
      "777 peer Reachable",
      "777 device NOT_INUSE",
      "777 contact NonQualified",
    ]);
  });
});

Deno.test("emulated Asterisk: an endpoint without an AOR takes no registration and is never there", async () => {
  await withAsterisk({ endpoints: [{ number: "777", aor: null }] }, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    assert.deepEqual(await heard(ami, () => assert.equal(asterisk.register("777"), false)), []);
    const [listed] = await ami.list("PJSIPShowEndpoints", "EndpointListComplete");
    assert.equal(header(listed!, "DeviceState"), "Unavailable");
    assert.equal(listed!.some(([name]) => name === "Contacts"), false);
  });
});

Deno.test("emulated Asterisk: a wrong password is refused, and nobody hears of it", async () => {
  await withAsterisk({}, async ({ asterisk, dial }) => {
    asterisk.unregister("777");
    const ami = dial();
    await ami.login();
    assert.deepEqual(
      await heard(ami, () => assert.equal(asterisk.register("777", { password: "no" }), false)),
      [],
    );
    assert.equal(asterisk.register("777", { password: "secret-of-777" }), true);
  });
});

Deno.test("emulated Asterisk: a phone flaps by the clock as often as asked, and is there in the end", async () => {
  await withAsterisk({}, async ({ asterisk, dial, clock }) => {
    const ami = dial();
    await ami.login();
    const over = asterisk.flap("777", { times: 3, everyMs: 1_000 });
    const told = await heard(ami, () => {
      for (let half = 0; half < 6; half++) clock.increment(500);
    });
    await over;
    const count = (what: string) => words(ami).filter((one) => one === `777 peer ${what}`).length;
    assert.deepEqual([count("Unreachable"), count("Reachable")], [3, 3], told.join("; "));
    assert.equal(asterisk.phones.get("777")!.reachable, true);
    clock.increment(60_000);
    assert.equal(count("Unreachable"), 3);
  });
});

Deno.test("emulated Asterisk: a site vanishes and returns as one", async () => {
  const site = ["201", "202", "203"].map((number, index) => ({ number, host: `198.51.100.${index + 1}` }));
  await withAsterisk({ endpoints: [{ number: "777" }, ...site] }, async ({ asterisk, dial }) => {
    const ami = dial();
    await ami.login();
    const gone = asterisk.vanish("198.51.100.0/24");
    assert.deepEqual(gone, ["201", "202", "203"]);
    assert.deepEqual((await contacts(ami)).map(([, status]) => status), [
      "Reachable",
      "Unreachable",
      "Unreachable",
      "Unreachable",
    ]);
    asterisk.comeBack(gone);
    assert.ok((await contacts(ami)).every(([, status]) => status === "Reachable"));
  });
});

Deno.test("emulated Asterisk: five thousand endpoints are listed whole, and quickly", async () => {
  const endpoints = Array.from({ length: 2_500 }, (_, index) => ({ number: String(10_000 + index) }));
  const more = Array.from({ length: 2_500 }, (_, index) => ({ number: String(20_000 + index) }));
  await withAsterisk({ endpoints }, async ({ asterisk, dial }) => {
    asterisk.addPhones(more);
    const ami = dial();
    await ami.login("off");
    const lists = async (asterisk: EmulatedAsterisk) => {
      const begun = performance.now();
      const numbers = [
        (await ami.list("PJSIPShowEndpoints", "EndpointListComplete")).length,
        (await ami.list("PJSIPShowContacts", "ContactListComplete")).length,
        (await ami.list("PJSIPShowAors", "AorListComplete")).length,
      ];
      assert.deepEqual(numbers, [asterisk.phones.size, asterisk.phones.size, asterisk.phones.size]);
      return performance.now() - begun;
    };
    // Generous: what is meant is that it does not grow with the square.
    const tookMs = await lists(asterisk);
    assert.ok(tookMs < 10_000, `${tookMs} ms`);
    assert.equal(asterisk.phones.size, 5_000);
  });
});

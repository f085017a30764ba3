/**
 * @module
 * What the lists of an Asterisk come to: which run of it this is, what may be missing, and rights beyond need.
 */
import assert from "node:assert/strict";
import { type AmiPacket, AmiRefused } from "../../../actors/ami/packet.ts";
import { AmiDenied, askForLists, excessOf, isSameEpoch } from "../../../actors/ami/sync.ts";
import { fakeClock } from "../fakes.ts";

/** Answers by action; an Error is thrown. */
function ask(
  answers: Record<string, AmiPacket | AmiPacket[] | Error>,
  options: { uptime?: string; at?: number; formerEpoch?: string | null } = {},
) {
  const clock = fakeClock();
  const answer = (action: string) => {
    const given = answers[action] ?? new AmiRefused(action, `Invalid/unknown command: ${action}.`);
    return given instanceof Error ? Promise.reject(given) : Promise.resolve(given);
  };
  const packet = {
    event: "FullyBooted",
    ...(options.uptime === undefined ? {} : { uptime: options.uptime }),
  };
  return askForLists({
    connection: {
      action: (action) => answer(action) as Promise<AmiPacket>,
      list: (action) => answer(action) as Promise<AmiPacket[]>,
    },
    clock,
    fullyBooted: { packet, at: options.at ?? clock.now() },
    formerEpoch: options.formerEpoch ?? null,
  });
}

const NONE = { CoreShowChannels: [], PJSIPShowEndpoints: [], PJSIPShowAors: [], PJSIPShowContacts: [] };
const denied = (action: string) => new AmiRefused(action, "Permission denied");

Deno.test("AMI sync: CoreStatus names the run of Asterisk", async () => {
  const status = { corestartupdate: "2026-01-02", corestartuptime: "03:04:05" };
  const lists = await ask({ ...NONE, CoreStatus: status }, { uptime: "100", at: 1_000_000_000 });
  assert.equal(lists.epoch, "2026-01-02 03:04:05 boot 999900");
  assert.equal(lists.bootedAt, 1_000_000_000 - 100_000);
});

Deno.test("row 8: without CoreStatus the uptime names the run, alike within what whole seconds hide", async () => {
  const first = await ask(NONE, { uptime: "100", at: 1_000_000_000 });
  const again = await ask(NONE, { uptime: "161", at: 1_000_062_900, formerEpoch: first.epoch });
  assert.equal(again.epoch, first.epoch);
  const restarted = await ask(NONE, { uptime: "3", at: 1_000_062_900, formerEpoch: first.epoch });
  assert.notEqual(restarted.epoch, first.epoch);
  assert.equal(isSameEpoch(first.epoch, restarted.epoch), false);
  assert.equal(isSameEpoch("boot 1000", "boot 1003"), true);
  assert.equal(isSameEpoch("boot 1000", "boot 1004"), false);
  assert.equal(isSameEpoch("2026-01-02 03:04:05", "2026-01-02 03:04:06"), false);
  assert.equal(isSameEpoch("boot 1000", "2026-01-02 03:04:05"), false);
  assert.equal(isSameEpoch("", "2026-01-02 03:04:05 boot 1000"), false);
});

Deno.test("row 8: a run is the same one whether or not CoreStatus is answered", async () => {
  const CoreStatus = { corestartupdate: "2026-01-02", corestartuptime: "03:04:05" };
  const told = await ask({ ...NONE, CoreStatus }, { uptime: "100", at: 1_000_000_000 });
  const later = { uptime: "161", at: 1_000_062_900 };
  const refused = await ask(NONE, { ...later, formerEpoch: told.epoch });
  assert.equal(refused.epoch, told.epoch, "the name of the run is kept");
  const untold = await ask(NONE, { uptime: "100", at: 1_000_000_000 });
  const named = await ask({ ...NONE, CoreStatus }, { ...later, formerEpoch: untold.epoch });
  assert.ok(isSameEpoch(untold.epoch, named.epoch));
  const restarted = await ask(NONE, { uptime: "3", at: 1_000_062_900, formerEpoch: told.epoch });
  assert.ok(!isSameEpoch(told.epoch, restarted.epoch));
  // What CoreStatus says is more exact than the uptime: a restart within its tolerance is one.
  const next = { ...CoreStatus, corestartuptime: "03:04:06" };
  const soon = await ask({ ...NONE, CoreStatus: next }, { ...later, formerEpoch: told.epoch });
  assert.ok(!isSameEpoch(told.epoch, soon.epoch));
  const again = await ask({ ...NONE, CoreStatus }, { ...later, formerEpoch: told.epoch });
  assert.equal(again.epoch, told.epoch, "one run, one epoch, whatever the uptime's rounding");
});

Deno.test("AMI sync: an uptime that is none counts as now", async () => {
  for (const uptime of ["", "x", "-5"]) {
    assert.equal((await ask(NONE, { uptime, at: 5 })).bootedAt, 5);
  }
  assert.equal((await ask(NONE, { at: 5 })).bootedAt, 5);
});

Deno.test("AMI sync: of an Asterisk without PJSIP no endpoints are known, and that is said", async () => {
  const lists = await ask({ CoreShowChannels: [{ uniqueid: "1.1" }] });
  assert.deepEqual(lists.channels, [{ uniqueid: "1.1" }]);
  assert.deepEqual([lists.endpoints, lists.aors, lists.contacts], [null, null, null]);
  assert.match(lists.warning!, /no PJSIPShowEndpoints: Invalid\/unknown command/);
});

Deno.test("AMI sync: lists that are told as errors because they are empty are no reason to warn", async () => {
  const lists = await ask({
    ...NONE,
    PJSIPShowEndpoints: new AmiRefused("PJSIPShowEndpoints", "No endpoints found"),
    PJSIPShowAors: new AmiRefused("PJSIPShowAors", "No Aors found"),
    PJSIPShowContacts: new AmiRefused("PJSIPShowContacts", "No Contacts found"),
  });
  assert.deepEqual([lists.endpoints, lists.aors, lists.contacts, lists.warning], [[], [], [], null]);
});

Deno.test("AMI sync: an account that may not list endpoints is told what it needs", async () => {
  const lists = await ask({ ...NONE, PJSIPShowContacts: denied("PJSIPShowContacts") });
  assert.match(lists.warning!, /may not PJSIPShowContacts: it needs write = system/);
});

Deno.test("AMI sync: without the list of channels there is no link, and other failures are passed on", async () => {
  await assert.rejects(ask({ ...NONE, CoreShowChannels: denied("CoreShowChannels") }), AmiDenied);
  await assert.rejects(ask({ ...NONE, CoreShowChannels: new AmiRefused("x", "busy") }), AmiRefused);
  await assert.rejects(ask({ ...NONE, CoreStatus: new Error("gone") }), /gone/);
});

Deno.test("row 19: an account with no more than it needs is not warned about", () => {
  // As Asterisk 22 lists them for write = call,system, in the library's lower case.
  assert.equal(
    excessOf({
      response: "Success",
      ping: "Keepalive command.  (Priv: <none>)",
      hangup: "Hangup channel.  (Priv: system,call,all)",
      getvar: "Gets a channel variable or function value.  (Priv: call,reporting,all)",
      getconfig: "Retrieve configuration.  (Priv: system,config,all)",
      dbput: "Put DB entry.  (Priv: system,all)",
      moduleload: "Module management.  (Priv: system,all)",
    }),
    null,
  );
});

Deno.test("row 19: each class beyond need is named once", () => {
  assert.equal(
    excessOf({
      hangup: "Hangup channel.  (Priv: system,call,all)",
      originate: "Originate a call.  (Priv: originate,all)",
      command: "Execute Asterisk CLI Command.  (Priv: command,all)",
      updateconfig: "Update basic configuration.  (Priv: config,all)",
      createconfig: "Creates an empty file in the configuration directory.  (Priv: config,all)",
      showdialplan: "Show dialplan contexts and extensions  (Priv: config,reporting,all)",
    }),
    "the AMI account may do more than it needs to: take command, config, originate from its write",
  );
  assert.match(excessOf({ showdialplan: "Show.  (Priv: config,reporting,all)" })!, /config or reporting/);
});

/**
 * @module
 * What an Asterisk lists made one with what was known of its endpoints: at the first sync, after a cut link, after a
 * restart of the service, and when its configuration changes.
 */
import assert from "node:assert/strict";
import { CROWD } from "../../actors/crowd.ts";
import { AmbiguousEndpoint } from "../../actors/endpoints.ts";
import { AmiRefused } from "../../actors/ami/packet.ts";
import { JUDGED } from "../machines/endpoint_phone.ts";
import { START } from "../machines/panel.ts";
import { RELEASES } from "./ami/trace_files.ts";
import {
  FakePjsip,
  PBX,
  realLists,
  startEndpoints,
  TELLS,
  uriOf,
  vanish,
  withEndpoints,
} from "./endpoint_house.ts";
import { fakeClock } from "./fakes.ts";

for (const release of RELEASES) {
  Deno.test(`endpoints: what Asterisk ${release} lists is what they are`, () =>
    withEndpoints(async (house) => {
      const { details, ...lists } = realLists(release);
      const asked: string[] = [];
      house.asterisk.ask = (action, fields = {}) => {
        asked.push(`${action} ${fields.Endpoint}`);
        return Promise.resolve(details.get(fields.Endpoint!)!);
      };
      house.up(PBX, lists);
      const shown = () =>
        Object.fromEntries(
          house.endpoints.list().map(({ name, status, status_reason, contacts }) => [
            name,
            [status, status_reason, contacts.map(({ status }) => status).join(" ")],
          ]),
        );
      const registered = {
        "300-ep": ["online", null, "non_qualified"],
        "301-ep": ["online", null, "reachable reachable"],
        "302-ep": ["unknown", "no_aor", ""],
        "303-ep": ["online", null, "reachable"],
        "304-ep": ["offline", "no_contact", ""],
        "305-ep": ["offline", "no_contact", ""],
        "777-ep": ["online", null, "reachable"],
        "sh1-ep": ["online", null, "non_qualified"],
        "sh2-ep": ["online", null, "non_qualified"],
      };
      assert.deepEqual(shown(), {
        ...registered,
        // As good as their devices until they are asked for.
        "dead-ep": ["offline", "unreachable", "unreachable"],
        "trunk-ep": ["online", null, "reachable"],
      });
      await house.pass(1000);
      assert.deepEqual(asked.sort(), ["PJSIPShowEndpoint dead-ep", "PJSIPShowEndpoint trunk-ep"]);
      assert.deepEqual(shown(), {
        ...registered,
        "dead-ep": ["offline", "unreachable", "unreachable"],
        "trunk-ep": ["online", null, "non_qualified"],
      });
      const { contacts, ...phone } = house.view("777-ep");
      assert.deepEqual([phone.display_name, phone.owner?.name, phone.aors], ["777", "Ivan Ivanov", ["777"]]);
      const { uri, roundtrip_ms, since, expires_at, ...contact } = contacts[0]!;
      assert.match(uri, /^sip:777-ep@127\.0\.0\.1:\d+$/);
      assert.ok(roundtrip_ms! > 0.1 && roundtrip_ms! < 10);
      assert.equal(since, house.iso(START));
      assert.match(expires_at!, /^2026-/);
      assert.deepEqual(contact, {
        aor: "777",
        status: "reachable",
        usable: true,
        address: uri.split("@")[1]!,
        user_agent: 'Panel/1.0 "x;y"',
      });
      assert.deepEqual(house.view("303-ep").auths, ["303-auth"]);
      assert.deepEqual(house.view("305-ep").aors, ["305a", "305b"]);
      assert.equal(house.view("777-ep").device_state, "NOT_INUSE");
    }));
}

Deno.test("endpoints: are sorted as people sort names, and found by name with or without their PBX", () =>
  withEndpoints((house) => {
    house.asterisk.phone("1000-ep").phone("20-ep").phone("100-ep").phone("-ep");
    house.up();
    assert.deepEqual(house.endpoints.list().map(({ name }) => name), ["-ep", "20-ep", "100-ep", "1000-ep"]);
    assert.equal(house.endpoints.find("20-ep")!.name, "20-ep");
    assert.equal(house.endpoints.find("20-ep", "other"), null);
    assert.equal(house.endpoints.find("20-EP"), null, "Asterisk tells letters apart too");
    assert.equal(house.view("-ep").display_name, "-ep");
  }));

Deno.test("endpoints: the same name at two PBXs is two, and to ask for it by its name alone is ambiguous", () => {
  const asterisks = { [PBX]: new FakePjsip().phone("777-ep"), other: new FakePjsip().phone("777-ep") };
  return withEndpoints((house) => {
    house.up();
    house.up("other", asterisks.other.lists());
    assert.throws(
      () => house.endpoints.find("777-ep"),
      (error) => error instanceof AmbiguousEndpoint && `${error.pbxs}` === "main,other",
    );
    house.say(TELLS.contact("777-ep", "Unreachable"));
    assert.equal(house.view("777-ep").status, "offline");
    assert.equal(house.view("777-ep", "other").status, "online");
    house.down("other");
    assert.equal(house.view("777-ep").status_reason, "unreachable");
    assert.equal(house.view("777-ep", "other").status_reason, "link_down");
  }, { asterisks });
});

Deno.test("endpoints: one that is listed no more is gone, a new one is there", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("1-ep").phone("2-ep");
    house.up();
    house.asterisk.endpoints.delete("1-ep");
    house.asterisk.phone("3-ep", { contacts: [] });
    house.forget();
    house.state.named = 0;
    house.up();
    await house.settle();
    assert.deepEqual(house.endpoints.list().map(({ name, status }) => [name, status]), [
      ["2-ep", "online"],
      ["3-ep", "offline"],
    ]);
    assert.deepEqual(house.told("endpoint.removed"), [{ pbx: PBX, name: "1-ep" }]);
    assert.deepEqual(house.told("endpoint.changed").map(({ name }) => name), ["3-ep"]);
    assert.equal(house.state.named, 1, "said once for all");
    assert.deepEqual(house.writer.units.flatMap(({ removeEndpoint }) => removeEndpoint ?? []), [
      { pbx: PBX, name: "1-ep" },
    ]);
    assert.deepEqual(house.changes("1-ep"), ["unknown"], "its history does not go on as online");
  }));

Deno.test("endpoints: a phone that registered at an AOR of two endpoints makes both online, and takes both away", () =>
  withEndpoints((house) => {
    house.asterisk.phone("sh1-ep", { contacts: [] });
    house.asterisk.aors.set("shared", { qualify: true, contacts: [] });
    for (const name of ["sh1-ep", "sh2-ep"]) {
      house.asterisk.endpoints.set(name, { aors: ["shared"], device: "Unavailable" });
    }
    house.up();
    const both = (status: string) =>
      ["sh1-ep", "sh2-ep"].map((name) => TELLS.contact(name, status, { aor: "shared" }));
    const statuses = () => ["sh1-ep", "sh2-ep"].map((name) => house.view(name).status);
    house.say(...both("NonQualified"), ...both("Reachable"));
    assert.deepEqual(statuses(), ["online", "online"]);
    house.say(...both("Removed"));
    assert.deepEqual(statuses(), ["offline", "offline"]);
    house.asterisk.aors.get("shared")!.contacts.push({ uri: uriOf("shared"), status: "Reachable" });
    house.up();
    assert.deepEqual(statuses(), ["online", "online"], "though the list names one of them");
  }));

Deno.test("endpoints: a contact of the configuration is asked for by its endpoint, and is no news each time", () =>
  withEndpoints(async (house) => {
    const fixed = { uri: "sip:192.0.2.50", status: "NonQualified" as const, fixed: true };
    house.asterisk.phone("trunk-ep", { contacts: [fixed], qualify: false, device: "Not in use" });
    house.asterisk.phone("dead-ep", { contacts: [{ ...fixed, status: "Unreachable" }] });
    house.up();
    await house.pass(1000);
    assert.deepEqual(house.asterisk.asked, ["PJSIPShowEndpoint trunk-ep", "PJSIPShowEndpoint dead-ep"]);
    assert.deepEqual([house.changes("trunk-ep"), house.changes("dead-ep")], [["online"], ["offline"]]);
    house.forget();
    house.up();
    await house.pass(1000);
    assert.deepEqual([house.changes("trunk-ep"), house.changes("dead-ep")], [[], []]);
  }));

Deno.test("endpoints: a trunk that does not answer is not online because a call goes through it", () =>
  withEndpoints(async (house) => {
    const fixed = { uri: "sip:192.0.2.50", status: "Unreachable" as const, fixed: true };
    house.asterisk.phone("trunk-ep", { contacts: [fixed], device: "Unavailable" });
    house.up();
    await house.pass(1000);
    house.asterisk.endpoints.get("trunk-ep")!.device = "In use";
    house.forget();
    house.up();
    assert.equal(house.view("trunk-ep").status, "offline");
    await house.pass(1000);
    assert.equal(house.view("trunk-ep").status, "offline");
    assert.deepEqual(house.changes("trunk-ep"), []);
  }));

Deno.test("endpoints: an account that may not list them changes nothing", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.forget();
    house.up(PBX, { endpoints: null, aors: null, contacts: null });
    assert.equal(house.view("777-ep").status, "online");
    await house.settle();
    assert.deepEqual([house.writer.units, house.feed.published], [[], []]);
  }));

Deno.test("endpoints: AORs or contacts that may not be listed are asked for one by one", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("1-ep").phone("2-ep", { status: "NonQualified", qualify: false });
    house.up(PBX, { aors: null, contacts: null });
    await house.pass(1000);
    assert.deepEqual(house.asterisk.asked.length, 2);
    assert.deepEqual(house.endpoints.list().map(({ status }) => status), ["online", "online"]);
  }));

Deno.test("endpoints: an empty list is a list", () =>
  withEndpoints((house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.up(PBX, { endpoints: [], aors: [], contacts: [] });
    assert.deepEqual(house.endpoints.list(), []);
  }));

Deno.test("endpoints: what was said while the lists came is told after them, and is not earlier than they", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep").phone("888-ep", { contacts: [] });
    const heardAt = house.clock.now();
    house.clock.pass(500);
    house.up(PBX, {
      buffered: [
        { packet: TELLS.contact("777-ep", "Unreachable"), at: heardAt },
        { packet: TELLS.contact("888-ep", "Reachable"), at: heardAt + 400 },
      ],
    });
    assert.deepEqual([house.view("777-ep").status, house.view("888-ep").status], ["offline", "online"]);
    await house.settle();
    const rows = house.writer.units.flatMap(({ endpointChanges }) => endpointChanges ?? []);
    for (const name of ["777-ep", "888-ep"]) {
      const own = rows.filter((row) => row.name === name);
      assert.deepEqual(own.map(({ id }) => id), own.map(({ id }) => id).sort());
      assert.deepEqual(
        own.map(({ at }) => at),
        own.map(({ at }) => at).sort(),
        "the last of them is the last",
      );
    }
  }));

Deno.test("row 7: while a link is down its endpoints are unknown, and right again after, with one row of the gap", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(10).phone("777-ep", { contacts: [] });
    house.up();
    house.clock.pass(60_000);
    house.forget();
    const lostAt = house.clock.now();
    house.down();
    house.down();
    assert.deepEqual(house.endpoints.counts(), { online: 0, offline: 0, unknown: 11 });
    assert.equal(house.view("100-ep").status_reason, "link_down");
    assert.equal(house.told("endpoint.changed").length, 11);
    assert.equal(house.endpoints.silentSince(PBX), lostAt);
    house.clock.pass(90_000);
    house.up();
    assert.deepEqual(house.endpoints.counts(), { online: 10, offline: 1, unknown: 0 });
    assert.equal(house.view("100-ep").status_since, house.iso(START));
    assert.equal(house.endpoints.silentSince(PBX), null);
    await house.settle();
    const rows = house.writer.units.map((unit) => unit.pbxGap);
    assert.deepEqual(rows.map((row) => [row?.began_at, row?.ended_at]), [
      [house.iso(lostAt), null],
      [house.iso(lostAt), house.iso()],
    ]);
    assert.equal(rows[0]!.id, rows[1]!.id);
  }));

Deno.test("row 7: what changed while the link was down is one change, at the moment it was found", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.clock.pass(1000);
    house.down();
    house.asterisk.phone("777-ep", { contacts: [] });
    house.clock.pass(60_000);
    house.forget();
    house.up();
    await house.settle();
    const [row] = house.writer.units.flatMap(({ endpointChanges }) => endpointChanges ?? []);
    assert.deepEqual([row!.status, row!.reason, row!.at], ["offline", "no_contact", house.iso()]);
    assert.equal(house.view("777-ep").last_online_at, house.iso(START + 1000));
  }));

Deno.test("row 7: an Asterisk that was started again has not asked its phones yet, which is no going and coming", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep").phone("888-ep");
    house.up();
    house.down();
    house.clock.pass(5000);
    for (const name of ["777-ep", "888-ep"]) house.asterisk.phone(name, { status: "NonQualified" });
    house.forget();
    house.up();
    assert.equal(house.view("777-ep").status_reason, "qualifying");
    house.clock.pass(3000);
    house.say(TELLS.contact("777-ep", "Reachable"), TELLS.peer("777-ep", "Reachable"));
    house.say(TELLS.contact("888-ep", "Unreachable"));
    await house.settle();
    assert.deepEqual([house.changes("777-ep"), house.changes("888-ep")], [[], ["offline"]]);
    assert.equal(house.view("777-ep").status_since, house.iso(START));
  }));

Deno.test("row 7: five thousand endpoints whose link goes and comes are two words to readers and two rows", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(5000, (index) => `192.0.${index % 200}.1`);
    house.up();
    await house.settle();
    assert.equal(house.endpoints.counts().online, 5000);
    assert.ok(house.feed.resyncs === 1 && house.feed.published.length <= CROWD);
    house.forget();
    house.down();
    house.clock.pass(2000);
    house.up();
    await house.settle();
    assert.equal(house.feed.resyncs, 2);
    assert.deepEqual(house.feed.published, []);
    assert.deepEqual(house.writer.units.map((unit) => Object.keys(unit)), [["pbxGap"], ["pbxGap"]]);
    house.forget();
    house.up();
    assert.deepEqual(
      [house.feed.resyncs, house.feed.published],
      [0, []],
      "a look at all is no change of any",
    );
  }));

/** The same clock, the rows of the former house, and its asterisks. */
function startAgain(house: ReturnType<typeof startEndpoints>, awayMs: number) {
  const heardUntil = house.clock.now();
  house.endpoints.stop();
  const clock = fakeClock(house.clock.sim);
  clock.pass(awayMs);
  return startEndpoints({
    clock,
    asterisks: { [PBX]: house.asterisk },
    stored: house.stored(),
    heardUntil,
  });
}

Deno.test("row 2: after a restart endpoints are unknown until they are listed, and as they were is no change", async () => {
  const first = startEndpoints();
  first.asterisk.phone("777-ep").phone("888-ep", { contacts: [] }).phone("302-ep", { contacts: [] });
  first.asterisk.endpoints.set("302-ep", { aors: [], device: "Unavailable" });
  first.up();
  await first.settle();
  first.clock.pass(60_000);
  const house = startAgain(first, 10_000);
  try {
    assert.deepEqual(
      house.endpoints.list().map(({ name, status, status_reason }) => [name, status, status_reason]),
      [["302-ep", "unknown", "no_data"], ["777-ep", "unknown", "no_data"], ["888-ep", "unknown", "no_data"]],
    );
    assert.equal(house.view("777-ep").contacts.length, 1, "what was known of it is shown");
    assert.equal(house.view("777-ep").last_online_at, house.iso(START + 60_000));
    house.clock.pass(5000);
    house.up();
    await house.settle();
    assert.deepEqual(house.endpoints.counts(), { online: 1, offline: 1, unknown: 1 });
    assert.equal(house.view("777-ep").status_since, house.iso(START));
    assert.deepEqual(house.writer.units.map((unit) => Object.keys(unit)), [["pbxGap"]]);
    const { began_at, ended_at } = house.writer.units[0]!.pbxGap!;
    assert.deepEqual([began_at, ended_at], [house.iso(START + 60_000), house.iso()]);
    assert.deepEqual(house.logged, []);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("row 2: a gap that went on when the service stopped is the same gap after", async () => {
  const first = startEndpoints();
  first.asterisk.phone("777-ep");
  first.up();
  first.clock.pass(1000);
  first.down();
  await first.settle();
  first.clock.pass(1000);
  const house = startAgain(first, 1000);
  try {
    assert.equal(house.endpoints.silentSince(PBX), START + 1000);
    house.up();
    await house.settle();
    const [ended] = house.writer.units.flatMap(({ pbxGap }) => pbxGap ?? []);
    const [begun] = first.writer.units.flatMap(({ pbxGap }) => pbxGap ?? []);
    assert.deepEqual(ended, { ...begun, ended_at: house.iso() });
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("row 2: a wall clock that was set while the service was away moves no endpoint's times by more than that", async () => {
  const first = startEndpoints();
  first.asterisk.phone("777-ep");
  first.up();
  await first.settle();
  const since = first.view("777-ep").status_since;
  first.clock.pass(1000);
  const stored = first.stored();
  first.endpoints.stop();
  // The steady clock of another run begins elsewhere.
  const clock = fakeClock();
  clock.pass(7_000_000);
  clock.jump(-6_998_000);
  const house = startEndpoints({ clock, asterisks: { [PBX]: first.asterisk }, stored });
  try {
    assert.equal(house.view("777-ep").contacts[0]!.since, since);
    house.up();
    assert.equal(house.view("777-ep").status_since, since);
    assert.equal(house.view("777-ep").contacts[0]!.since, since);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("row 2: one that came and went calms down by its own times, whatever this run's clock begins at", async () => {
  const first = startEndpoints();
  first.asterisk.phone("777-ep");
  first.up();
  for (const status of ["Unreachable", "Reachable", "Unreachable", "Reachable"]) {
    first.clock.pass(1000);
    first.say(TELLS.contact("777-ep", status));
  }
  await first.settle();
  const stored = first.stored();
  first.endpoints.stop();
  const clock = fakeClock();
  clock.pass(7_000_000);
  clock.jump(-6_990_000);
  const house = startEndpoints({ clock, asterisks: { [PBX]: first.asterisk }, stored });
  try {
    house.up();
    house.clock.pass(4000 + JUDGED.flapWindowMs - 10_000 - 1);
    assert.equal(house.view("777-ep").flapping, true);
    house.clock.pass(1);
    assert.equal(house.view("777-ep").flapping, false);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("row 2: a stored state that is damaged costs no more than itself", async () => {
  const first = startEndpoints();
  first.asterisk.phones(4).phone("777-ep", { contacts: [] });
  first.up();
  await first.settle();
  const stored = first.stored();
  first.endpoints.stop();
  const damages: unknown[] = [null, { v: 0 }, "x", { ...stored.endpoints[3]!.state as object, turns: ["x"] }];
  damages.forEach((state, index) => stored.endpoints[index]!.state = state);
  const house = startEndpoints({ asterisks: { [PBX]: first.asterisk }, stored });
  try {
    assert.deepEqual(house.endpoints.quarantined.length, 4);
    assert.deepEqual(house.logged.map(({ level }) => level), ["error", "error", "error", "error"]);
    house.up();
    assert.deepEqual(house.endpoints.counts(), { online: 4, offline: 1, unknown: 0 });
    await house.settle();
    assert.deepEqual(house.writer.units.flatMap(({ endpointChanges }) => endpointChanges ?? []), []);
    assert.equal(
      house.writer.units.filter(({ endpoint }) => endpoint !== undefined).length,
      4,
      "written anew",
    );
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("row 2: endpoints of a PBX that is not asked any more are not shown, and their alerts are over", async () => {
  const first = startEndpoints();
  first.asterisk.phone("777-ep");
  first.up();
  await vanish(first, ["777-ep"]);
  assert.equal(first.endpoints.alerts().length, 1);
  first.endpoints.stop();
  const house = startEndpoints({ asterisks: { other: new FakePjsip() }, stored: first.stored() });
  try {
    assert.deepEqual(house.endpoints.list(), []);
    assert.deepEqual(house.endpoints.alerts(), []);
    house.clock.pass(200);
    await house.settle();
    assert.equal(house.writer.units.flatMap(({ endpointAlerts }) => endpointAlerts ?? []).length, 1);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("endpoints: a refused question changes nothing and is asked no more by itself", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.asterisk.failure = new AmiRefused("PJSIPShowEndpoint", "Permission denied");
    house.say(TELLS.contact("888-ep", "Reachable"));
    await house.pass(20_000);
    assert.equal(house.asterisk.asked.length, 1);
    assert.equal(house.view("888-ep").status, "online");
    assert.deepEqual(house.logged.map(({ level }) => level), ["warn"]);
  }));

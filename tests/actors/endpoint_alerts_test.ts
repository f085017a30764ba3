/**
 * @module
 * Alerts of endpoints that are away for too long: one for each cause, whoever joins it, until the last is back.
 */
import assert from "node:assert/strict";
import { EndpointAlerts, type Missing, SAME_CAUSE_MS, SAME_SITE_MS } from "../../actors/endpoint_alerts.ts";
import { siteOf } from "../../actors/endpoint_sites.ts";
import { JUDGED } from "../machines/endpoint_phone.ts";
import { START } from "../machines/panel.ts";
import { fakeClock, FakeFeed } from "./fakes.ts";
import { type EndpointHouse, PBX, startEndpoints, TELLS, vanish, withEndpoints } from "./endpoint_house.ts";

const DAY_MS = 86_400_000;
const names = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `${100 + from + i}-ep`);
const inAlert = ({ endpoints }: EndpointHouse, index = 0) =>
  endpoints.alerts()[index]!.endpoints.map(({ name }) => name);

/** Has phones be back. */
function back(house: EndpointHouse, some: readonly string[]): void {
  for (const name of some) {
    const { uri } = house.view(name).contacts[0]!;
    house.asterisk.phone(name, { uri });
    house.say(TELLS.contact(name, "Reachable", { uri }), TELLS.device(name, "NOT_INUSE"));
  }
}

Deno.test("alerts: thirty phones behind one dead site are one alert, told once", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(30, (index) => `192.0.2.${index + 1}`).phone("999-ep", {
      uri: "sip:999@198.51.100.1",
    });
    house.up();
    house.clock.pass(60_000);
    house.forget();
    // As Asterisk finds it out: within the minute in which it asks each.
    await vanish(house, names(30), 2000);
    const [alert, ...others] = house.endpoints.alerts();
    assert.deepEqual(others, []);
    assert.equal(alert!.endpoints.length, 30);
    assert.deepEqual([alert!.site, alert!.pbx, alert!.ended_at], ["192.0.2.0/24", PBX, null]);
    assert.equal(alert!.since, house.iso(START + 60_000));
    assert.equal(alert!.raised_at, house.iso(START + 60_000 + JUDGED.alertAfterMs));
    assert.deepEqual(alert!.endpoints[0], {
      name: "100-ep",
      display_name: "100",
      since: house.iso(START + 60_000),
      back_at: null,
    });
    assert.equal(house.logged.filter(({ level }) => level === "warn").length, 1);
    assert.ok(
      house.endpoints.list().every(({ name, alert_id }) =>
        alert_id === (name === "999-ep" ? null : alert!.id)
      ),
    );
    assert.equal(new Set(house.told("endpoint_alert.changed").map(({ id }) => id)).size, 1);
    const rows = house.writer.units.flatMap(({ endpointAlerts }) => endpointAlerts ?? []);
    assert.deepEqual(rows.at(-1), {
      id: alert!.id,
      pbx: PBX,
      site: "192.0.2.0/24",
      wide: false,
      endpoints: alert!.endpoints.map(({ display_name: _, ...member }) => member),
      since: alert!.since,
      raised_at: alert!.raised_at,
      ended_at: null,
    });
  }));

Deno.test("alerts: what goes away together is told together", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(30);
    house.up();
    house.forget();
    await vanish(house, names(30));
    assert.equal(house.told("endpoint_alert.changed").length, 1);
    assert.equal(house.told("endpoint_alert.changed")[0].endpoints.length, 30);
    house.forget();
    back(house, names(30));
    await house.pass(1000);
    assert.deepEqual(
      house.told("endpoint_alert.changed").map(({ ended_at }) => ended_at !== null),
      [true],
    );
  }));

Deno.test("alerts: two sites are two", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(20, (index) => index < 10 ? `192.0.2.${index + 1}` : `198.51.100.${index}`);
    house.up();
    await vanish(house, names(20));
    assert.deepEqual(house.endpoints.alerts().map(({ site, endpoints }) => [site, endpoints.length]), [
      ["198.51.100.0/24", 10],
      ["192.0.2.0/24", 10],
    ]);
  }));

Deno.test("alerts: thirty phones of thirty networks that go within a minute are one, be it a dead uplink", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(30, (index) => `10.0.${index}.7`);
    house.asterisk.phone("1-ep", { uri: "sip:1@phone.example" });
    house.up();
    house.forget();
    await vanish(house, [...names(30), "1-ep"], 2000);
    const [alert, ...others] = house.endpoints.alerts();
    assert.deepEqual([others.length, alert!.site, alert!.endpoints.length], [0, null, 31]);
    assert.equal(house.logged.filter(({ level }) => level === "warn").length, 1);
    // Much later one more goes: that is another matter.
    back(house, names(30).slice(0, 1));
    house.clock.pass(SAME_CAUSE_MS + 60_000);
    await vanish(house, names(30).slice(0, 1));
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [1, 31]);
  }));

Deno.test("alerts: phones of two networks and one of nowhere are three places", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("1-ep", { uri: "sip:1@phone.example" });
    house.asterisk.phone("2-ep", { uri: "sip:2@192.0.2.7" }).phone("3-ep", { uri: "sip:3@198.51.100.7" });
    house.up();
    await vanish(house, ["1-ep", "2-ep", "3-ep"]);
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [3]);
  }));

Deno.test("alerts: a dead site whose phones nobody asks is one, though registrations run out over an hour", () =>
  withEndpoints(async (house) => {
    const unasked = { status: "NonQualified", qualify: false } as const;
    const some = names(30);
    for (const [index, name] of some.entries()) {
      house.asterisk.phone(name, { uri: `sip:${index}@192.0.2.${index + 1}:5060`, ...unasked });
    }
    house.up();
    // At Asterisk's check, which is every 30 s.
    const runsOut = some.map((name, index) => ({ name, at: Math.ceil((index * 7919 % 3600) / 30) * 30_000 }));
    let now = 0;
    for (const { name, at } of runsOut.sort((one, other) => one.at - other.at)) {
      if (at > now) await house.pass(at - now);
      now = at;
      const { uri } = house.view(name).contacts[0]!;
      house.asterisk.phone(name, { contacts: [], qualify: false });
      house.say(TELLS.contact(name, "Removed", { uri }), TELLS.device(name, "UNAVAILABLE"));
    }
    await house.pass(JUDGED.alertAfterMs + 1000);
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [30]);
  }));

Deno.test("alerts: thirty endpoints that a reload brought, and that nobody has plugged in, are one", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    for (const name of names(30)) house.asterisk.phone(name, { contacts: [] });
    house.say(TELLS.reload);
    await house.pass(1000);
    house.clock.pass(JUDGED.alertAfterMs);
    await house.pass(1000);
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [30]);
  }));

Deno.test("alerts: a large one is not told whole with each phone that comes back", () =>
  withEndpoints(async (house) => {
    const some = names(2000);
    house.asterisk.phones(2000, (index) => `10.0.${index >> 8}.${index & 255}`);
    house.up();
    await vanish(house, some);
    assert.equal(house.endpoints.alerts()[0]!.endpoints.length, 2000);
    await house.pass(10_000);
    house.forget();
    for (const name of some.slice(0, 100)) {
      back(house, [name]);
      await house.pass(100);
    }
    const told = house.told("endpoint_alert.changed").length;
    assert.ok(told >= 1 && told <= 4, `${told} times in ten seconds`);
    await house.pass(5000);
    const last = house.told("endpoint_alert.changed").at(-1);
    assert.equal(
      last.endpoints.filter(({ back_at }: { back_at: string | null }) => back_at !== null).length,
      100,
    );
  }));

Deno.test("row 4, alerts: while the database is away each waits once, however often it changes", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(200);
    house.up();
    await vanish(house, names(200));
    house.forget();
    house.state.behind = true;
    for (const name of names(199)) {
      back(house, [name]);
      await house.pass(200);
    }
    const rows = () => house.writer.units.flatMap(({ endpointAlerts }) => endpointAlerts ?? []);
    assert.equal(rows().length, 0);
    house.state.behind = false;
    house.endpoints.catchUp();
    assert.equal(rows().length, 1);
    assert.equal(rows()[0]!.endpoints.filter(({ back_at }) => back_at !== null).length, 199);
  }));

Deno.test("alerts: two outages of a site days apart are two", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(4);
    house.up();
    await vanish(house, ["100-ep"]);
    house.clock.pass(3 * DAY_MS);
    await vanish(house, ["101-ep", "102-ep"]);
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [2, 1]);
    assert.deepEqual(inAlert(house), ["101-ep", "102-ep"]);
    assert.equal(house.logged.filter(({ level }) => level === "warn").length, 2);
  }));

Deno.test("alerts: phones of one network that went within a quarter of an hour of another are one, a moment later not", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(3);
    house.up();
    house.say(TELLS.contact("100-ep", "Removed"), TELLS.device("100-ep", "UNAVAILABLE"));
    house.clock.pass(SAME_SITE_MS);
    house.say(TELLS.contact("101-ep", "Removed"), TELLS.device("101-ep", "UNAVAILABLE"));
    house.clock.pass(SAME_SITE_MS + 1);
    house.say(TELLS.contact("102-ep", "Removed"), TELLS.device("102-ep", "UNAVAILABLE"));
    house.clock.pass(JUDGED.alertAfterMs + 200);
    await house.settle();
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [1, 2]);
  }));

Deno.test("alerts: thirty phones of many sites behind one Asterisk that died are one", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(30, (index) => `10.0.${index}.1`);
    house.up();
    house.clock.pass(60_000);
    house.down();
    house.clock.pass(JUDGED.alertAfterMs * 3);
    assert.deepEqual(house.endpoints.alerts(), [], "the link says that it is down, nobody else");
    for (const name of names(30)) house.asterisk.phone(name, { contacts: [] });
    house.up();
    await house.pass(JUDGED.alertAfterMs + 200);
    const [alert, ...others] = house.endpoints.alerts();
    assert.deepEqual([others.length, alert!.endpoints.length, alert!.site], [0, 30, null]);
  }));

Deno.test("alerts: all that are found away at the first sync are one", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(40, (index) => `10.0.${index}.1`);
    for (const name of names(30)) house.asterisk.phone(name, { contacts: [] });
    house.up();
    await house.pass(JUDGED.alertAfterMs + 200);
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [30]);
    // One of a site that goes away now has a cause of its own.
    await vanish(house, ["139-ep"]);
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [1, 30]);
  }));

Deno.test("alerts: who is back says so, and the last ends it", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(3);
    house.up();
    await vanish(house, names(3));
    const { id } = house.endpoints.alerts()[0]!;
    house.forget();
    back(house, ["100-ep", "101-ep"]);
    assert.deepEqual([house.view("100-ep").alert_id, house.view("102-ep").alert_id], [null, id]);
    const backAt = house.iso();
    await house.pass(1000);
    const told = house.told("endpoint_alert.changed");
    assert.deepEqual(told.at(-1).endpoints.map(({ back_at }: { back_at: string }) => back_at), [
      backAt,
      backAt,
      null,
    ]);
    assert.equal(told.at(-1).ended_at, null);
    // The same phone again, while the alert goes on, is another outage.
    await vanish(house, ["100-ep"]);
    assert.equal(house.endpoints.alerts().length, 2);
    back(house, ["102-ep", "100-ep"]);
    await house.pass(1000);
    assert.deepEqual(house.endpoints.alerts(), []);
    const ended = house.told("endpoint_alert.changed").findLast((alert) => alert.id === id);
    assert.equal(ended.ended_at, house.iso(house.clock.now() - 1000));
    assert.equal(house.logged.filter(({ level }) => level === "info").length, 2);
    const rows = house.writer.units.flatMap(({ endpointAlerts }) => endpointAlerts ?? []);
    assert.notEqual(rows.findLast((row) => row.id === id)!.ended_at, null);
  }));

Deno.test("alerts: an endpoint that is removed, or cannot be reached by its configuration, is missed no more", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(2);
    house.up();
    await vanish(house, names(2));
    house.asterisk.endpoints.delete("100-ep");
    house.asterisk.endpoints.set("101-ep", { aors: [], device: "Unavailable" });
    house.up();
    assert.deepEqual(house.endpoints.alerts(), []);
    await house.pass(200);
    assert.notEqual(house.told("endpoint_alert.changed").at(-1).ended_at, null);
  }));

/** The service starts again with what was stored. */
async function again(house: EndpointHouse): Promise<EndpointHouse> {
  await house.settle();
  house.endpoints.stop();
  await house.settle();
  return startEndpoints({
    clock: house.clock,
    asterisks: { [PBX]: house.asterisk },
    stored: house.stored(),
    heardUntil: house.clock.now(),
  });
}

Deno.test("row 2: a restart keeps an alert, raises nothing twice, and lets join what has its cause", async () => {
  const first = startEndpoints();
  first.asterisk.phones(3);
  first.up();
  await vanish(first, ["100-ep", "101-ep"], 1000);
  const alert = first.endpoints.alerts()[0]!;
  first.asterisk.phone("102-ep", { contacts: [] });
  first.say(TELLS.contact("102-ep", "Removed"));
  const house = await again(first);
  try {
    assert.deepEqual(house.endpoints.alerts(), [alert]);
    assert.equal(house.view("100-ep").alert_id, alert.id);
    house.clock.pass(5000);
    house.up();
    await house.pass(JUDGED.alertAfterMs * 2);
    assert.deepEqual(house.endpoints.alerts().map(({ endpoints }) => endpoints.length), [3]);
    assert.equal(house.logged.filter(({ level }) => level === "warn").length, 0, "it was raised before");
    back(house, names(2));
    house.asterisk.phone("102-ep");
    house.say(TELLS.contact("102-ep", "Reachable"));
    await house.pass(1000);
    assert.deepEqual(house.endpoints.alerts(), []);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("row 2: an alert whose phones are back as far as their rows say is over", async () => {
  const first = startEndpoints();
  first.asterisk.phones(2);
  first.up();
  await vanish(first, names(2));
  back(first, names(2));
  // Killed before the alert's own row: that comes a moment later.
  await first.settle();
  const stored = first.stored();
  assert.equal(stored.alerts.length, 1);
  first.endpoints.stop();
  const house = startEndpoints({ clock: first.clock, asterisks: { [PBX]: first.asterisk }, stored });
  try {
    assert.deepEqual(house.endpoints.alerts(), []);
    house.up();
    house.clock.pass(200);
    await house.settle();
    const rows = house.writer.units.flatMap(({ endpointAlerts }) => endpointAlerts ?? []);
    assert.deepEqual(rows.map(({ ended_at }) => ended_at !== null), [true]);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("row 2: an alert whose row was never written is raised after the restart", async () => {
  const first = startEndpoints();
  first.asterisk.phones(1);
  first.up();
  await vanish(first, names(1));
  const stored = { ...first.stored(), alerts: [] };
  assert.equal((stored.endpoints[0]!.state as { alerted: boolean }).alerted, true);
  first.endpoints.stop();
  const house = startEndpoints({ clock: first.clock, asterisks: { [PBX]: first.asterisk }, stored });
  try {
    house.up();
    await house.pass(1000);
    assert.equal(house.endpoints.alerts().length, 1);
    assert.equal(house.view("100-ep").alert_id, house.endpoints.alerts()[0]!.id);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("alerts: what waits to be told is told when the service stops", async () => {
  const house = startEndpoints();
  house.asterisk.phones(1);
  house.up();
  house.asterisk.phone("100-ep", { contacts: [] });
  house.say(TELLS.contact("100-ep", "Removed"), TELLS.device("100-ep", "UNAVAILABLE"));
  house.clock.pass(JUDGED.alertAfterMs);
  assert.equal(house.told("endpoint_alert.changed").length, 0);
  house.endpoints.stop();
  await house.settle();
  assert.equal(house.told("endpoint_alert.changed").length, 1);
  assert.equal(house.writer.units.filter(({ endpointAlerts }) => endpointAlerts !== undefined).length, 1);
  assert.equal(house.clock.sim.live, 0);
});

/** Alerts alone, told what is missing. */
function startAlerts() {
  const clock = fakeClock();
  const feed = new FakeFeed();
  const log = () => {};
  const alerts = new EndpointAlerts({
    clock,
    feed: feed.asFeed,
    record: () => Promise.resolve(),
    log: { info: log, warn: log, error: log },
    offlineOf: () => [],
  });
  const miss = (name: string, since: number, more: Partial<Missing> = {}) =>
    alerts.add({ pbx: PBX, name, since, address: "192.0.2.7:5060", bySync: false, ...more }, clock.now());
  const members = () => alerts.list().reverse().map(({ endpoints }) => endpoints.map(({ name }) => name));
  return { clock, alerts, miss, members };
}

Deno.test("alerts: one that is missed again, soon after it was back, is another outage", () => {
  const { alerts, miss, members, clock } = startAlerts();
  miss("1", START);
  miss("2", START);
  alerts.back(PBX, "1", clock.now());
  miss("1", START + 1000);
  miss("1", START + 1000);
  assert.deepEqual(members(), [["1", "2"], ["1"]]);
  alerts.stop();
});

Deno.test("alerts: what was found away when the link came up has not the cause of what was seen to go", () => {
  const { alerts, miss, members } = startAlerts();
  miss("1", START);
  miss("2", START, { bySync: true });
  miss("3", START, { bySync: true, address: null });
  miss("4", START);
  miss("5", START, { pbx: "other" });
  miss("6", START, { pbx: "other", bySync: true });
  assert.deepEqual(members(), [["1", "4"], ["2", "3"], ["5"], ["6"]]);
  alerts.stop();
});

Deno.test("alerts: the network of an address, with or without a port, whatever it is", () => {
  const sites: [address: string | null, site: string | null][] = [
    [null, null],
    ["", null],
    ["192.0.2.7", "192.0.2.0/24"],
    ["192.0.2.7:5060", "192.0.2.0/24"],
    ["[2001:db8:1:2:3:4:5:6]:5060", "2001:db8:1:2::/64"],
    ["[2001:db8::1]", "2001:db8:0:0::/64"],
    ["2001:DB8::1", "2001:db8:0:0::/64"],
    ["2001:db8:0:0:ffff::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::", "fe80:0:0:0::/64"],
    ["[::ffff:192.0.2.7]:5060", "192.0.2.0/24"],
    ["[fe80::1%eth0]:5060", null],
    ["phone.example:5060", null],
    ["phone.example", null],
    ["999.0.2.7", null],
    ["[nonsense]:1", null],
    ["a".repeat(1000), null],
  ];
  for (const [address, site] of sites) assert.equal(siteOf(address), site, `${address}`);
});

/**
 * @module
 * Endpoints as Asterisk speaks of them: what readers are told, what is written, and what is asked.
 */
import assert from "node:assert/strict";
import { DOUBT_MS } from "../../machines/endpoint.ts";
import { START } from "../machines/panel.ts";
import { type EndpointHouse, PBX, startEndpoints, TELLS, uriOf, withEndpoints } from "./endpoint_house.ts";

const listsAsked = (house: EndpointHouse) =>
  house.asterisk.asked.filter((question) => question === "PJSIPShowEndpoints").length;

Deno.test("endpoints: a phone that registers is online at once, and what phone it is is asked for", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep", { contacts: [] });
    house.up();
    house.forget();
    house.clock.pass(1000);
    house.say(
      TELLS.contact("777-ep", "NonQualified"),
      TELLS.peer("777-ep", "Reachable"),
      TELLS.device("777-ep", "NOT_INUSE"),
      TELLS.contact("777-ep", "Reachable"),
    );
    const { status, status_since, contacts } = house.told("endpoint.changed").at(-1);
    assert.deepEqual([status, status_since, contacts[0].user_agent], ["online", house.iso(), null]);
    house.asterisk.phone("777-ep");
    await house.pass(1000);
    assert.deepEqual(house.asterisk.asked, ["PJSIPShowEndpoint 777-ep"]);
    const view = house.view("777-ep");
    assert.deepEqual([view.contacts[0]!.user_agent, view.contacts[0]!.address], [
      "Phone/1.0",
      "192.0.2.1:5060",
    ]);
    assert.equal(view.updated_at, house.told("endpoint.changed").at(-1).updated_at);
    assert.deepEqual(house.changes("777-ep"), ["online"]);
    const row = house.writer.units.flatMap(({ endpoint }) => endpoint ?? []).at(-1)!;
    assert.deepEqual([row.status, row.status_since, row.last_online_at], [
      "online",
      house.iso(START + 1000),
      view.last_online_at,
    ]);
  }));

Deno.test("endpoints: each change of status is one row and one word to readers, and the same again is none", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.forget();
    for (let i = 0; i < 3; i++) house.say(TELLS.contact("777-ep", "Unreachable"));
    for (let i = 0; i < 3; i++) house.say(TELLS.contact("777-ep", "Reachable"));
    await house.settle();
    assert.deepEqual(house.changes("777-ep"), ["offline", "online"]);
    assert.deepEqual(house.told("endpoint.changed").map(({ status }) => status), ["offline", "online"]);
    assert.equal(house.writer.units.length, 2, "with the row of the endpoint in one unit");
    assert.equal(house.endpoints.taken, 6);
  }));

Deno.test("endpoints: a look that finds all as it was is no change, in no row and to no reader", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    await house.settle();
    const before = house.view("777-ep");
    house.forget();
    house.clock.pass(60_000);
    await house.endpoints.reread(PBX, "777-ep");
    house.up();
    await house.settle();
    assert.deepEqual(house.feed.published, []);
    assert.deepEqual(house.writer.units, []);
    assert.equal(house.view("777-ep").updated_at, before.updated_at);
    assert.equal(house.view("777-ep").last_online_at, house.iso(), "it was seen to be there");
  }));

Deno.test("endpoints: a registration that should have run out says nothing of when it does", () =>
  withEndpoints((house) => {
    house.asterisk.phone("777-ep");
    house.up();
    assert.equal(house.view("777-ep").contacts[0]!.expires_at, house.iso(START + 3_600_000));
    // It registered anew, of which Asterisk tells nobody.
    house.clock.pass(3_600_001);
    house.endpoints.namesChanged();
    const [contact] = house.view("777-ep").contacts;
    assert.deepEqual([contact!.expires_at, contact!.status], [null, "reachable"]);
  }));

Deno.test("endpoints: a contact of somebody unknown makes an endpoint, and a word of its device does not", () =>
  withEndpoints(async (house) => {
    house.up();
    house.say(TELLS.device("888-ep", "INUSE"), TELLS.peer("999-ep", "Reachable"));
    assert.equal(house.endpoints.size, 0);
    await house.pass(1000);
    assert.deepEqual(house.asterisk.asked, ["PJSIPShowEndpoint 888-ep", "PJSIPShowEndpoint 999-ep"]);
    assert.equal(house.endpoints.size, 0);
    house.asterisk.phone("777-ep");
    house.say(TELLS.contact("777-ep", "Reachable"));
    assert.equal(house.view("777-ep").status, "online");
    assert.equal(house.state.named > 0, true);
    await house.pass(1000);
    assert.deepEqual(house.view("777-ep").aors, ["777"]);
    house.say(TELLS.contact("gone-ep", "Reachable"));
    await house.pass(1000);
    assert.equal(house.endpoints.find("gone-ep"), null, "Asterisk does not know it");
  }));

Deno.test("endpoints: a device that is invalid is of one that was taken out of the configuration", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.asterisk.endpoints.delete("777-ep");
    house.say(TELLS.peer("777-ep", "Unreachable"), TELLS.device("777-ep", "INVALID"));
    await house.pass(1000);
    assert.equal(house.endpoints.find("777-ep"), null);
    house.forget();
    // What it had registered runs out some time later.
    house.say(TELLS.contact("777-ep", "Removed"));
    await house.pass(1000);
    assert.deepEqual([house.feed.published, house.writer.units], [[], []]);
  }));

Deno.test("endpoints: when its modules are loaded anew Asterisk is asked for all, once however often it says so", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.asterisk.phone("888-ep", { contacts: [] }).endpoints.delete("777-ep");
    for (let i = 0; i < 10; i++) house.say(TELLS.reload);
    await house.pass(1000);
    assert.deepEqual(house.endpoints.list().map(({ name }) => name), ["888-ep"]);
    assert.deepEqual(house.asterisk.asked.sort(), [
      "PJSIPShowAors",
      "PJSIPShowContacts",
      "PJSIPShowEndpoints",
    ]);
    house.say(TELLS.reload);
    await house.pass(2000);
    assert.equal(listsAsked(house), 1, "not yet again");
    house.asterisk.phone("999-ep", { contacts: [] });
    await house.pass(4000);
    assert.equal(listsAsked(house), 2);
    assert.deepEqual(house.endpoints.list().map(({ name }) => name), ["888-ep", "999-ep"]);
    await house.pass(60_000);
    assert.equal(listsAsked(house), 2);
  }));

Deno.test("endpoints: Asterisk that answers late is asked nothing more until it has", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    const answer = house.asterisk.hold();
    house.say(TELLS.reload);
    for (let i = 0; i < 20; i++) {
      house.say(TELLS.reload, TELLS.device(`${500 + i}-ep`, "INUSE"));
      await house.pass(1000);
    }
    assert.equal(house.asterisk.asked.length, 3);
    answer();
    await house.pass(20_000);
    assert.ok(house.asterisk.asked.length <= 3 + 3 + 20, `${house.asterisk.asked.length}`);
  }));

Deno.test("row 7: what was to be asked when the link went down is not, and an answer of before is not heard", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.say(TELLS.reload, TELLS.device("500-ep", "INUSE"));
    house.down();
    await house.pass(10_000);
    assert.deepEqual(house.asterisk.asked, []);
    house.up();
    for (const question of [TELLS.reload, TELLS.device("777-ep", "INVALID")]) {
      const answer = house.asterisk.hold();
      house.say(question);
      await house.pass(1000);
      house.down();
      answer();
      await house.pass(10_000);
      assert.equal(house.view("777-ep").status_reason, "link_down");
      house.up();
    }
    assert.equal(house.asterisk.asked.length, 4);
  }));

Deno.test("endpoints: five thousand phones that register at once are few questions", () =>
  withEndpoints(async (house) => {
    house.asterisk.phones(5000);
    const lists = house.asterisk.lists();
    for (const name of [...house.asterisk.endpoints.keys()]) house.asterisk.phone(name, { contacts: [] });
    house.up();
    house.asterisk.phones(5000);
    house.forget();
    for (const name of house.asterisk.endpoints.keys()) {
      house.say(TELLS.contact(name, "NonQualified"), TELLS.contact(name, "Reachable"));
    }
    assert.equal(house.endpoints.counts().online, 5000);
    await house.pass(1000);
    assert.deepEqual(house.asterisk.asked.length, 3, "the lists");
    assert.equal(house.endpoints.list().filter(({ contacts }) => contacts[0]!.user_agent === null).length, 0);
    await house.pass(20_000);
    assert.equal(house.asterisk.asked.length, 3);
    assert.equal(lists.endpoints.length, 5000);
    assert.equal(
      house.writer.units.filter(({ endpointChanges }) => endpointChanges !== undefined).length,
      5000,
    );
  }));

Deno.test("endpoints: what Asterisk says of the whole and cannot be so is asked about, once", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.asterisk.phone("777-ep", { contacts: [] });
    // The word of the contact was lost.
    house.say(TELLS.peer("777-ep", "Unreachable"), TELLS.device("777-ep", "UNAVAILABLE"));
    assert.equal(house.view("777-ep").status, "online");
    await house.pass(DOUBT_MS + 1000);
    assert.equal(house.view("777-ep").status, "offline");
    assert.deepEqual(house.asterisk.asked, ["PJSIPShowEndpoint 777-ep"]);
    await house.pass(60_000);
    assert.equal(house.asterisk.asked.length, 1);
  }));

Deno.test("endpoints: a phone that registers anew from another port, as Asterisk 22 tells it, was never away", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.forget();
    const uri = uriOf("777").replace("5060", "5099");
    house.say(
      TELLS.contact("777-ep", "NonQualified", { uri }),
      TELLS.peer("777-ep", "Unreachable"),
      TELLS.device("777-ep", "UNAVAILABLE"),
      TELLS.contact("777-ep", "Removed"),
      TELLS.contact("777-ep", "Reachable", { uri }),
      TELLS.peer("777-ep", "Reachable"),
      TELLS.device("777-ep", "NOT_INUSE"),
    );
    house.asterisk.phone("777-ep", { uri });
    await house.pass(5000);
    assert.deepEqual(house.changes("777-ep"), []);
    assert.ok(house.told("endpoint.changed").every(({ status }) => status === "online"));
    assert.deepEqual(house.view("777-ep").contacts.map(({ uri }) => uri), [uri]);
  }));

Deno.test("endpoints: one that comes and goes is marked so, said in the log once, and calms down", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    for (let i = 0; i < 10; i++) {
      house.clock.pass(5000);
      house.say(TELLS.contact("777-ep", i % 2 === 0 ? "Unreachable" : "Reachable"));
    }
    assert.equal(house.view("777-ep").flapping, true);
    assert.deepEqual(house.logged.map(({ message }) => message), ["An endpoint comes and goes too often"]);
    const rows = () => house.writer.units.flatMap(({ endpoint }) => endpoint ?? []);
    await house.settle();
    assert.equal((rows().at(-1)!.state as { flapping: boolean }).flapping, true);
    house.forget();
    await house.pass(600_000);
    assert.equal(house.view("777-ep").flapping, false);
    assert.equal(house.told("endpoint.changed").length, 1);
    assert.equal((rows().at(-1)!.state as { flapping: boolean }).flapping, false);
  }));

Deno.test("row 2: one that comes and goes does so after a restart", async () => {
  const first = startEndpoints();
  first.asterisk.phone("777-ep");
  first.up();
  for (let i = 0; i < 6; i++) {
    first.clock.pass(5000);
    first.say(TELLS.contact("777-ep", i % 2 === 0 ? "Unreachable" : "Reachable"));
  }
  await first.settle();
  const last = first.clock.now();
  first.endpoints.stop();
  const house = startEndpoints({
    clock: first.clock,
    asterisks: { [PBX]: first.asterisk },
    stored: first.stored(),
  });
  try {
    house.clock.pass(1000);
    house.up();
    assert.equal(house.view("777-ep").flapping, true);
    house.clock.pass(last + 600_000 - house.clock.now() - 1);
    assert.equal(house.view("777-ep").flapping, true);
    house.clock.pass(1);
    assert.equal(house.view("777-ep").flapping, false);
  } finally {
    house.endpoints.stop();
  }
});

Deno.test("endpoints: while the database is behind changes are kept, and rows are made when it is back", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep").phone("888-ep").phone("999-ep");
    house.up();
    await house.settle();
    house.forget();
    house.state.behind = true;
    for (let i = 0; i < 100; i++) {
      house.clock.pass(1000);
      house.say(TELLS.contact("777-ep", i % 2 === 0 ? "Unreachable" : "Reachable"));
    }
    house.say(TELLS.contact("777-ep", "Reachable", { uri: "sip:777@192.0.2.99" }));
    house.say(TELLS.contact("999-ep", "Removed"));
    house.asterisk.endpoints.delete("999-ep");
    house.up();
    await house.settle();
    assert.equal(house.changes("777-ep").length, 100);
    assert.deepEqual(house.writer.units.filter(({ endpoint }) => endpoint !== undefined), []);
    house.state.behind = false;
    house.endpoints.catchUp();
    await house.settle();
    const rows = house.writer.units.flatMap(({ endpoint }) => endpoint ?? []);
    assert.deepEqual(rows.map(({ name, status }) => [name, status]), [["777-ep", "online"]]);
    house.forget();
    house.endpoints.catchUp();
    await house.settle();
    assert.deepEqual(house.writer.units, []);
  }));

Deno.test("endpoints: the first change after the database was behind brings the rows that waited", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep").phone("888-ep");
    house.up();
    await house.settle();
    house.state.behind = true;
    house.say(TELLS.contact("777-ep", "Unreachable"));
    house.state.behind = false;
    house.forget();
    house.say(TELLS.contact("888-ep", "Unreachable"));
    await house.settle();
    const rows = house.writer.units.flatMap(({ endpoint }) => endpoint ?? []);
    assert.deepEqual(rows.map(({ name }) => name).sort(), ["777-ep", "888-ep"]);
  }));

Deno.test("endpoints: names and owners that change are shown anew", () =>
  withEndpoints((house) => {
    house.asterisk.phone("777-ep").phone("100-ep");
    house.up();
    house.forget();
    house.book.owners["777"] = { id: 9, name: "New Owner" };
    house.endpoints.namesChanged();
    assert.deepEqual(house.told("endpoint.changed").map(({ name, owner }) => [name, owner.name]), [
      ["777-ep", "New Owner"],
    ]);
  }));

Deno.test("endpoints: names with all that a name may have are told apart", () =>
  withEndpoints((house) => {
    const names = ["a/b", "a", "__proto__", "Иван", "a'b\"c", "x".repeat(200)];
    for (const name of names) house.asterisk.phone(name);
    house.up();
    assert.equal(house.endpoints.size, names.length);
    house.say(TELLS.contact("a/b", "Unreachable"));
    assert.deepEqual(
      house.endpoints.list().filter(({ status }) => status === "offline").map(({ name }) => name),
      ["a/b"],
    );
  }));

/** Has something happen while the lists are asked for: Asterisk writes it right behind them. */
function duringLists(house: EndpointHouse, happen: () => void): void {
  const ask = house.asterisk.ask.bind(house.asterisk);
  let happened = false;
  house.asterisk.ask = async (action, fields) => {
    const items = await ask(action, fields);
    if (action === "PJSIPShowContacts" && !happened) {
      happened = true;
      happen();
    }
    return items;
  };
}

Deno.test("row 12, endpoints: what was asked before an event says less than the event", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    duringLists(house, () => {
      house.asterisk.phone("777-ep", { status: "Unreachable", device: "Unavailable" });
      house.say(TELLS.contact("777-ep", "Unreachable"), TELLS.device("777-ep", "UNAVAILABLE"));
    });
    house.say(TELLS.reload);
    await house.pass(5000);
    assert.equal(house.view("777-ep").status, "offline");
    assert.deepEqual(house.changes("777-ep"), ["online", "offline"], "it never was back");
    assert.equal(house.asterisk.asked.at(-1), "PJSIPShowEndpoint 777-ep", "and is asked for again");
  }));

Deno.test("row 12, endpoints: one that was heard of while the lists were asked for is not gone since they lack it", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("777-ep");
    house.up();
    duringLists(house, () => {
      house.asterisk.phone("888-ep");
      house.say(TELLS.contact("888-ep", "Reachable"));
    });
    house.say(TELLS.reload);
    await house.pass(5000);
    assert.equal(house.view("888-ep").status, "online");
    assert.equal(house.told("endpoint.removed").length, 0);
  }));

Deno.test("endpoints: a contact of the configuration is as it was at each look, and nobody is told", () =>
  withEndpoints(async (house) => {
    house.asterisk.phone("trunk-ep", {
      qualify: false,
      device: "Not in use",
      contacts: [{ uri: "sip:192.0.2.9:5060", status: "NonQualified", fixed: true }],
    });
    house.up();
    await house.pass(2000);
    const { since, status } = house.view("trunk-ep").contacts[0]!;
    assert.equal(status, "non_qualified");
    house.forget();
    for (let i = 0; i < 3; i++) {
      house.clock.pass(300_000);
      house.up();
      await house.pass(2000);
    }
    assert.deepEqual(house.view("trunk-ep").contacts.map((contact) => contact.since), [since]);
    assert.deepEqual([house.told("endpoint.changed").length, house.writer.units.length], [0, 0]);
  }));

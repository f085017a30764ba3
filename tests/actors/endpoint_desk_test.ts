/**
 * @module
 * What people ask of endpoints: to look again, and how it was, page by page, out of the embedded database.
 */
import assert from "node:assert/strict";
import { AmiNotUp, AmiRefused, AmiTimeout } from "../../actors/ami/packet.ts";
import { EndpointDesk, EndpointRefused } from "../../actors/endpoint_desk.ts";
import type { Database } from "../../db/client.ts";
import { migrate } from "../../db/migrate.ts";
import { Writer } from "../../db/writer.ts";
import type { EndpointChangeView } from "../../machines/endpoint_views.ts";
import { START } from "../machines/panel.ts";
import { useEmbedded, withDatabase } from "../db/ground.ts";
import { type EndpointHouse, PBX, TELLS, uriOf, withEndpoints } from "./endpoint_house.ts";

const ground = useEmbedded();
const DAY_MS = 86_400_000;

interface Stage {
  house: EndpointHouse;
  desk: EndpointDesk;
  database: Database;
  /** Has the database hold what the house wrote. */
  keep(): Promise<void>;
  told: { action: string; fields: unknown }[];
  answer: { error: Error | null };
}

function withDesk(run: (stage: Stage) => Promise<void>): Promise<void> {
  return withDatabase(ground.address(), async (database) => {
    await migrate(database);
    await database.query((sql) => sql`truncate endpoints, endpoint_changes, pbx_gaps, endpoint_alerts`);
    const writer = new Writer({ database, windowMs: 0 });
    await withEndpoints(async (house) => {
      const told: Stage["told"] = [];
      const answer: Stage["answer"] = { error: null };
      const desk = new EndpointDesk({
        endpoints: house.endpoints,
        pbx: {
          action: (_pbx, action, fields) => {
            told.push({ action, fields });
            return answer.error === null ? Promise.resolve({}) : Promise.reject(answer.error);
          },
        },
        database,
        clock: house.clock,
      });
      const keep = async () => {
        await house.settle();
        for (const unit of house.writer.units.splice(0)) await writer.commit(unit);
      };
      try {
        await run({ house, desk, database, keep, told, answer });
      } finally {
        await writer.stop();
      }
    });
  });
}

const short = ({ status, at, until }: EndpointChangeView) => [
  status,
  (Date.parse(at) - START) / 1000,
  until === null ? null : (Date.parse(until) - START) / 1000,
];

Deno.test("endpoint desk: to refresh is to have the phone asked, and to look when it had time to answer", () =>
  withDesk(async ({ house, desk, told }) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.asterisk.phone("777-ep", { status: "Unreachable" });
    const refreshed = desk.refresh(PBX, "777-ep");
    await house.settle();
    assert.deepEqual(house.asterisk.asked, [], "it has time to answer");
    await house.pass(1000);
    assert.equal((await refreshed).status, "offline");
    assert.deepEqual(told, [{ action: "PJSIPQualify", fields: { Endpoint: "777-ep" } }]);
    assert.deepEqual(house.asterisk.asked, ["PJSIPShowEndpoint 777-ep"]);
    assert.equal(house.told("endpoint.changed").at(-1).status, "offline");
  }));

Deno.test("endpoint desk: a phone that does not answer is given the time that Asterisk gives it", () =>
  withDesk(async ({ house, desk }) => {
    house.asterisk.phone("777-ep");
    house.up();
    const refreshed = desk.refresh(PBX, "777-ep");
    await house.settle();
    for (const ms of [250, 500, 1000]) await house.pass(ms);
    house.asterisk.phone("777-ep", { status: "Unreachable" });
    await house.pass(1500);
    assert.equal(
      (await refreshed).status,
      "offline",
      "as it was three seconds later, and not as it seemed at first",
    );
    assert.equal(house.asterisk.asked.length, 4);
  }));

Deno.test("endpoint desk: a phone without AOR is looked at all the same, one that is gone is said to be", () =>
  withDesk(async ({ house, desk, answer }) => {
    house.asterisk.phone("777-ep").phone("302-ep", { contacts: [] });
    house.asterisk.endpoints.set("302-ep", { aors: [], device: "Unavailable" });
    house.up();
    // Asterisk ends its message with a line feed here.
    answer.error = new AmiRefused("PJSIPQualify", "No AoRs configured for endpoint\n");
    assert.equal((await desk.refresh(PBX, "302-ep")).status_reason, "no_aor");
    house.asterisk.endpoints.delete("777-ep");
    answer.error = new AmiRefused("PJSIPQualify", "Unable to retrieve endpoint\n");
    await assert.rejects(
      desk.refresh(PBX, "777-ep"),
      (error) => error instanceof EndpointRefused && error.kind === "gone",
    );
    assert.equal(desk.find("777-ep"), null);
  }));

Deno.test("endpoint desk: why it cannot be refreshed is said", () =>
  withDesk(async ({ house, desk, answer }) => {
    house.asterisk.phone("777-ep");
    house.up();
    const errors: [error: Error, kind: string][] = [
      [new AmiNotUp(PBX, false), "link-down"],
      [new AmiRefused("PJSIPQualify", "Permission denied"), "pbx-refused"],
      [new AmiTimeout("PJSIPQualify", 5000), "pbx-refused"],
    ];
    for (const [error, kind] of errors) {
      answer.error = error;
      await assert.rejects(
        desk.refresh(PBX, "777-ep"),
        (thrown) => thrown instanceof EndpointRefused && thrown.kind === kind && thrown.cause === error,
      );
    }
    answer.error = new Error("other");
    await assert.rejects(desk.refresh(PBX, "777-ep"), /other/);
  }));

Deno.test("endpoint desk: the history has each stretch, newest first, with the times nobody heard in it", () =>
  withDesk(async ({ house, desk, keep }) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.clock.pass(10_000);
    house.say(TELLS.contact("777-ep", "Unreachable"));
    house.clock.pass(10_000);
    house.say(TELLS.contact("777-ep", "Reachable"));
    house.clock.pass(10_000);
    house.down();
    house.clock.pass(10_000);
    house.up();
    house.clock.pass(10_000);
    await keep();
    const { items, next, availability } = await desk.history(PBX, "777-ep", { limit: 10 });
    assert.deepEqual(items.map(short), [
      ["online", 40, null],
      ["unknown", 30, 40],
      ["online", 20, 30],
      ["offline", 10, 20],
      ["online", 0, 10],
    ]);
    assert.deepEqual(items.map(({ reason }) => reason), [null, "link_down", null, "unreachable", null]);
    assert.equal(next, null);
    assert.deepEqual(availability.day, {
      online_s: 30,
      offline_s: 10,
      unknown_s: 86_400 - 40,
      ratio: 0.75,
    });
    assert.equal(availability.month.unknown_s, 30 * 86_400 - 40);
    house.down();
    house.clock.pass(5000);
    const now = await desk.history(PBX, "777-ep", { limit: 10 });
    assert.deepEqual(now.items.map(short).slice(0, 2), [["unknown", 50, null], ["online", 40, 50]]);
    assert.equal(now.availability.day.online_s, 30, "though the row of the gap is not written");
    await keep();
    assert.deepEqual((await desk.history(PBX, "777-ep", { limit: 10 })).items, now.items);
    const nobody = await desk.history(PBX, "nobody", { limit: 10 });
    assert.deepEqual([nobody.items, nobody.next, nobody.availability.month.ratio], [[], null, null]);
  }));

Deno.test("endpoint desk: pages have no gap and no double, also where changes are of one moment", () =>
  withDesk(async ({ house, desk, keep }) => {
    house.asterisk.phone("777-ep");
    house.up();
    for (let i = 0; i < 60; i++) {
      // Every third time it comes and goes within a millisecond.
      if (i % 3 !== 0) house.clock.pass(1000);
      house.say(TELLS.contact("777-ep", i % 2 === 0 ? "Unreachable" : "Reachable"));
    }
    house.clock.pass(1000);
    await keep();
    const whole = (await desk.history(PBX, "777-ep", { limit: 1000 })).items;
    assert.equal(whole[0]!.until, null);
    assert.equal(whole[0]!.status, house.view("777-ep").status);
    for (const limit of [1, 2, 3, 7, 59]) {
      const pages: EndpointChangeView[] = [];
      let before: string | undefined;
      for (let i = 0; i < 100; i++) {
        const { items, next } = await desk.history(PBX, "777-ep", { limit, before });
        assert.ok(items.length <= limit + 1, `${items.length} of ${limit}`);
        pages.push(...items);
        if (next === null) break;
        assert.notEqual(next, before);
        before = next;
      }
      // A stretch of no time is none, so that the same status may stand on both sides of a page's end.
      const seconds = (some: EndpointChangeView[]) =>
        some.flatMap(({ status, at, until }) => {
          const from = Math.round((Date.parse(at) - START) / 1000);
          const to = until === null ? 41 : Math.round((Date.parse(until) - START) / 1000);
          return Array.from({ length: to - from }, (_, index) => `${from + index} ${status}`);
        });
      assert.deepEqual(
        seconds(pages),
        seconds(pages).toSorted((one, other) => 0 * one.length * other.length),
      );
      assert.deepEqual([...seconds(pages)].sort(), [...seconds(whole)].sort(), `pages of ${limit}`);
    }
  }));

Deno.test("endpoint desk: a page that ends within a gap says so on both", () =>
  withDesk(async ({ house, desk, keep }) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.clock.pass(10_000);
    house.down();
    house.clock.pass(10_000);
    house.asterisk.phone("777-ep", { contacts: [] });
    house.up();
    house.clock.pass(10_000);
    await keep();
    const first = await desk.history(PBX, "777-ep", { limit: 1 });
    assert.deepEqual(first.items.map(short), [["offline", 20, null]]);
    const second = await desk.history(PBX, "777-ep", { limit: 1, before: first.next! });
    assert.deepEqual(second.items.map(short), [["unknown", 10, 20], ["online", 0, 10]]);
    assert.equal(second.next, null);
  }));

Deno.test("endpoint desk: how it was before the month counts within it", () =>
  withDesk(async ({ house, desk, keep }) => {
    house.asterisk.phone("777-ep");
    house.up();
    house.clock.pass(60 * DAY_MS);
    house.say(TELLS.contact("777-ep", "Unreachable", { uri: uriOf("777") }));
    house.clock.pass(DAY_MS / 2);
    await keep();
    const { availability } = await desk.history(PBX, "777-ep", { limit: 1 });
    assert.deepEqual([availability.day.online_s, availability.day.offline_s], [43_200, 43_200]);
    assert.deepEqual([availability.month.online_s, availability.month.unknown_s], [29.5 * 86_400, 0]);
    assert.equal(availability.week.ratio, 6.5 / 7);
  }));

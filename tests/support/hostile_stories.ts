/**
 * @module
 * What no panel should send, told once for both kinds of world: payloads that are none, and texts that mean something
 * to a browser, a spreadsheet or a database.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { publishPacket } from "./mqtt_bytes.ts";
import { dialRaw } from "./raw_client.ts";
import { waitFor, withDeadline } from "./wait.ts";
import { inWorld, type World, type WorldKind } from "./world.ts";

const MAC = "AA:BB:CC:01";
const utf8 = new TextEncoder();

const MALFORMED: [reason: string, payload: Uint8Array][] = [
  ["not_utf8", Uint8Array.of(0xff, 0xfe, 0, 1)],
  ["not_utf8", Buffer.concat([utf8.encode('{"apartment":"'), Uint8Array.of(0xc3, 0x28), utf8.encode('"}')])],
  ["too_deep", utf8.encode(`${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`)],
  ["too_deep", utf8.encode("[".repeat(60_000))],
  ["not_json", utf8.encode("{apartment: 1}")],
  ["not_json", utf8.encode("")],
  ["not_object", utf8.encode('"a word"')],
  ["wrong_type", utf8.encode('{"apartment":{"$gt":1}}')],
  ["wrong_type", utf8.encode(`{"apartment":"${"9".repeat(65)}"}`)],
];

const HOSTILE = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  '=HYPERLINK("http://192.0.2.1/")',
  "+1+cmd|' /C calc'!A0",
  "-2+3",
  "@SUM(1)",
  "'; drop table intercoms; --",
  'a,b"c\nd',
  "${7*7} {{7*7}} %s",
  "javascript:alert(1)",
];

/** Registers the stories as tests of one kind of world. */
export function tellHostileStories(kind: WorldKind, options: { ignore?: boolean } = {}): void {
  const ignore = options.ignore ?? false;

  Deno.test({
    name: `row 15: binary, broken UTF-8, deep JSON and __proto__ are counted and kept aside; ${kind}`,
    ignore,
    fn: () =>
      inWorld(kind, {}, async (world) => {
        const bystander = world.panel("AA:BB:CC:02", { heartbeatEverySeconds: 1 });
        await withDeadline(bystander.start());
        const client = await dialRaw(world, "hostile");
        for (const [index, [, payload]] of MALFORMED.entries()) {
          client.write(publishPacket(`intercom/${MAC}/call`, payload, { qos: 1, id: index + 1 }));
        }
        const polluting =
          '{"apartment":"7","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":1}},' +
          '"more":{"__proto__":{"polluted":2}}}';
        client.write(publishPacket(`intercom/${MAC}/call`, utf8.encode(polluting), { qos: 1, id: 99 }));
        const [event] = await waitFor(async () => {
          const events = await world.events(`&mac=${MAC}&type=call`);
          return events.length > 0 && events;
        });
        assert.equal(event!.apartment, "7");
        assert.equal((event!.payload as { polluted?: unknown }).polluted, undefined);
        const { body } = await world.admin.api("GET", "/api/dead-letters");
        const expected: Record<string, number> = {};
        for (const [reason] of MALFORMED) expected[reason] = (expected[reason] ?? 0) + 1;
        assert.deepEqual(body.counts, expected);
        await waitFor(async () =>
          (await world.admin.api("GET", "/api/dead-letters")).body.items.length === MALFORMED.length
        );
        // All were dealt with, none of them is offered again.
        assert.equal(client.destroyed, false);
        await bystander.ring(3);
        await waitFor(async () => (await world.events("&mac=AA:BB:CC:02&type=call")).length === 1);
        assert.equal(bystander.lost, 0);
        assert.equal((await get(world, "AA:BB:CC:02")).status, "online");
      }),
  });

  Deno.test({
    name: `row 29: hostile texts of a panel stay text in the API and in CSV files; ${kind}`,
    ignore,
    fn: () =>
      inWorld(kind, {}, async (world) => {
        const mouth = await world.ear({ filter: `intercom/${MAC}/cmd` });
        for (const [index, text] of HOSTILE.entries()) {
          await mouth.say(`intercom/${MAC}/key`, {
            apartment: text,
            key_id: text,
            id: `k${index}`,
            note: text,
          });
        }
        await waitFor(async () => (await world.events("&type=key")).length === HOSTILE.length);
        const named = await world.admin.api("PUT", `/api/intercoms/${MAC}`, { body: { name: HOSTILE[2] } });
        assert.equal(named.status, 200);
        const events = await world.events("&type=key");
        for (const [index, text] of HOSTILE.entries()) {
          assert.deepEqual([events[index]!.apartment, events[index]!.key_id, events[index]!.payload.note], [
            text,
            text,
            text,
          ]);
        }
        for (const text of HOSTILE) {
          const found = await world.events(`&apartment=${encodeURIComponent(text)}`);
          assert.equal(found.length, 1, text);
        }
        const csv = await world.admin.api("GET", "/api/events.csv?type=key");
        assert.equal(csv.headers.get("x-content-type-options"), "nosniff");
        assert.match(csv.headers.get("content-type") ?? "", /^text\/csv/);
        assert.match(csv.headers.get("content-disposition") ?? "", /^attachment/);
        const rows = parseCsv(csv.body.replace(/^\ufeff/, ""));
        assert.equal(rows.length, HOSTILE.length + 1);
        for (const cell of rows.flat()) {
          assert.doesNotMatch(cell, /^[=+\-@\t\r]/, "a spreadsheet would run it");
        }
        assert.equal((await world.sql("select from intercoms")).length, 1);
      }),
  });
}

/** Reads RFC 4180, which is all that is needed here. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const match of text.trimEnd().matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (match[0] === "" && match.index > 0) break;
    rows.at(-1)!.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] !== "," && match[3] !== "") rows.push([]);
  }
  return rows;
}

// deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
async function get(world: World, mac: string): Promise<any> {
  return (await world.admin.api("GET", `/api/intercoms/${mac}`)).body;
}

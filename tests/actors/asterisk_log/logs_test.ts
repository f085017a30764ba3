/**
 * @module
 * The logs as the rest of the service uses them: who is told what, what can be asked, and what strangers put in.
 */
import assert from "node:assert/strict";
import { AsteriskLogs } from "../../../actors/asterisk_log/logs.ts";
import { append, inFolder, NOW, startLogs } from "./ground.ts";

const ENDPOINTS = [
  { pbx: "hq", name: "777-ep", aors: ["777"] },
  { pbx: "hq", name: "888-ep", aors: ["888"] },
  { pbx: "shop", name: "777-ep", aors: ["777"] },
];
const AT = "[Nov 20 14:00:00]";

Deno.test("asterisk logs: a line is told to those who read it, and to nobody else", () =>
  inFolder(async (folder) => {
    const [hq, shop] = [`${folder}/hq`, `${folder}/shop`];
    Deno.writeTextFileSync(hq, "");
    Deno.writeTextFileSync(shop, "");
    const sources = [{ pbx: "hq", path: hq }, { pbx: "shop", path: shop }];
    const { logs, read, told, topics } = startLogs(sources, { endpoints: () => ENDPOINTS });
    await logs.poll();
    append(
      hq,
      `${AT} VERBOSE[1][C-00000001] app_dial.c: PJSIP/777-ep-00000001 answered PJSIP/888-ep-00000002\n`,
    );
    append(shop, `${AT} NOTICE[1] a.c: Endpoint 777-ep is now Reachable\n${AT} NOTICE[1] a.c: nobody\n`);
    await read();
    assert.deepEqual(topics().toSorted(), [
      "logs:* Endpoint 777-ep is now Reachable",
      "logs:* PJSIP/777-ep-00000001 answered PJSIP/888-ep-00000002",
      "logs:* nobody",
      "logs:[hq/C-00000001] PJSIP/777-ep-00000001 answered PJSIP/888-ep-00000002",
      "logs:hq/777-ep PJSIP/777-ep-00000001 answered PJSIP/888-ep-00000002",
      "logs:hq/888-ep PJSIP/777-ep-00000001 answered PJSIP/888-ep-00000002",
      "logs:shop/777-ep Endpoint 777-ep is now Reachable",
    ]);
    const { line } = told.find(({ topic }) => topic === "logs:hq/777-ep")!;
    assert.deepEqual(line, {
      id: line.id,
      timestamp: "2026-11-20T14:00:00.000Z",
      level: "VERBOSE",
      source: "app_dial.c",
      call: "C-00000001",
      message: "PJSIP/777-ep-00000001 answered PJSIP/888-ep-00000002",
      file: "hq",
      pbx: "hq",
      endpoints: ["777-ep", "888-ep"],
    });
    await logs.stop();
  }));

Deno.test("asterisk logs: lines of an endpoint, of a call across endpoints, and of all", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(
      path,
      [
        `${AT} VERBOSE[1][C-00000001] pbx.c: Executing [888@internal:1] Dial("PJSIP/777-ep-00000001", "PJSIP/888-ep,15")`,
        `${AT} VERBOSE[1][C-00000001] app_dial.c: PJSIP/888-ep-00000002 is ringing`,
        `${AT} DEBUG[1][C-00000001] chan.c: nothing named`,
        `${AT} DEBUG[1][C-00000002] chan.c: another call`,
        "",
      ].join("\n"),
    );
    const { logs, read, told } = startLogs([{ pbx: "hq", path }], {
      endpoints: () => ENDPOINTS,
      wants: () => false,
    });
    await read();
    const count = (scope: Parameters<AsteriskLogs["list"]>[0]) =>
      logs.list(scope, {}, { limit: 9 }).items.length;
    assert.equal(count({ kind: "all" }), 4);
    assert.equal(count({ kind: "call", pbx: "hq", call: "C-00000001" }), 3);
    assert.equal(count({ kind: "endpoint", pbx: "hq", name: "777-ep" }), 3);
    assert.equal(count({ kind: "endpoint", pbx: "hq", name: "888-ep" }), 3);
    assert.equal(count({ kind: "endpoint", pbx: "shop", name: "777-ep" }), 0);
    assert.deepEqual(logs.stats({ kind: "call", pbx: "hq", call: "C-00000001" }), {
      lines: 3,
      per_minute: 0,
      levels: { VERBOSE: 2, DEBUG: 1 },
      sources: ["app_dial.c", "chan.c", "pbx.c"],
    });
    assert.deepEqual(logs.list({ kind: "all" }, { levels: ["DEBUG"] }, { limit: 1 }).next, 4);
    assert.deepEqual(told, [], "nobody reads along");
    append(path, `${AT} NOTICE[1] a.c: Endpoint 777-ep is new\n`);
    await read();
    assert.equal(logs.stats({ kind: "all" }).per_minute, 1);
    await logs.stop();
  }));

/** A line of a call in which a phone takes part, and one that says that Asterisk was started. */
const said = (name: string, at = AT) =>
  `${at} VERBOSE[1][C-00000001] pbx.c: Executing on PJSIP/${name}-00000001 in new stack\n`;
const started = (at = AT) => `${at} NOTICE[1] loader.c: 200 modules will be loaded.\n`;

Deno.test("asterisk logs: calls of two Asterisks that have the same number are two", () =>
  inFolder(async (folder) => {
    const sources = ["hq", "shop"].map((pbx) => ({ pbx, path: `${folder}/${pbx}` }));
    for (const { path } of sources) Deno.writeTextFileSync(path, "");
    const { logs, read, topics } = startLogs(sources, { endpoints: () => ENDPOINTS });
    await logs.poll();
    append(sources[0]!.path, said("888-ep"));
    append(sources[1]!.path, said("777-ep"));
    await read();
    const of = (pbx: string, filter = {}) =>
      logs.list({ kind: "call", pbx, call: "C-00000001" }, filter, { limit: 9 }).items
        .map(({ pbx, endpoints }) => `${pbx}/${endpoints}`);
    assert.deepEqual(logs.pbxs(), ["hq", "shop"]);
    assert.deepEqual([of("hq"), of("shop"), of("none")], [["hq/888-ep"], ["shop/777-ep"], []]);
    assert.equal(logs.list({ kind: "all" }, { pbx: "shop" }, { limit: 9 }).items.length, 1);
    assert.deepEqual(topics().filter((topic) => topic.includes("[")).map((topic) => topic.split(" ")[0]), [
      "logs:[hq/C-00000001]",
      "logs:[shop/C-00000001]",
    ]);
    await logs.stop();
  }));

Deno.test("asterisk logs: a call is over when its Asterisk is started anew, and its number is another call's", () =>
  inFolder(async (folder) => {
    const sources = ["hq", "shop"].map((pbx) => ({ pbx, path: `${folder}/${pbx}` }));
    for (const { path } of sources) Deno.writeTextFileSync(path, "");
    const { logs, read } = startLogs(sources, { endpoints: () => ENDPOINTS });
    await logs.poll();
    append(sources[0]!.path, said("777-ep") + started() + said("888-ep"));
    append(sources[1]!.path, said("777-ep"));
    await read();
    const of = (scope: Parameters<AsteriskLogs["list"]>[0], call?: string) =>
      logs.list(scope, call === undefined ? {} : { call }, { limit: 9 }).items.map(({ endpoints }) =>
        endpoints
      );
    const call = "C-00000001";
    assert.deepEqual(of({ kind: "call", pbx: "hq", call }), [["888-ep"]]);
    assert.deepEqual(of({ kind: "call", pbx: "shop", call }), [["777-ep"]], "which was not started");
    assert.deepEqual(of({ kind: "endpoint", pbx: "hq", name: "777-ep" }, call), []);
    assert.deepEqual(of({ kind: "endpoint", pbx: "hq", name: "777-ep" }), [["777-ep"]], "the line is there");
    assert.deepEqual(of({ kind: "endpoint", pbx: "hq", name: "888-ep" }, call), [["888-ep"]]);
    await logs.stop();
  }));

Deno.test("asterisk logs: a start that several files tell of takes nothing of what came after it", () =>
  inFolder(async (folder) => {
    const [full, messages] = [`${folder}/full`, `${folder}/messages`];
    const [before, start, after] = ["13:59:50", "13:59:55", "13:59:58"].map((time) => `[Nov 20 ${time}]`);
    Deno.writeTextFileSync(full, "");
    Deno.writeTextFileSync(messages, "");
    const { logs, read, told } = startLogs([full, messages].map((path) => ({ pbx: "hq", path })), {
      endpoints: () => ENDPOINTS,
    });
    await logs.poll();
    // The second file is read when the first has told of the start and of a call after it.
    append(full, said("777-ep", before) + started(start) + said("888-ep", after));
    append(messages, said("777-ep", before) + said("777-ep", start) + started(start) + said("888-ep", after));
    await read();
    const { items } = logs.list({ kind: "call", pbx: "hq", call: "C-00000001" }, {}, { limit: 9 });
    assert.deepEqual(items.map(({ file }) => file).sort(), ["full", "messages"]);
    for (const { endpoints } of items) assert.ok(endpoints.includes("888-ep"));
    // What is told on a call's topic is of the call that goes by that number then.
    const ofCall = told.filter(({ topic }) => topic === "logs:[hq/C-00000001]");
    assert.ok(!ofCall.some(({ line }) => line.file === "messages" && line.timestamp?.includes(":50.")));
    await logs.stop();
  }));

Deno.test("asterisk logs: a start in a time to come does not hide the calls until then", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, "");
    const { logs, read } = startLogs([{ pbx: "hq", path }, { pbx: "hq", path: `${path}.2` }], {
      endpoints: () => ENDPOINTS,
    });
    await logs.poll();
    append(path, started("[Nov 20 14:30:00]"));
    append(`${path}.2`, said("777-ep", "[Nov 20 14:00:01]"));
    await read();
    const { items } = logs.list({ kind: "call", pbx: "hq", call: "C-00000001" }, {}, { limit: 9 });
    assert.equal(items.length, 1);
    await logs.stop();
  }));

Deno.test("asterisk logs: endpoints that come and go", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, "");
    let endpoints = ENDPOINTS.slice(0, 1);
    let asked = 0;
    const { logs, read, clock } = startLogs([{ pbx: "hq", path }], {
      endpoints: () => {
        asked++;
        return endpoints;
      },
    });
    const say = async () => {
      append(path, `${AT} NOTICE[1] a.c: Endpoint 777-ep and Endpoint 888-ep\n`.repeat(10));
      await read();
      return logs.list({ kind: "all" }, {}, { limit: 1 }).items[0]!.endpoints;
    };
    await read();
    assert.deepEqual(await say(), ["777-ep"]);
    assert.equal(asked, 1);
    endpoints = ENDPOINTS.slice(1, 2);
    logs.endpointsChanged();
    logs.endpointsChanged();
    await say();
    assert.equal(asked, 1, "not for each change");
    clock.pass(1000);
    assert.deepEqual(await say(), ["888-ep"]);
    assert.equal(asked, 2);
    assert.equal(
      logs.stats({ kind: "endpoint", pbx: "hq", name: "777-ep" }).lines,
      0,
      "what is gone is forgotten",
    );
    await logs.stop();
  }));

Deno.test("asterisk logs: start and stop, and what is said of files", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    const { logs, clock, said } = startLogs([{ pbx: "hq", path }, { pbx: "hq", path: `${folder}/none/*` }]);
    await logs.start();
    await logs.start();
    assert.deepEqual(logs.files(), [
      { name: "messages", pbx: "hq", state: "missing", lines: 0, error: null },
      { name: "*", pbx: "hq", state: "missing", lines: 0, error: null },
    ]);
    assert.ok(clock.sim.live <= 1, "one timer for all");
    Deno.writeTextFileSync(path, `${AT} NOTICE[1] a.c: x\n`);
    await logs.stop();
    await logs.stop();
    assert.equal(clock.sim.live, 0);
    assert.match(said[0]!, /awaited/);
    assert.ok(said[0]!.includes(path), "whoever set it sees what was meant");
    assert.ok(said.some((line) => line.includes(`${folder}/none/*`)));
  }));

Deno.test("asterisk logs: it reads by itself as the clock goes", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, "");
    const { logs, clock, told } = startLogs([{ pbx: "hq", path }]);
    await logs.start();
    append(path, `${AT} NOTICE[1] a.c: x\n`);
    // Each turn the timer is set once the reading before is over, which takes real time on a real file system.
    for (let turn = 0; turn < 1000 && told.length === 0; turn++) {
      clock.pass(100);
      await logs.poll();
    }
    assert.equal(told[0]?.line.message, "x");
    await logs.stop();
  }));

Deno.test("asterisk logs: a zone that does not exist is refused at once", () => {
  assert.throws(() => startLogs([], { zone: "Nowhere/Land" }), RangeError);
});

Deno.test("asterisk logs: what strangers write stays text, and names only what it names", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, "");
    const { logs, read } = startLogs([{ pbx: "hq", path }], { endpoints: () => ENDPOINTS });
    await logs.poll();
    const hostile = [
      `<script>alert(1)</script>`,
      `"><img src=x onerror=alert(1)>`,
      "${jndi:ldap://x}",
      "'; drop table calls; --",
      "$(reboot) `reboot`",
      "__proto__",
      "Endpoint __proto__ constructor 'toString' PJSIP/__proto__-00000001",
      "=cmd|' /C calc'!A0",
      "\u202eevil\u2028\u2029",
    ];
    const from = (text: string) =>
      `${AT} NOTICE[1] res_pjsip/pjsip_distributor.c: Request 'REGISTER' from '"${text}" <sip:888@a>' failed for ` +
      `'192.0.2.1:5060' (callid: ${text}) - No matching endpoint found`;
    append(path, hostile.map(from).join("\n") + "\n");
    append(path, new Uint8Array([...new TextEncoder().encode(`${AT} NOTICE[1] a.c: `), 0xff, 0, 0xfe, 10]));
    append(path, `${AT} NOTICE[1] a.c: ${"y".repeat(10_000_000)}\n${AT} NOTICE[1] a.c: after\n`);
    await read();
    const { items } = logs.list({ kind: "all" }, {}, { limit: 99 });
    assert.deepEqual(
      items.slice(0, hostile.length).map(({ message }) => message),
      hostile.map((text) => from(text).split(".c: ")[1]!.replaceAll("\u202e", "\\u202e")),
    );
    for (const { endpoints } of items.slice(0, hostile.length)) assert.deepEqual(endpoints, ["888-ep"]);
    assert.equal(items[hostile.length]!.message, "\ufffd\\u0000\ufffd");
    assert.ok(items[hostile.length + 1]!.message.length <= 65_536);
    assert.equal(items.at(-1)!.message, "after");
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    await logs.stop();
  }));

Deno.test("asterisk logs: a long read lets others have their turn, and memory stays bounded", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, "");
    const bounds = { all: 5000, endpoint: 1000, call: 100, calls: 100, bytes: 2_000_000 };
    const { logs, clock } = startLogs([{ pbx: "hq", path }], {
      endpoints: () => ENDPOINTS,
      wants: () => false,
      bounds,
    });
    await logs.poll();
    for (let n = 0; n < 60; n++) {
      append(
        path,
        `${AT} VERBOSE[1][C-0000000${n % 10}] a.c: PJSIP/777-ep-00000001 number ${n}\n`.repeat(1000),
      );
    }
    let turns = 0;
    let polls = 1;
    const timer = setInterval(() => turns++);
    while (await logs.poll()) polls++;
    clearInterval(timer);
    clock.pass(200);
    await logs.poll();
    assert.ok(polls > 2 && turns > 2, `${polls} polls, ${turns} turns`);
    assert.equal(logs.files()[0]!.lines, 60_000);
    assert.ok(logs.stats({ kind: "all" }).lines <= 5000);
    assert.ok(logs.stats({ kind: "endpoint", pbx: "hq", name: "777-ep" }).lines <= 1000);
    assert.ok(logs.stats({ kind: "call", pbx: "hq", call: "C-00000001" }).lines <= 100);
    assert.equal(new Date(NOW).getUTCFullYear(), 2026);
    await logs.stop();
  }));

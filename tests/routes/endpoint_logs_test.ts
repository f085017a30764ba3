/**
 * @module
 * Log lines through HTTP: filters, pages, the file, and that a name leads to an endpoint's lines or to nothing.
 */
import assert from "node:assert/strict";
import type { LogLineView } from "../../machines/endpoint_views.ts";
import { NOON, useEmbedded } from "../db/ground.ts";
import { type Edge, onEdge } from "./edge.ts";
import { endpointView, logLine } from "./fake_endpoints.ts";

const ground = useEmbedded();

const at = (seconds: number) => encodeURIComponent(new Date(NOON + seconds * 1000).toISOString());

function fill(edge: Edge): LogLineView[] {
  edge.endpoints.held = [
    endpointView(),
    endpointView({ name: "888-ep" }),
    endpointView({ name: "777-ep", pbx: "second" }),
  ];
  edge.logs.lines = [
    logLine(1, { level: "WARNING" }),
    logLine(2, { endpoints: ["888-ep"], call: "C-0000000a" }),
    logLine(3, { call: "C-0000000a", endpoints: ["777-ep", "888-ep"], message: "answered\n  by two" }),
    logLine(4, { endpoints: [], source: null, timestamp: null, level: "CUSTOM_1" }),
    logLine(5, { source: "chan_sip.c" }),
    logLine(6, { pbx: "second" }),
  ];
  return edge.logs.lines;
}

async function ids(edge: Edge, path: string): Promise<string> {
  const { status, json, text } = await edge.ask("GET", `/api/${path}`);
  assert.equal(status, 200, text);
  return json.items.map(({ id }: LogLineView) => id).join("");
}

Deno.test("logs: lines of an endpoint, of all and of a call, with filters, the oldest first", () =>
  onEdge(ground, async (edge) => {
    const lines = fill(edge);
    const asked: [path: string, expected: string][] = [
      ["logs", "123456"],
      ["endpoints/777-ep/logs?pbx=main", "135"],
      ["endpoints/777-ep/logs?pbx=second", "6"],
      ["endpoints/888-ep/logs", "23"],
      ["logs?level=WARNING", "1"],
      ["logs?level=warning,custom_1", "14"],
      ["logs?source=chan_sip", "5"],
      ["logs?q=answered", "3"],
      ["logs?call=C-0000000a", "23"],
      ["logs?call=%5BC-0000000A%5D", "23"],
      ["endpoints/777-ep/logs?pbx=main&call=C-0000000a", "3"],
      [`logs?from=${at(2)}`, "2356"],
      [`logs?from=${at(2)}&to=${at(5)}`, "23"],
      ["logs?level=ERROR", ""],
      ["logs?pbx=second", "6"],
      ["logs?pbx=nobody", ""],
    ];
    for (const [path, expected] of asked) assert.equal(await ids(edge, path), expected, path);
    const { json } = await edge.ask("GET", "/api/endpoints/888-ep/logs");
    assert.deepEqual(json.items, [lines[1], lines[2]]);
    assert.deepEqual(json.stats, {
      lines: 2,
      per_minute: 1.5,
      levels: { NOTICE: 2 },
      sources: ["pjsip_distributor"],
    });
    assert.deepEqual(json.files.map(({ name, state }: { name: string; state: string }) => [name, state]), [
      ["full", "following"],
      ["security", "missing"],
    ]);
    assert.equal((await edge.ask("GET", "/api/logs?call=C-0000000a")).json.stats.lines, 2, "of the call");
    for (
      const query of [
        "level=",
        "level=%20",
        "level=a/b",
        "call=1",
        "from=now",
        "limit=0",
        "limit=1001",
        "cursor=x",
      ]
    ) {
      assert.equal((await edge.ask("GET", `/api/logs?${query}`)).status, 422, query);
    }
  }));

Deno.test("logs: a call is of one PBX, which has to be named where several are followed", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    edge.logs.lines.push(logLine(7, { pbx: "second", call: "C-0000000a", endpoints: ["9-ep"] }));
    edge.logs.followed = ["main", "second"];
    assert.equal(await ids(edge, "logs?call=C-0000000a&pbx=main"), "23");
    assert.equal(await ids(edge, "logs?call=C-0000000A&pbx=second"), "7");
    assert.equal(await ids(edge, "endpoints/888-ep/logs?call=C-0000000a"), "23", "of that endpoint's PBX");
    const file = await edge.ask("GET", "/api/logs.txt?call=C-0000000a&pbx=second");
    assert.equal(file.text.split("\n").length, 2);
    for (const path of ["logs", "logs.txt"]) {
      const several = await edge.ask("GET", `/api/${path}?call=C-0000000a`);
      assert.equal(several.status, 409, path);
      const { type, pbxs, detail } = JSON.parse(several.text);
      assert.match(type, /ambiguous-call$/);
      assert.deepEqual(pbxs, ["main", "second"]);
      assert.match(detail, /main, second/);
      assert.equal((await edge.ask("GET", `/api/${path}?call=C-0000000a&pbx=third`)).status, 404, path);
    }
  }));

Deno.test("logs: pages lead back to the oldest line, each once", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    let seen = "";
    for (let cursor = "";;) {
      const { items, next } = (await edge.ask("GET", `/api/logs?limit=4${cursor}`)).json;
      seen = items.map(({ id }: LogLineView) => id).join("") + seen;
      if (next === null) break;
      cursor = `&cursor=${next}`;
    }
    assert.equal(seen, "123456");
  }));

Deno.test("logs: without a log there is none, and no route fails", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    for (const path of ["/api/logs", "/api/logs?call=C-1", "/api/endpoints/888-ep/logs"]) {
      const { json } = await edge.ask("GET", path);
      assert.deepEqual(json, {
        items: [],
        next: null,
        stats: { lines: 0, per_minute: 0, levels: {}, sources: [] },
        files: [],
      });
      const file = await edge.ask("GET", path.replace("logs", "logs.txt"));
      assert.deepEqual([file.status, file.text], [200, ""]);
    }
    assert.equal((await edge.ask("GET", "/api/endpoints/nobody/logs")).status, 404);
  }, { logs: null }));

Deno.test("logs: a file has all lines that the filters let through, oldest first, as text to be kept", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    const all = await edge.ask("GET", "/api/logs.txt");
    const stamp = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();
    assert.deepEqual(all.text.split("\n"), [
      `[${stamp(1)}] WARNING res_pjsip/pjsip_distributor.c: line 1`,
      `[${stamp(2)}] NOTICE[C-0000000a] res_pjsip/pjsip_distributor.c: line 2`,
      `[${stamp(3)}] NOTICE[C-0000000a] res_pjsip/pjsip_distributor.c: answered`,
      "  by two",
      "[-] CUSTOM_1 -: line 4",
      `[${stamp(5)}] NOTICE chan_sip.c: line 5`,
      `[${stamp(6)}] NOTICE res_pjsip/pjsip_distributor.c: line 6`,
      "",
    ]);
    assert.equal(all.headers.get("content-type"), "text/plain; charset=utf-8");
    assert.equal(all.headers.get("content-disposition"), 'attachment; filename="doorline-logs-asterisk.txt"');
    assert.equal(all.headers.get("x-content-type-options"), "nosniff");
    const few = await edge.ask("GET", "/api/endpoints/777-ep/logs.txt?pbx=main&level=warning");
    assert.equal(few.text.split("\n").length, 2);
    edge.logs.lines = Array.from({ length: 3500 }, (_, i) => logLine(i + 1));
    const long = (await edge.ask("GET", "/api/endpoints/777-ep/logs.txt?pbx=main")).text.trimEnd().split(
      "\n",
    );
    assert.deepEqual(
      long.map((line) => Number(line.split(" ").at(-1))),
      Array.from({ length: 3500 }, (_, i) => i + 1),
    );
    assert.ok(edge.logs.asked.length > 5, "in batches");
  }));

Deno.test("logs: the file's name has nothing of an endpoint's that a header or a disk could take amiss", () =>
  onEdge(ground, async (edge) => {
    const odd = [
      'a"b',
      "../../etc/passwd",
      "a\r\nSet-Cookie: x=1",
      "Пост",
      "con.txt",
      "a;b",
      "x".repeat(300),
    ];
    edge.endpoints.held = odd.map((name) => endpointView({ name }));
    for (const name of odd) {
      const answer = await edge.ask("GET", `/api/endpoints/${encodeURIComponent(name)}/logs.txt`);
      assert.equal(answer.status, 200, name);
      assert.match(
        answer.headers.get("content-disposition")!,
        /^attachment; filename="doorline-logs-[A-Za-z0-9_-]{1,64}\.txt"$/,
        name,
      );
    }
  }));

/** What is the name of no endpoint, as it would have to be for a path to be made of it. */
const TRAVERSALS = [
  "..",
  ".",
  "%2e%2e",
  "../777-ep",
  "..%2f777-ep",
  "..%2f..%2f..%2fetc%2fpasswd",
  "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
  "..%252f..%252fetc%252fpasswd",
  "%252e%252e%252f777-ep",
  "..%5c..%5cwindows",
  "777-ep%2f..%2f888-ep",
  "777-ep%2f",
  "%2f777-ep",
  "777-ep%00",
  "%00",
  "777-ep%00.txt",
  "777-ep%0a",
  "full",
  "security",
  "%2fvar%2flog%2fasterisk%2ffull",
  "file:%2f%2f%2fetc%2fpasswd",
  "main%2f777-ep",
  "%c0%ae%c0%ae%2f777-ep",
  "%ff",
  "%",
  "*",
  "[C-0000000a]",
  "__proto__",
  "x".repeat(5000),
];

Deno.test("row 31: logs are by the name of an endpoint, never by a path: dots, slashes, NUL and what is encoded twice are 404", () =>
  onEdge(ground, async (edge) => {
    edge.endpoints.held = [endpointView(), endpointView({ name: "888-ep" })];
    edge.logs.lines = [logLine(1)];
    for (const given of TRAVERSALS) {
      for (const rest of ["/logs", "/logs.txt", "", "/history", "/config", "/config/versions"]) {
        const plain = `/api/endpoints/${given}${rest}`;
        const url = new URL(`http://doors.test${plain}`);
        // Dots lead elsewhere before any route sees them, to a route of its own or to none.
        if (url.pathname !== plain && !/^\/api\/endpoints\/./.test(url.pathname)) continue;
        edge.logs.asked.length = edge.config.asked.length = 0;
        const answer = await edge.ask("GET", plain);
        assert.equal(answer.status, 404, plain);
        assert.deepEqual(edge.logs.asked, [], plain);
        assert.doesNotMatch(answer.text, /line 1/, plain);
        const names = edge.config.asked.map(({ name }) => name);
        assert.ok(names.every((name) => !/\p{Cc}/u.test(name)), plain);
      }
    }
    for (const given of TRAVERSALS) {
      const topic = encodeURIComponent(`logs:${given}`);
      if (["*", "[C-0000000a]"].includes(given) || given.length > 1000) continue;
      const answer = await edge.ask("GET", `/api/stream?topics=${topic}`);
      assert.equal(answer.status, 404, topic);
    }
  }));

Deno.test("row 31: a path with dots that nobody made sense of before is the name of no endpoint either", () =>
  onEdge(ground, async (edge) => {
    edge.endpoints.held = [endpointView()];
    edge.logs.lines = [logLine(1)];
    // A browser and fetch would resolve the dots themselves: these bytes go as they are.
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, edge.app.fetch);
    try {
      for (
        const name of ["..", ".", "%2e%2e", "777-ep/..", "../777-ep", "777-ep%2f..", "%2e%2e%2f777-ep", "\0"]
      ) {
        for (const rest of ["/logs", "/logs.txt", "/config"]) {
          const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
          const lines = [
            `GET /api/endpoints/${name}${rest} HTTP/1.1`,
            "Host: doors.test",
            `Cookie: ${edge.cookies.operator}`,
            "Connection: close",
          ];
          await connection.write(new TextEncoder().encode(`${lines.join("\r\n")}\r\n\r\n`));
          const answer = await new Response(connection.readable).text();
          assert.match(answer, /^HTTP\/1\.1 (404|400) /, `${name}${rest}`);
          assert.doesNotMatch(answer, /line 1/);
        }
      }
    } finally {
      await server.shutdown();
    }
    assert.deepEqual(edge.logs.asked, []);
  }));

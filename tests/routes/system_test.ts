/**
 * @module
 * The service about itself, and how requests are refused that no route takes: health, metrics, pages, problems.
 */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { Metrics } from "../../actors/metrics.ts";
import { type PageFile, readPages } from "../../routes/pages.ts";
import { useEmbedded } from "../db/ground.ts";
import { waitFor } from "../support/wait.ts";
import { type Edge, onEdge, SECRET } from "./edge.ts";

const ground = useEmbedded();
const MAC = "AA:BB:CC:01";

Deno.test("errors: an unknown route, an unknown method and an unknown page are 404 as a problem", () =>
  onEdge(ground, async (edge) => {
    for (
      const [method, path] of [["GET", "/api/nothing"], ["DELETE", "/api/links"], ["GET", "/x/y"], [
        "POST",
        "/",
      ]] as const
    ) {
      const answer = await edge.ask(method, path);
      assert.equal(answer.status, 404, `${method} ${path}`);
      assert.deepEqual(answer.json, {
        type: "/problems/not-found",
        title: "There is nothing here",
        status: 404,
      });
    }
  }));

Deno.test("errors: malformed JSON is 400, another type 415, a body above 64 KB 413", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const path = `/api/intercoms/${MAC}`;
    for (const body of ["{", "", "{'a':1}", '{"name":"a"']) {
      assert.equal((await edge.ask("PUT", path, { body })).json.type, "/problems/malformed", body);
    }
    const form = { "Content-Type": "application/x-www-form-urlencoded" };
    for (const headers of [form, { "Content-Type": "text/plain" }, { "Content-Type": "application/jsonx" }]) {
      const answer = await edge.ask("PUT", path, { body: '{"name":"x"}', headers });
      assert.equal(answer.status, 415, headers["Content-Type"]);
    }
    assert.equal(edge.intercoms.get(MAC)!.name, "");
    for (const size of [64 * 1024 + 1, 5_000_000]) {
      const answer = await edge.ask("PUT", path, { body: JSON.stringify({ name: "x".repeat(size) }) });
      assert.equal(answer.json.type, "/problems/too-large");
    }
    const largest = JSON.stringify({ name: "x" }).padEnd(64 * 1024, " ");
    assert.equal((await edge.ask("PUT", path, { body: largest })).status, 200);
  }));

/** A body whose length nobody says beforehand. */
function chunks(bytes: number): ReadableStream<Uint8Array> {
  let left = bytes;
  return new ReadableStream({
    pull: (controller) => {
      const size = Math.min(left, 16_384);
      if (size === 0) return controller.close();
      left -= size;
      controller.enqueue(new TextEncoder().encode("x".repeat(size)));
    },
  });
}

Deno.test("errors: a body above 64 KB of which nobody said the length is 413 too", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    for (
      const [method, path] of [["PUT", `/api/intercoms/${MAC}`], ["POST", `/api/intercoms/${MAC}/open`], [
        "POST",
        "/api/login",
      ]] as const
    ) {
      const headers = edge.headersOf({ headers: { "Content-Type": "application/json" } });
      const answer = await edge.app.request(`http://doors.test${path}`, {
        method,
        headers,
        body: chunks(1_000_000),
      });
      assert.equal(answer.status, 413, `${method} ${path}: ${await answer.text()}`);
    }
    assert.equal(edge.sent.length, 0);
  }));

Deno.test("links: are those that are there, and who changed", () =>
  onEdge(ground, async (edge) => {
    edge.clock.pass(5000);
    edge.links.lost("broker", "connection refused");
    const answer = await edge.ask("GET", "/api/links", { as: "employee" });
    assert.equal(answer.json.next, null);
    const [broker, database] = answer.json.items;
    assert.equal(broker.id, "broker");
    assert.equal(broker.state, "down");
    assert.equal(broker.last_error, "connection refused");
    assert.equal(broker.since, new Date(edge.clock.now()).toISOString());
    assert.equal(database.state, "up");
  }));

Deno.test("settings: are shown to whoever is logged in, durations in seconds", () =>
  onEdge(ground, async (edge) => {
    assert.deepEqual((await edge.ask("GET", "/api/settings", { as: "employee" })).json, {
      version: "0.0.0",
      offline_after: 120,
      heartbeat_every: 30,
      held_open_after: 60,
      adopt: "auto",
      broker: "embedded",
    });
  }));

Deno.test("dead letters: pages, newest first, and counts by reason", () =>
  onEdge(ground, async (edge) => {
    for (let i = 0; i < 5; i++) {
      edge.clock.pass(1000);
      await edge.say(MAC, "nonsense", { i });
    }
    await edge.say("not a mac", "call");
    await waitFor(async () => (await edge.ask("GET", "/api/dead-letters")).json.items.length === 6);
    const seen: string[] = [];
    for (let query = "limit=4", next: string | null = ""; next !== null; query = `limit=4&cursor=${next}`) {
      const { json } = await edge.ask("GET", `/api/dead-letters?${query}`);
      seen.push(...json.items.map(({ id }: { id: string }) => id));
      next = json.next;
      assert.deepEqual(json.counts, { unknown_topic: 5, bad_mac: 1 });
    }
    assert.deepEqual(seen, [...new Set(seen)].sort().reverse());
    assert.equal(seen.length, 6);
  }));

Deno.test("audit: pages without gap or double, newest first, and by action", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    for (let i = 0; i < 7; i++) await edge.ask("PUT", `/api/intercoms/${MAC}`, { body: { name: `${i}` } });
    const seen: string[] = [];
    for (let query = "limit=3", next: string | null = ""; next !== null; query = `limit=3&cursor=${next}`) {
      const { json } = await edge.ask("GET", `/api/audit?action=intercom.change&${query}`, { as: "admin" });
      seen.push(...json.items.map(({ detail }: { detail: { name: string } }) => detail.name));
      next = json.next;
      await edge.ask("PUT", `/api/intercoms/${MAC}`, { body: { name: "later" } });
    }
    assert.deepEqual(seen, ["6", "5", "4", "3", "2", "1", "0"]);
    for (
      const bad of ["cursor=x", "cursor=-1", "cursor=0", "limit=0", "limit=201", "cursor=9999999999999999"]
    ) {
      assert.equal((await edge.ask("GET", `/api/audit?${bad}`, { as: "admin" })).status, 422, bad);
    }
  }));

Deno.test("health: alive whatever happens; ready but for a part is 200; without the database 503, by one answer", () =>
  onEdge(ground, async (edge) => {
    const ready = () => edge.ask("GET", "/readyz", { as: "nobody" });
    assert.deepEqual((await ready()).json, { state: "ready", reasons: [] });
    edge.links.lost("broker", "test");
    const degraded = await ready();
    assert.equal(degraded.status, 200);
    assert.deepEqual(degraded.json, { state: "degraded", reasons: ["the broker is not connected"] });
    edge.links.opened("broker");
    edge.database.away = true;
    const unread = await ready();
    assert.equal(unread.status, 503);
    assert.deepEqual(unread.json, {
      state: "unavailable",
      reasons: ["the database does not answer to reads"],
    });
    edge.database.away = false;
    edge.links.lost("database", "test");
    const unwritten = await ready();
    assert.equal(unwritten.status, 503);
    assert.deepEqual(unwritten.json, {
      state: "unavailable",
      reasons: ["the database is not connected"],
    });
    edge.links.opened("database");
    assert.equal((await ready()).status, 200);
    assert.equal((await edge.ask("GET", "/livez", { as: "nobody" })).text, "ok\n");
  }));

Deno.test("stopping: the API answers 503 as a problem with every header, and /readyz says so", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    edge.stopping = true;
    const asked: [string, string][] = [["GET", "/api/intercoms"], ["POST", `/api/intercoms/${MAC}/open`], [
      "GET",
      "/api/nothing",
    ]];
    for (const [method, path] of asked) {
      const { status, json, headers } = await edge.ask(method, path);
      assert.equal(status, 503, path);
      assert.equal(json.type, "/problems/stopping");
      assert.match(headers.get("retry-after")!, /^[1-9]\d*$/);
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("cache-control"), "no-store");
      assert.match(headers.get("content-security-policy")!, /default-src 'none'/);
    }
    assert.equal(edge.sent.length, 0);
    const ready = await edge.ask("GET", "/readyz", { as: "nobody" });
    assert.deepEqual([ready.status, ready.json], [503, { state: "stopping", reasons: [] }]);
    assert.equal((await edge.ask("GET", "/livez", { as: "nobody" })).status, 200);
  }));

Deno.test("the database away: reads that memory can answer are 200, others 503 with Retry-After", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    edge.database.away = true;
    for (
      const path of [
        "/api/me",
        "/api/intercoms",
        `/api/intercoms/${MAC}`,
        "/api/events",
        "/api/links",
        "/api/users",
        "/metrics",
      ]
    ) {
      assert.equal((await edge.ask("GET", path, { as: "admin" })).status, 200, path);
    }
    for (const path of ["/api/audit", "/api/dead-letters", "/api/events.csv", "/api/commands/x"]) {
      const answer = await edge.ask("GET", path, { as: "admin" });
      assert.equal(answer.status, 503, path);
      assert.match(answer.headers.get("retry-after")!, /^[1-9]\d*$/);
    }
  }));

Deno.test("metrics: are text for Prometheus and have no secret in them", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    await edge.ask("POST", `/api/intercoms/${MAC}/open`);
    await edge.say(MAC, "nonsense", {});
    const answer = await edge.ask("GET", "/metrics", { as: "nobody" });
    assert.equal(answer.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const values = parseMetrics(answer.text);
    assert.equal(values.get('doorline_intercoms{status="online"}'), 1);
    assert.equal(values.get('doorline_messages_total{kind="panel.heartbeat"}'), 1);
    assert.equal(values.get('doorline_refused_messages_total{reason="unknown_topic"}'), 1);
    assert.equal(values.get("doorline_door_commands_in_flight"), 1);
    assert.equal(values.get('doorline_link_up{link="broker"}'), 1);
    noSecrets(edge, answer.text);
  }));

Deno.test("metrics: panels are counted once a second, however often somebody asks", async () => {
  const clock = { now: 0 };
  let counted = 0;
  const metrics = new Metrics();
  const none = { list: () => [], quarantined: [], waiting: 0, inFlight: 0, readers: 0, dropped: 0 };
  const measured = {
    ...{ commands: none, feed: none, links: none, writer: { waitingRows: 0, committedRows: 0 } },
    calls: { ...none, counts: () => ({}), taken: 0, ignored: 0 },
    endpoints: { ...none, counts: () => ({}), taken: 0 },
    intercoms: { ...none, counts: () => ({ online: ++counted, offline: 0, unknown: 0 }) },
  };
  metrics.start(measured as unknown as Parameters<Metrics["start"]>[0], () => clock.now);
  try {
    for (const [at, online] of [[0, 1], [999, 1], [1000, 2], [1500, 2], [2000, 3]] as const) {
      clock.now = at;
      assert.equal(parseMetrics(await metrics.text()).get('doorline_intercoms{status="online"}'), online);
    }
  } finally {
    metrics.stop();
  }
});

/** The text format, line by line. @throws AssertionError when a line is not of it */
function parseMetrics(text: string): Map<string, number> {
  const values = new Map<string, number>();
  assert.ok(text.endsWith("\n"));
  for (const line of text.trimEnd().split("\n")) {
    if (line === "" || /^# (HELP|TYPE) [a-zA-Z_:][\w:]* .+$/.test(line)) continue;
    const sample =
      /^([a-zA-Z_:][\w:]*(?:\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})?) ([-+]?(?:\d[\d.e+-]*|Inf)|NaN)$/.exec(line);
    assert.ok(sample, line);
    assert.ok(!values.has(sample[1]!), `twice: ${line}`);
    values.set(sample[1]!, Number(sample[2]));
  }
  return values;
}

function noSecrets(edge: Edge, text: string): void {
  const secrets = [SECRET, edge.token, ...Object.values(edge.cookies).map((cookie) => cookie.split("=")[1]!)];
  for (const secret of secrets) assert.ok(!text.includes(secret));
}

Deno.test("row 38: no secret is in what any route answers to a read", () =>
  onEdge(ground, async (edge) => {
    await edge.panel(MAC);
    const made = await edge.ask("POST", `/api/intercoms/${MAC}/credentials`, { as: "admin" });
    for (const { method, path } of edge.document.operations) {
      if (method !== "GET" || path === "/api/stream") continue;
      const { text } = await edge.ask("GET", path.replace("{mac}", MAC).replace("{id}", "1"), {
        as: "admin",
      });
      noSecrets(edge, text);
      assert.ok(!text.includes(made.json.password), path);
      assert.doesNotMatch(text, /plain:|password_hash|token_hash/, path);
    }
  }));

async function withPages(
  run: (pages: Map<string, PageFile>, folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "doorline-pages-" });
  try {
    const dist = `${folder}/dist`;
    await Deno.mkdir(`${dist}/sub`, { recursive: true });
    await Deno.writeTextFile(`${folder}/secret.txt`, "the secret beside the pages");
    await Deno.writeTextFile(`${dist}/sub/deep.txt`, "below");
    await Deno.writeTextFile(`${dist}/index.html`, "<!doctype html><title>pages</title>");
    await Deno.writeTextFile(`${dist}/docs.html`, "<!doctype html><title>docs</title>");
    await Deno.writeTextFile(`${dist}/favicon.svg`, "<svg/>");
    await Deno.writeTextFile(`${dist}/app.js`, "let a");
    await Deno.writeTextFile(`${dist}/notes.md`, "not a page");
    await Deno.symlink("../secret.txt", `${dist}/link.txt`);
    await Deno.symlink("/etc/passwd", `${dist}/passwd.txt`);
    await Deno.symlink("..", `${dist}/up`);
    await run(await readPages(pathToFileURL(`${dist}/`)), folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("row 31: no way out of the pages: dots, encodings, NUL, links and folders are 404", () =>
  withPages((pages) =>
    onEdge(ground, async (edge) => {
      assert.equal((await edge.ask("GET", "/assets/app.js")).text, "let a");
      const names = [
        "../secret.txt",
        "..%2fsecret.txt",
        "..%2Fsecret.txt",
        "%2e%2e%2fsecret.txt",
        "%2e%2e/secret.txt",
        "..%252fsecret.txt",
        "%252e%252e%252fsecret.txt",
        "..%5csecret.txt",
        "..\\secret.txt",
        "..%c0%afsecret.txt",
        "%2fetc%2fpasswd",
        "/etc/passwd",
        "app.js%00",
        "app.js%00.txt",
        "%00",
        "link.txt",
        "passwd.txt",
        "up",
        "up/secret.txt",
        "sub",
        "sub%2fdeep.txt",
        "sub/deep.txt",
        "notes.md",
        "app.js/",
        "app.js%2f",
        "APP.JS",
        "__proto__",
        "constructor",
        "",
        ".",
        "..",
      ];
      for (const name of names) {
        // Dots would be taken out by the URL of a well-behaved client; a raw one sends them.
        for (const path of [`/assets/${name}`, `/${name}`, `/docs/${name}`]) {
          const answer = await edge.ask("GET", path);
          assert.doesNotMatch(answer.text, /secret|root:|below|not a page/, path);
          const page = ["/", "/docs"].includes(new URL(`http://x${path}`).pathname.replace(/(.)\/$/, "$1"));
          assert.equal(answer.status, page && answer.status === 200 ? 200 : 404, path);
        }
      }
    }, { pages })
  ));

Deno.test("row 31: a raw request whose path has dots gets nothing either", () =>
  withPages((pages) =>
    onEdge(ground, async (edge) => {
      const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, edge.app.fetch);
      try {
        for (
          const path of [
            "/assets/../../secret.txt",
            "/assets/..%2f..%2fsecret.txt",
            "//etc/passwd",
            "/assets//../x",
            "/%",
          ]
        ) {
          const socket = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
          await socket.write(
            new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: doors.test\r\nConnection: close\r\n\r\n`),
          );
          const said = await new Response(socket.readable).text();
          assert.match(said, /^HTTP\/1.1 40[04] /, path);
          assert.doesNotMatch(said, /the secret|root:/);
        }
      } finally {
        await server.shutdown();
      }
    }, { pages })
  ));

Deno.test("pages: their policy lets no inline script run, the docs' neither; unchanged ones are not sent again", () =>
  withPages((pages) =>
    onEdge(ground, async (edge) => {
      for (
        const path of [
          "/",
          "/login",
          "/intercoms",
          `/intercoms/${MAC}`,
          "/events",
          "/settings",
          "/docs",
          "/assets/app.js",
        ]
      ) {
        const answer = await edge.raw("GET", path, { as: "nobody" });
        assert.equal(answer.status, 200, path);
        const policy = new Map(
          answer.headers.get("content-security-policy")!.split("; ").map((part) => {
            const [name, ...sources] = part.split(" ");
            return [name!, sources.join(" ")];
          }),
        );
        assert.equal(policy.get("default-src"), "'none'", path);
        assert.equal(policy.get("script-src"), "'self'", path);
        assert.equal(policy.get("frame-ancestors"), "'none'", path);
        await answer.body!.cancel();
        const again = await edge.raw("GET", path, {
          headers: { "If-None-Match": answer.headers.get("etag")! },
        });
        assert.equal(again.status, 304, path);
      }
    }, { pages })
  ));

Deno.test("pages: that were not built say how to build them", async () => {
  await assert.rejects(readPages(new URL("file:///nowhere/dist/")), /build them with "deno task ui"/);
});

Deno.test("openapi: every operation has a summary, an audience and its answers, and the document is of 3.1", () =>
  onEdge(ground, async (edge) => {
    await Promise.resolve();
    for (const { method, path, audience, described } of edge.document.operations) {
      const what = `${method} ${path}`;
      assert.ok(audience.length > 0, `${what} names no audience`);
      assert.ok(typeof described.summary === "string" && described.summary.length > 0, what);
      const answers = Object.keys(described.responses as object);
      assert.ok(answers.some((status) => /^[23]/.test(status)), what);
      if (!audience.includes("public")) assert.ok(answers.includes("401") && answers.includes("403"), what);
    }
  }));

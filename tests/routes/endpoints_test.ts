/**
 * @module
 * Endpoints through HTTP: filters, pages, names of any kind, history, asking anew and why that is refused, and alerts.
 */
import assert from "node:assert/strict";
import { NOON, useEmbedded } from "../db/ground.ts";
import { type Edge, onEdge } from "./edge.ts";
import { alertView, endpointCall, endpointView, refusal } from "./fake_endpoints.ts";

const ground = useEmbedded();

const iso = (seconds: number) => new Date(NOON + seconds * 1000).toISOString();

/** Names in the order in which endpoints are listed. */
async function names(edge: Edge, query: string): Promise<string> {
  const { status, json, text } = await edge.ask("GET", `/api/endpoints?${query}`);
  assert.equal(status, 200, text);
  return json.items.map(({ pbx, name }: { pbx: string; name: string }) => `${pbx}/${name}`).join(" ");
}

function fill(edge: Edge): void {
  edge.endpoints.held = [
    endpointView({ pbx: "main", name: "9-ep", owner: { id: 1, name: "Ivan Ivanov" } }),
    endpointView({
      pbx: "main",
      name: "10-ep",
      status: "offline",
      status_reason: "no_contact",
      contacts: [],
    }),
    endpointView({ pbx: "main", name: "777-ep", active_calls: [endpointCall({ number: "+7 495 123" })] }),
    endpointView({ pbx: "second", name: "9-ep", status: "unknown", status_reason: "link_down" }),
    endpointView({ pbx: "second", name: "trunk", flapping: true, contacts: [] }),
  ];
}

Deno.test("endpoints: filters by status, text, PBX, call and flapping, in the order that they are held", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    const all = "main/9-ep main/10-ep main/777-ep second/9-ep second/trunk";
    const asked: [query: string, expected: string][] = [
      ["", all],
      ["status=offline", "main/10-ep"],
      ["status=offline,unknown", "main/10-ep second/9-ep"],
      ["pbx=second", "second/9-ep second/trunk"],
      ["pbx=sec", ""],
      ["in_call=true", "main/777-ep"],
      ["in_call=false&pbx=main", "main/9-ep main/10-ep"],
      ["flapping=true", "second/trunk"],
      ["q=9-EP", "main/9-ep second/9-ep"],
      ["q=ivan", "main/9-ep"],
      ["q=192.0.2.7&pbx=main", "main/9-ep main/777-ep"],
      ["q=test%20phone&pbx=second", "second/9-ep"],
      ["q=495", "main/777-ep"],
      ["q=%20", all],
      ["q=nothing", ""],
    ];
    for (const [query, expected] of asked) assert.equal(await names(edge, query), expected, query);
    for (const query of ["status=up", "in_call=1", "flapping=", "limit=0", "limit=1001", "q=%00"]) {
      assert.equal((await edge.ask("GET", `/api/endpoints?${query}`)).status, 422, query);
    }
  }));

Deno.test("endpoints: pages lead through all of them once, also when the last one of a page is gone", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    const page = async (cursor: string | null) => {
      const query = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      return (await edge.ask("GET", `/api/endpoints?limit=2${query}`)).json;
    };
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { items, next }: { items: { name: string }[]; next: string | null } = await page(cursor);
      seen.push(...items.map(({ name }) => name));
      cursor = next;
    } while (cursor !== null);
    assert.deepEqual(seen, ["9-ep", "10-ep", "777-ep", "9-ep", "trunk"]);
    const { next } = await page(null);
    edge.endpoints.held.splice(1, 1);
    const after = await page(next);
    assert.deepEqual(after.items.map(({ name }: { name: string }) => name), ["777-ep", "9-ep"]);
    assert.equal((await page("%")).items.length, 2, "a cursor that is none begins anew");
    assert.deepEqual((await page("zz/zz")).items, []);
  }));

Deno.test("endpoints: one is found by its name, whatever it is called, and by its PBX where several have it", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    const odd = [
      "a/b",
      "..",
      "a b",
      "Пост охраны",
      "100%",
      "a%2Fb",
      "logs",
      "a,b",
      "<img src=x>",
      '"; rm',
      "new",
    ];
    edge.endpoints.held.push(...odd.map((name) => endpointView({ name })));
    assert.deepEqual((await edge.ask("GET", "/api/endpoints/777-ep")).json, edge.endpoints.held[2]);
    for (const name of odd.filter((name) => name !== "..")) {
      for (const rest of ["", "/logs", "/history"]) {
        const answer = await edge.ask("GET", `/api/endpoints/${encodeURIComponent(name)}${rest}`);
        assert.equal(answer.status, 200, `${name}${rest}`);
        if (rest === "") assert.equal(answer.json.name, name);
      }
    }
    const several = await edge.ask("GET", "/api/endpoints/9-ep");
    assert.deepEqual([several.status, several.json.type, several.json.pbxs], [
      409,
      "/problems/ambiguous-endpoint",
      ["main", "second"],
    ]);
    for (const pbx of ["main", "second"]) {
      assert.equal((await edge.ask("GET", `/api/endpoints/9-ep?pbx=${pbx}`)).json.pbx, pbx);
    }
    for (const path of ["nobody", "trunk?pbx=main", "trunk?pbx=", "777", "777-EP", "777-ep%20"]) {
      assert.equal((await edge.ask("GET", `/api/endpoints/${path}`)).status, 404, path);
    }
  }));

Deno.test("endpoints: refreshing is asked of the PBX by who asks, and its refusals are told", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    const path = "/api/endpoints/9-ep/refresh";
    assert.equal((await edge.ask("POST", path)).status, 409);
    const answer = await edge.ask("POST", `${path}?pbx=second`);
    assert.deepEqual([answer.status, answer.json.pbx], [200, "second"]);
    const by = { userId: 2, name: "operator", role: "operator", address: "192.0.2.10" };
    assert.deepEqual(edge.endpoints.asked, [{ pbx: "second", name: "9-ep", by }]);
    assert.equal((await edge.ask("POST", "/api/endpoints/nobody/refresh")).status, 404);
    const kinds = [["link-down", 503, "link-down"], ["pbx-refused", 502, "pbx-refused"], [
      "gone",
      404,
      "not-found",
    ]];
    for (const [kind, status, type] of kinds) {
      edge.endpoints.refusal = refusal("EndpointRefused", "its words", { kind });
      const refused = await edge.ask("POST", `${path}?pbx=main`);
      assert.deepEqual([refused.status, refused.json.type], [status, `/problems/${type}`]);
    }
    assert.equal(edge.endpoints.asked.length, 1 + kinds.length);
  }));

Deno.test("endpoints: history comes page by page with what it comes to", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    const page = async (query: string) =>
      (await edge.ask("GET", `/api/endpoints/777-ep/history?${query}`)).json;
    const first = await page("limit=3");
    assert.deepEqual(first.items.map(({ status }: { status: string }) => status), [
      "online",
      "offline",
      "online",
    ]);
    assert.equal(first.availability.day.ratio, 0.75);
    const rest = await page(`limit=10&cursor=${encodeURIComponent(first.next)}`);
    assert.deepEqual([rest.items.length, rest.next], [4, null]);
    for (const cursor of ["garbage", "99999999999999", "0000-00-00T00:00:00Z"]) {
      assert.equal((await page(`limit=7&cursor=${cursor}`)).items.length, 7, "the beginning");
    }
    assert.equal((await edge.ask("GET", "/api/endpoints/9-ep/history")).status, 409);
    assert.equal((await edge.ask("GET", "/api/endpoints/nobody/history")).status, 404);
  }));

Deno.test("endpoints: alerts that are not over come from memory, all others from the table", () =>
  onEdge(ground, async (edge) => {
    const id = (n: number) => `01ALERT${String(n).padStart(19, "0")}`;
    const view = (n: number, ended: number | null) =>
      alertView({ id: id(n), raised_at: iso(n * 60), ended_at: ended === null ? null : iso(ended) });
    const views = [view(1, 90), view(2, 150), view(3, null), view(4, null)];
    const endpointAlerts = views.map(({ endpoints, ...row }) => ({
      wide: false,
      ...row,
      endpoints: endpoints.map(({ name, since, back_at }) => ({ name, since, back_at })),
    }));
    await edge.writer.commit({ endpointAlerts });
    edge.endpoints.open = [views[2]!, views[3]!];
    const asked = async (query: string) => (await edge.ask("GET", `/api/endpoint-alerts?${query}`)).json;
    const numbers = (items: { id: string }[]) => items.map((item) => Number(item.id.slice(-2))).join("");
    assert.deepEqual((await asked("")).items, [...views].reverse());
    for (const [query, expected] of [["open=true", "43"], ["open=false", "21"], ["", "4321"]] as const) {
      let seen = "";
      for (let cursor = "";;) {
        const { items, next } = await asked(`${query}&limit=1${cursor}`);
        seen += numbers(items);
        if (next === null) break;
        cursor = `&cursor=${encodeURIComponent(next)}`;
      }
      assert.equal(seen, expected, query);
    }
    edge.database.away = true;
    assert.deepEqual([numbers((await asked("open=true")).items), (await asked("")).partial], ["43", true]);
    assert.equal(numbers((await asked("")).items), "43");
    assert.equal(numbers((await asked("open=false")).items), "");
  }));

Deno.test("row 32: an employee gets nothing of endpoints, by no route, whatever there is", () =>
  onEdge(ground, async (edge) => {
    fill(edge);
    const ours = edge.document.operations.filter(({ path }) => /endpoint|\/logs|config-templates/.test(path));
    assert.equal(ours.length, 16);
    for (const { method, path } of ours) {
      for (const name of ["777-ep", "nobody", "9-ep"]) {
        const answer = await edge.ask(method, path.replace("{name}", name), {
          as: "employee",
          ...(method === "POST" || method === "PUT" ? { body: {} } : {}),
        });
        assert.equal(answer.status, 403, `${method} ${path}`);
        assert.doesNotMatch(answer.text, /777|main|second/);
      }
    }
    assert.deepEqual([edge.endpoints.asked, edge.config.asked, edge.logs.asked], [[], [], []]);
  }));

/**
 * @module
 * Configurations through HTTP: what is handed on, why it is refused, which PBX is meant, and that nobody but an admin
 * ever meets a secret.
 */
import assert from "node:assert/strict";
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";
import { useEmbedded } from "../db/ground.ts";
import { type Edge, onEdge } from "./edge.ts";
import { CONFIG_SECRET, endpointView, refusal } from "./fake_endpoints.ts";

const ground = useEmbedded();
const PATH = "/api/endpoints/777-ep/config";

const BY = { userId: 1, name: "admin", role: "admin", address: "192.0.2.10" };

function admin(edge: Edge, method: string, path: string, body?: unknown) {
  return edge.ask(method, path, { as: "admin", ...(body === undefined ? {} : { body }) });
}

/** The last that was asked of the configurations. */
function last(edge: Edge) {
  return edge.config.asked.at(-1);
}

Deno.test("config: what an admin asks for is handed on with who and why", () =>
  onEdge(ground, async (edge) => {
    const make = { template: "phone", values: { password: "x y" }, why: " a new phone ", dry_run: true };
    const made = await admin(edge, "POST", "/api/endpoints/900-ep/config", make);
    assert.deepEqual([made.status, made.json.result], [200, "checked"]);
    assert.deepEqual(last(edge), {
      what: "create",
      pbx: "main",
      name: "900-ep",
      given: {
        change: { template: "phone", values: { password: "x y" } },
        why: "a new phone",
        dryRun: true,
        by: BY,
        masked: false,
      },
    });
    await admin(edge, "POST", "/api/endpoints/900-ep/config", { text: "[900-ep]\n; mine\n" });
    assert.deepEqual(last(edge)!.given.change, { text: "[900-ep]\n; mine\n" });
    const changed = await admin(edge, "PUT", PATH, { revision: "r1", text: "[777-ep]", why: "because" });
    assert.deepEqual([changed.status, changed.json.result, changed.json.version], [
      200,
      "saved",
      "01VERSION",
    ]);
    assert.deepEqual(last(edge)!.given, {
      change: { text: "[777-ep]" },
      why: "because",
      dryRun: false,
      by: BY,
      revision: "r1",
    });
    const { sections, revision } = (await admin(edge, "GET", PATH)).json;
    await admin(edge, "PUT", PATH, { revision, sections });
    assert.deepEqual(last(edge)!.given.change, {
      sections: [{
        name: "777-ep",
        type: "auth",
        template: false,
        inherits: [],
        options: [{ name: "password", value: CONFIG_SECRET }],
      }],
    }, "what was read can be sent back");
    const removed = await admin(edge, "DELETE", `${PATH}?revision=r1&why=gone&dry_run=true`);
    assert.equal(removed.json.result, "checked");
    assert.deepEqual(last(edge)!.given, { why: "gone", dryRun: true, by: BY, revision: "r1" });
    await admin(edge, "POST", `${PATH}/rollback`, { version: "01V", revision: "r2", why: "back" });
    assert.deepEqual(last(edge)!.given, {
      why: "back",
      dryRun: false,
      by: BY,
      revision: "r2",
      version: "01V",
    });
    await admin(edge, "GET", `${PATH}/versions?limit=3&cursor=01V`);
    assert.deepEqual(last(edge)!.given, { limit: 3, before: "01V", masked: false });
    assert.equal((await admin(edge, "GET", "/api/config-templates")).json.templates[0].name, "template");
    assert.equal((await admin(edge, "GET", "/api/endpoints/template/config")).status, 200, "no endpoint");
  }));

Deno.test("config: a body that says nothing, or two things at once, is 422 and asks for nothing", () =>
  onEdge(ground, async (edge) => {
    const cases: [method: string, path: string, body: unknown][] = [
      ["POST", PATH, {}],
      ["POST", PATH, { template: "phone", text: "[x]" }],
      ["POST", PATH, { text: "[x]", values: {} }],
      ["POST", PATH, { values: { a: "b" } }],
      ["POST", PATH, { template: "door" }],
      ["POST", PATH, { template: "phone", values: { a: 1 } }],
      ["POST", PATH, { text: "a\0b" }],
      ["POST", PATH, { text: "[x]", why: "x".repeat(501) }],
      ["POST", PATH, { text: "[x]", dry_run: "true" }],
      ["POST", PATH, { text: "[x]", secret: 1 }],
      ["PUT", PATH, { text: "[x]" }],
      ["PUT", PATH, { revision: "r1" }],
      ["PUT", PATH, { revision: "r1", text: "[x]", sections: [] }],
      ["PUT", PATH, { revision: "r1", sections: [{ name: "x" }] }],
      ["PUT", PATH, { revision: "", text: "[x]" }],
      ["POST", `${PATH}/rollback`, { version: "1" }],
      ["POST", `${PATH}/rollback`, { revision: "r1" }],
    ];
    for (const [method, path, body] of cases) {
      assert.equal((await admin(edge, method, path, body)).status, 422, JSON.stringify(body));
    }
    for (const query of ["", "?revision=", "?revision=r1&dry_run=yes"]) {
      assert.equal((await admin(edge, "DELETE", `${PATH}${query}`)).status, 422, query);
    }
    for (const name of ["%00", "a%0ab", "x".repeat(201), "%0d%0aAction:%20Originate"]) {
      const path = `/api/endpoints/${name}/config`;
      assert.equal((await admin(edge, "POST", path, { text: "[x]" })).status, 422, name);
      assert.equal((await admin(edge, "GET", path)).status, 404, name);
      assert.equal((await admin(edge, "PUT", path, { revision: "r1", text: "[x]" })).status, 404, name);
    }
    assert.deepEqual(edge.config.asked, []);
  }));

Deno.test("config: each refusal has its status and type, and says what is wrong where", () =>
  onEdge(ground, async (edge) => {
    const problems: ConfigProblemView[] = [{
      severity: "error",
      code: "unknown_option",
      section: "777-ep",
      option: "colour",
      line: 3,
      message: "expected an option that endpoints have",
    }];
    const cases: [kind: string, status: number, type: string][] = [
      ["not-found", 404, "not-found"],
      ["exists", 409, "config-exists"],
      ["conflict", 409, "config-changed"],
      ["invalid", 422, "invalid-config"],
      ["unsafe", 422, "unsafe-config"],
      ["not-editable", 403, "not-editable"],
      ["pbx-refused", 502, "pbx-refused"],
      ["link-down", 503, "link-down"],
    ];
    for (const [kind, status, type] of cases) {
      const said = kind === "invalid" ? problems : [];
      edge.config.refusal = refusal("ConfigRefused", "its words", { kind, problems: said });
      const answer = await admin(edge, "PUT", PATH, { revision: "r1", text: "[777-ep]" });
      assert.deepEqual([answer.status, answer.json.type], [status, `/problems/${type}`]);
      assert.equal(answer.json.detail, "its words");
      assert.deepEqual(answer.json.problems, kind === "invalid" ? problems : undefined);
      if (kind === "invalid") {
        assert.deepEqual(answer.json.errors, [{ path: "777-ep.colour", message: problems[0]!.message }]);
      }
      for (const [method, path, body] of CHANGES) {
        assert.equal((await admin(edge, method, path, body)).status, status, `${method} ${path} ${kind}`);
      }
    }
    edge.config.refusal = refusal("TypeError", CONFIG_SECRET);
    const answer = await edge.raw("GET", PATH, { as: "admin" });
    assert.equal(answer.status, 500);
    assert.doesNotMatch(await answer.text(), /canary/);
    assert.equal(edge.errors.splice(0).length, 1);
  }));

const CHANGES: [method: string, path: string, body?: unknown][] = [
  ["POST", PATH, { text: "[777-ep]" }],
  ["PUT", PATH, { revision: "r1", text: "[777-ep]" }],
  ["DELETE", `${PATH}?revision=r1`],
  ["POST", `${PATH}/rollback`, { version: "1", revision: "r1" }],
];

for (const as of ["operator", "token of operator"] as const) {
  Deno.test(`row 38: ${as} never meets a secret of a configuration, in no answer and no error`, () =>
    onEdge(ground, async (edge) => {
      edge.endpoints.held = [endpointView()];
      const ours = edge.document.operations.filter(({ path }) => /endpoint|config/.test(path));
      const ask = async () => {
        let answers = 0;
        for (const { method, path } of ours) {
          for (const name of ["777-ep", "template", "nobody"]) {
            const answer = await edge.ask(method, path.replace("{name}", name), {
              as,
              ...(method === "POST" || method === "PUT" ? { body: CHANGES[1]![2] } : {}),
            });
            assert.doesNotMatch(answer.text, /canary/, `${method} ${path}`);
            assert.doesNotMatch(JSON.stringify([...answer.headers]), /canary/);
            if (answer.status === 200) answers++;
          }
        }
        return answers;
      };
      assert.ok(await ask() > 10);
      assert.ok((await edge.ask("GET", PATH, { as })).json.text.includes("••••••"));
      assert.ok((await edge.ask("GET", `${PATH}/versions`, { as })).json.items[0].diff.includes("••••••"));
      // What Asterisk says may quote what it was given.
      for (const kind of ["invalid", "pbx-refused", "link-down", "not-found", "unsafe"]) {
        edge.config.refusal = refusal("ConfigRefused", `password=${CONFIG_SECRET}`, {
          kind,
          problems: [{ section: CONFIG_SECRET, option: null, message: CONFIG_SECRET }],
        });
        await ask();
      }
      const changed = edge.config.asked.filter(({ what }) =>
        !["view", "versions", "templates"].includes(what)
      );
      assert.deepEqual(changed, [], "and changes nothing");
      assert.ok(edge.config.asked.every(({ what, given }) => what === "templates" || given.masked === true));
      edge.config.refusal = null;
      assert.match((await admin(edge, "GET", PATH)).text, /canary/, "an admin does");
    }));
}

Deno.test("config: with several PBXs the one that is meant has to be named, unless an endpoint says which", () =>
  onEdge(ground, async (edge) => {
    edge.endpoints.held = [
      endpointView({ pbx: "second" }),
      endpointView({ name: "9-ep" }),
      endpointView({ name: "9-ep", pbx: "second" }),
    ];
    edge.config.names = new Set([
      "main/9-ep",
      "second/9-ep",
      "second/777-ep",
      "main/template",
      "second/removed",
    ]);
    const asked: [path: string, status: number, pbx?: string][] = [
      ["777-ep/config", 200, "second"],
      ["777-ep/config?pbx=main", 404],
      ["9-ep/config", 409],
      ["9-ep/config?pbx=main", 200, "main"],
      ["9-ep/config?pbx=third", 404],
      ["template/config", 404],
      ["template/config?pbx=main", 200, "main"],
      ["removed/config/versions?pbx=second", 200, "second"],
    ];
    for (const [path, status, pbx] of asked) {
      const answer = await admin(edge, "GET", `/api/endpoints/${path}`);
      assert.equal(answer.status, status, path);
      if (pbx !== undefined) assert.equal(last(edge)!.pbx, pbx, path);
      if (status === 409) assert.deepEqual(answer.json.pbxs, ["main", "second"]);
    }
    const create = (query: string) =>
      admin(edge, "POST", `/api/endpoints/new-ep/config${query}`, { text: "[x]" });
    const unsaid = await create("");
    assert.deepEqual([unsaid.status, unsaid.json.errors], [
      422,
      [{ path: "pbx", message: "expected one of main, second" }],
    ]);
    assert.equal((await create("?pbx=second")).status, 200);
    assert.equal(last(edge)!.pbx, "second");
    assert.equal((await create("?pbx=third")).status, 404);
    assert.equal((await admin(edge, "GET", "/api/config-templates")).status, 422);
    assert.equal((await admin(edge, "GET", "/api/config-templates?pbx=third")).status, 404);
    assert.equal((await admin(edge, "GET", "/api/config-templates?pbx=main")).status, 200);
  }, { pbxs: ["main", "second"] }));

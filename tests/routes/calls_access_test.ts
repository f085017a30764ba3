/**
 * @module
 * Row 32 for calls: every role, every route of a call, every kind of owner, from the OpenAPI document. What an
 * employee is not party to is to them as if it were not there: in lists, in files, by its id, in actions, in memory
 * and in the table.
 */
import assert from "node:assert/strict";
import type { CallDetailView } from "../../machines/views.ts";
import { callRow, callView } from "../db/call_rows.ts";
import { useEmbedded } from "../db/ground.ts";
import { type Edge, loginAs, onEdge, SECRET } from "./edge.ts";
import type { Operation } from "./openapi.ts";

const ground = useEmbedded();

/** Whoever asks, and the roles they have. */
const ROLES = ["admin", "operator", "employee"] as const;

/** Whose a call is. */
const OWNERS = ["own", "shared", "foreign", "nobody's"] as const;
type Owner = typeof OWNERS[number];

/** Where a call is known. */
const PLACES = ["in memory", "in the table", "in both", "as a part of another"] as const;
type Place = typeof PLACES[number];

const CANARY = "Canary Caller";

/** What the rule says, not read from the routes. */
function maySee(role: typeof ROLES[number], owner: Owner): boolean {
  return role !== "employee" || owner === "own" || owner === "shared";
}

interface Case {
  cookie: string;
  role: typeof ROLES[number];
  owner: Owner;
  place: Place;
  view: CallDetailView;
  /** The id by which it is asked for. */
  id: string;
}

/** Every person, each with a call of every owner in every place. */
async function cases(edge: Edge): Promise<Case[]> {
  const ids: number[] = [];
  for (const login of ["ann", "bob"]) {
    const body = { login, role: "employee", password: `${SECRET} of ${login}` };
    ids.push((await edge.ask("POST", "/api/users", { as: "admin", body })).json.id);
  }
  const [ann, bob] = ids as [number, number];
  const cookies = { ...edge.cookies, employee: await loginAs(edge, "ann") };
  const parties: Record<Owner, number[]> = { own: [ann], shared: [bob, ann], foreign: [bob], "nobody's": [] };
  const found: Case[] = [];
  for (const owner of OWNERS) {
    for (const place of PLACES) {
      const caller = { number: "74951234567", name: CANARY, user_id: null };
      const view = callView({ party_ids: parties[owner], caller, status: "incoming" });
      const part = callView({ party_ids: parties[owner], caller });
      if (place !== "in the table" && place !== "as a part of another") edge.calls.held.set(view.id, view);
      if (place !== "in memory") await edge.writer.commit({ calls: [callRow(view)] });
      if (place === "as a part of another") {
        await edge.writer.commit({ calls: [callRow(part, { merged_into: view.id })] });
      }
      const id = place === "as a part of another" ? part.id : view.id;
      for (const role of ROLES) found.push({ cookie: cookies[role], role, owner, place, view, id });
    }
  }
  return found;
}

const BODIES: Record<string, unknown> = {
  "/api/calls/{id}/transfer": { to: "888" },
  "/api/calls/{id}/notes": { notes: "a note" },
};

/** Statuses of those who may: done, or refused for what the call is. */
function expected({ place }: Case, { method, path }: Operation): number {
  const stored = place === "in the table" || place === "as a part of another";
  return stored && method === "POST" && path !== "/api/calls/{id}/notes" ? 409 : 200;
}

Deno.test("row 32: nobody reaches a call that is not theirs by its id, whatever is asked of it", () =>
  onEdge(ground, async (edge) => {
    const operations = edge.document.operations.filter(({ path }) => path.startsWith("/api/calls/{id}"));
    assert.equal(operations.length, 6);
    for (const one of await cases(edge)) {
      for (const operation of operations) {
        const { method, path } = operation;
        edge.calls.asked.length = 0;
        const body = BODIES[path];
        const answer = await edge.ask(method, path.replace("{id}", one.id), {
          cookie: one.cookie,
          ...(body === undefined ? {} : { body }),
        });
        const what = `${method} ${path} as ${one.role}, ${one.owner} call ${one.place}: ${answer.text}`;
        if (maySee(one.role, one.owner)) {
          assert.equal(answer.status, expected(one, operation), what);
        } else {
          const nobody = await edge.ask(method, path.replace("{id}", "nobody"), {
            cookie: one.cookie,
            ...(body === undefined ? {} : { body }),
          });
          assert.equal(answer.status, 404, what);
          assert.equal(answer.text, nobody.text, "no word of it being there");
          assert.deepEqual(edge.calls.asked, [], what);
        }
      }
    }
  }));

for (const away of [false, true]) {
  Deno.test(`row 32: lists have what the asker may see and nothing else, with the database ${away ? "away" : "there"}`, () =>
    onEdge(ground, async (edge) => {
      const all = await cases(edge);
      edge.database.away = away;
      const queries = [
        "",
        "q=canary",
        "number=495",
        "status=incoming",
        "q=canary&number=8495&direction=inbound",
      ];
      for (const role of ROLES) {
        const listedHere = (place: Place) => away ? /memory|both/.test(place) : /table|both|part/.test(place);
        const mine = all.filter((one) => one.role === role && listedHere(one.place));
        const visible = new Set(mine.filter(({ owner }) => maySee(role, owner)).map(({ view }) => view.id));
        assert.ok(visible.size >= 4);
        for (const query of queries) {
          const { json } = await edge.ask("GET", `/api/calls?limit=200&${query}`, {
            cookie: mine[0]!.cookie,
          });
          assert.deepEqual(
            new Set(json.items.map(({ id }: { id: string }) => id)),
            visible,
            `${role} ${query}`,
          );
          if (away) continue;
          const file = (await edge.ask("GET", `/api/calls.csv?${query}`, { cookie: mine[0]!.cookie })).text;
          const ids = file.trimEnd().split("\n").slice(1).map((line) => line.split(",").at(-1));
          assert.deepEqual(new Set(ids), visible, `${role} ${query} as a file`);
        }
        // Page by page too: the cursor leads nobody to what is not theirs.
        const seen = new Set<string>();
        for (let cursor = ""; !away;) {
          const { json } = await edge.ask("GET", `/api/calls?limit=1${cursor}`, { cookie: mine[0]!.cookie });
          for (const { id } of json.items) seen.add(id);
          if (json.next === null) break;
          cursor = `&cursor=${encodeURIComponent(json.next)}`;
        }
        if (!away) assert.deepEqual(seen, visible);
      }
    }));
}

Deno.test("row 32: an employee whose role becomes another sees all from the next request on, and back", () =>
  onEdge(ground, async (edge) => {
    const one = (await cases(edge)).find(({ role, owner }) => role === "employee" && owner === "foreign")!;
    const { id } = (await edge.ask("GET", "/api/me", { cookie: one.cookie })).json;
    const seen = async () => (await edge.ask("GET", `/api/calls/${one.id}`, { cookie: one.cookie })).status;
    for (const [role, status] of [["operator", 200], ["employee", 404]] as const) {
      await edge.ask("PUT", `/api/users/${id}`, { as: "admin", body: { role } });
      assert.equal(await seen(), status, role);
    }
  }));

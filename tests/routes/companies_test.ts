/**
 * @module
 * Companies, people's numbers and what is known of a number, through HTTP.
 */
import assert from "node:assert/strict";
import { useEmbedded } from "../db/ground.ts";
import { type Edge, onEdge } from "./edge.ts";

const ground = useEmbedded();

async function addCompany(edge: Edge, body: Record<string, unknown>) {
  const answer = await edge.ask("POST", "/api/companies", { as: "admin", body });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

Deno.test("companies: are added, listed page by page, found, changed and removed", () =>
  onEdge(ground, async (edge) => {
    const first = await addCompany(edge, { name: " ООО Тестовая Компания ", phones: ["+7 (495) 123-45-67"] });
    assert.deepEqual({ ...first, created_at: "" }, {
      id: 1,
      name: "ООО Тестовая Компания",
      notes: "",
      phones: ["+7 (495) 123-45-67"],
      created_at: "",
    });
    await addCompany(edge, { name: "Second", notes: "by the river" });
    await addCompany(edge, { name: "Third" });
    const names = async (query: string) => {
      const { json } = await edge.ask("GET", `/api/companies?${query}`);
      return [json.items.map(({ name }: { name: string }) => name.split(" ")[0]).join(), json.next];
    };
    assert.deepEqual(await names("limit=2"), ["ООО,Second", "2"]);
    assert.deepEqual(await names("limit=2&cursor=2"), ["Third", null]);
    assert.deepEqual(await names("q=8%20495%20123"), ["ООО", null]);
    assert.deepEqual(await names("q=ТЕСТОВАЯ"), ["ООО", null]);
    assert.deepEqual(await names("q=river"), ["Second", null]);
    const change = { phones: ["888", "8 (800) 123-45-67", "8 800 123 45 67"] };
    const changed = await edge.ask("PUT", "/api/companies/1", { as: "admin", body: change });
    assert.deepEqual(changed.json, { ...first, phones: ["8 (800) 123-45-67", "888"] });
    assert.deepEqual((await edge.ask("GET", "/api/companies/1")).json, changed.json);
    assert.equal((await edge.ask("DELETE", "/api/companies/1", { as: "admin" })).status, 204);
    for (const [method, body] of [["GET"], ["PUT", { name: "x" }], ["DELETE"]] as const) {
      const answer = await edge.ask(method, "/api/companies/1", { as: "admin", ...(body ? { body } : {}) });
      assert.equal(answer.status, 404);
    }
    const log = await edge.ask("GET", "/api/audit?action=company.changed", { as: "admin" });
    assert.equal(log.json.items[0].detail.phones, "888, 8 (800) 123-45-67");
    assert.equal(log.json.items[0].actor, "admin");
  }));

Deno.test("companies: values that are none are 422 and named, another's number is 409 and says whose", () =>
  onEdge(ground, async (edge) => {
    await addCompany(edge, { name: "First", phones: ["+7 495 123-45-67"] });
    const cases: [body: unknown, status: number, path: string][] = [
      [{}, 422, "name"],
      [{ name: " " }, 422, "name"],
      [{ name: "a\0" }, 422, "name"],
      [{ name: "x", more: 1 }, 422, "more"],
      [{ name: "x", phones: "777" }, 422, "phones"],
      [{ name: "x", phones: ["777", ""] }, 422, "phones.1"],
      [{ name: "x", phones: ["777", "no number"] }, 422, "phones.1"],
      [{ name: "x", phones: ["777", "8 (495) 123 45 67"] }, 409, "phones.1"],
    ];
    for (const [body, status, path] of cases) {
      const answer = await edge.ask("POST", "/api/companies", { as: "admin", body });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json.errors[0].path, path);
      if (status === 409) {
        assert.equal(answer.json.type, "/problems/phone-taken");
        assert.equal(answer.json.detail, "8 (495) 123 45 67 belongs to First");
      }
    }
    assert.equal((await edge.ask("GET", "/api/companies")).json.items.length, 1);
    edge.database.away = true;
    const away = await edge.ask("POST", "/api/companies", { as: "admin", body: { name: "x" } });
    assert.equal(away.status, 503);
    assert.equal((await edge.ask("GET", "/api/companies")).json.items.length, 1, "reads go on from memory");
  }));

Deno.test("users: have numbers, which are theirs alone and go with them", () =>
  onEdge(ground, async (edge) => {
    const users = async () => {
      const { json } = await edge.ask("GET", "/api/users", { as: "admin" });
      return json.items.map(({ login, phones }: { login: string; phones: string[] }) => `${login} ${phones}`);
    };
    const set = (id: number, phones: unknown) =>
      edge.ask("PUT", `/api/users/${id}/phones`, { as: "admin", body: { phones } });
    await edge.ask("PUT", "/api/users/2", { as: "admin", body: { first_name: "Ivan", last_name: "Ivanov" } });
    assert.deepEqual((await set(2, ["777", "+7 916 123-45-67"])).json, {
      phones: ["+7 916 123-45-67", "777"],
    });
    assert.deepEqual((await set(3, [" 888 "])).json, { phones: ["888"] });
    const taken = await set(3, ["888", "8 916 123 45 67"]);
    assert.equal(taken.status, 409);
    assert.equal(taken.json.type, "/problems/phone-taken");
    assert.equal(taken.json.detail, "8 916 123 45 67 belongs to Ivan Ivanov");
    assert.equal(taken.json.errors[0].path, "phones.1");
    for (const phones of [["x"], [""], "777", [1], Array(51).fill("777")]) {
      assert.equal((await set(3, phones)).status, 422);
    }
    assert.equal((await set(99, ["555"])).status, 404);
    assert.deepEqual(await users(), ["admin ", "operator +7 916 123-45-67,777", "employee 888"]);
    assert.equal((await edge.ask("DELETE", "/api/users/3", { as: "admin" })).status, 204);
    assert.deepEqual((await set(2, ["888"])).json, { phones: ["888"] });
    assert.deepEqual(await users(), ["admin ", "operator 888"]);
  }));

Deno.test("numbers: who has one, how it is written, and that nothing is known of others", () =>
  onEdge(ground, async (edge) => {
    await edge.ask("PUT", "/api/users/2/phones", { as: "admin", body: { phones: ["777"] } });
    await addCompany(edge, { name: "Company", phones: ["84951234567"] });
    const of = async (number: string) =>
      (await edge.ask("GET", `/api/numbers/${encodeURIComponent(number)}`)).json;
    assert.deepEqual(await of("777"), {
      number: "777",
      shown: "777",
      key: "777",
      internal: true,
      owner: { id: 2, name: "operator" },
      company: null,
    });
    assert.deepEqual(await of("+7 (495) 123-45-67"), {
      number: "+7 (495) 123-45-67",
      shown: "+7 495 123 45 67",
      key: "+74951234567",
      internal: false,
      owner: null,
      company: { id: 1, name: "Company" },
    });
    assert.deepEqual(await of("anonymous"), {
      number: "anonymous",
      shown: "anonymous",
      key: null,
      internal: false,
      owner: null,
      company: null,
    });
  }));

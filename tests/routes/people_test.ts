/**
 * @module
 * Users, API tokens and the audit log over HTTP.
 */
import assert from "node:assert/strict";
import { addUser, ADMIN_PASSWORD, inTown, useDatabase } from "../support/people.ts";

useDatabase();

Deno.test("users: are added, listed page by page, changed and removed, and each is in the audit log", () =>
  inTown(async (town) => {
    const ids = [await addUser(town, "ann"), await addUser(town, "bob"), await addUser(town, "cid")];
    const cookie = await town.login();
    const first = await (await town.ask("GET", "/api/users?limit=2", { cookie })).json();
    assert.deepEqual(first.items.map((user: { login: string }) => user.login), ["admin", "ann"]);
    assert.ok(!("password_hash" in first.items[0]));
    const second = await (await town.ask("GET", `/api/users?limit=2&cursor=${first.next}`, { cookie }))
      .json();
    assert.deepEqual(second.items.map((user: { login: string }) => user.login), ["bob", "cid"]);
    assert.equal(second.next, null);

    const body = { first_name: "Ann", last_name: "Doe" };
    const changed = await (await town.ask("PUT", `/api/users/${ids[0]}`, { cookie, body })).json();
    assert.deepEqual([changed.first_name, changed.last_name, changed.role], ["Ann", "Doe", "operator"]);
    const ann = await town.login("ann", "password of ann");
    assert.equal((await (await town.ask("GET", "/api/me", { cookie: ann })).json()).name, "Ann Doe");

    assert.equal((await town.ask("DELETE", `/api/users/${ids[0]}`, { cookie })).status, 204);
    assert.equal((await town.ask("DELETE", `/api/users/${ids[0]}`, { cookie })).status, 404);
    assert.equal((await town.ask("PUT", `/api/users/${ids[0]}`, { cookie, body })).status, 404);
    assert.equal((await town.ask("GET", "/api/me", { cookie: ann })).status, 401);

    const log = await (await town.ask("GET", "/api/audit?action=user.removed", { cookie })).json();
    assert.equal(log.items.length, 1);
    const { user_id, actor, target, address, result } = log.items[0];
    assert.deepEqual({ user_id, actor, target, address, result }, {
      user_id: 1,
      actor: "admin",
      target: "ann",
      address: "192.0.2.10",
      result: "ok",
    });
    const page = await (await town.ask("GET", "/api/audit?limit=3", { cookie })).json();
    const next = await (await town.ask("GET", `/api/audit?limit=200&cursor=${page.next}`, { cookie })).json();
    const whole = [...page.items, ...next.items].map((line: { id: string }) => Number(line.id));
    assert.deepEqual(whole, [...whole].sort((a, b) => b - a), "newest first, none twice");
    assert.equal(new Set(whole).size, whole.length);
  }));

Deno.test("users: login that is taken is 409, values that are not as expected are 422", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const add = (body: unknown) => town.ask("POST", "/api/users", { cookie, body });
    const good = { login: "ann", role: "operator", password: "password of ann" };
    assert.equal((await add(good)).status, 201);
    assert.equal((await add(good)).status, 409);
    for (
      const bad of [
        { ...good, login: "Ann O" },
        { ...good, role: "root" },
        { ...good, password: "short" },
        { ...good, status: "active" },
        { ...good, __proto__x: 1 },
        [],
        null,
      ]
    ) {
      assert.equal((await add(bad)).status, 422, JSON.stringify(bad));
    }
    for (const query of ["limit=0", "limit=201", "limit=x", "cursor=-1", "cursor=1'--", "limit=1&limit=2"]) {
      assert.equal((await town.ask("GET", `/api/users?${query}`, { cookie })).status, 422, query);
      assert.equal((await town.ask("GET", `/api/audit?${query}`, { cookie })).status, 422, query);
    }
  }));

Deno.test("row 30: hostile text in logins, names, token names and filters stays text", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const hostile = [
      "'; drop table users; --",
      '" or 1=1',
      "\\'); --",
      "${1}",
      "$1",
      "<script>",
      "%00",
      "\u202e",
    ];
    for (const text of hostile) {
      const changed = await town.ask("PUT", "/api/users/1", { cookie, body: { first_name: text } });
      assert.equal((await changed.json()).first_name, text);
      const token = await town.ask("POST", "/api/tokens", { cookie, body: { name: text } });
      assert.equal((await token.json()).name, text);
      const found = await town.ask("GET", `/api/audit?action=${encodeURIComponent(text)}`, { cookie });
      assert.deepEqual((await found.json()).items, []);
      assert.ok([401, 429].includes(
        (await town.ask("POST", "/api/login", { body: { login: text, password: text } })).status,
      ));
    }
    await town.login();
  }));

Deno.test("text: a NUL, which PostgreSQL cannot store, is refused and not a 500", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const answers = [
      await town.ask("PUT", "/api/users/1", { cookie, body: { first_name: "a\u0000b" } }),
      await town.ask("POST", "/api/tokens", { cookie, body: { name: "a\u0000b" } }),
      await town.ask("POST", "/api/login", { body: { login: "a\u0000b", password: "x" } }),
      await town.ask("GET", "/api/audit?action=a%00b", { cookie }),
    ];
    assert.deepEqual(answers.map((answer) => answer.status), [422, 422, 422, 422]);
  }));

Deno.test("admins: last active one is neither disabled, demoted nor removed", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const change = (id: number, body: unknown) => town.ask("PUT", `/api/users/${id}`, { cookie, body });
    for (
      const body of [{ status: "disabled" }, { role: "operator" }, { role: "employee", first_name: "x" }]
    ) {
      const answer = await change(1, body);
      assert.equal(answer.status, 409);
      assert.equal((await answer.json()).type, "/problems/last-admin");
    }
    assert.equal((await town.ask("DELETE", "/api/users/1", { cookie })).status, 409);
    assert.equal((await change(1, { role: "admin", status: "active", first_name: "Ann" })).status, 200);

    const second = await addUser(town, "second", "admin");
    assert.equal((await change(second, { status: "disabled" })).status, 200);
    assert.equal((await change(1, { role: "operator" })).status, 409, "a disabled admin is no help");
    assert.equal((await change(second, { status: "active" })).status, 200);
    const both = await Promise.all([change(1, { role: "operator" }), change(second, { role: "operator" })]);
    assert.equal(both.filter((answer) => answer.status === 200).length, 1, "one of two at once");
  }));

Deno.test("row 35: role revoked fires ended at once, keeps the session and changes what it may", () =>
  inTown(async (town) => {
    const id = await addUser(town, "ann", "admin");
    const cookie = await town.login();
    const ann = await town.login("ann", "password of ann");
    assert.equal((await town.ask("GET", "/api/users", { cookie: ann })).status, 200);
    town.ended.length = 0;
    await town.ask("PUT", `/api/users/${id}`, { cookie, body: { role: "employee" } });
    assert.deepEqual(town.ended, [{ userId: id }]);
    assert.equal((await town.ask("GET", "/api/users", { cookie: ann })).status, 403);
    assert.equal((await town.ask("GET", "/api/me", { cookie: ann })).status, 200);
    town.ended.length = 0;
    await town.ask("PUT", `/api/users/${id}`, { cookie, body: { role: "employee", first_name: "Ann" } });
    assert.deepEqual(town.ended, [], "nothing was taken");
  }));

Deno.test("row 35: user disabled, removed or given another password fires ended and ends the sessions", () =>
  inTown(async (town) => {
    const id = await addUser(town, "ann");
    let cookie = await town.login();
    for (const body of [{ status: "disabled" }, { password: "another password" }]) {
      const ann = await town.login("ann", "password of ann");
      town.ended.length = 0;
      await town.ask("PUT", `/api/users/${id}`, { cookie, body });
      assert.equal(town.ended.length, 1);
      assert.equal(town.ended[0]?.userId, id);
      assert.equal((await town.ask("GET", "/api/me", { cookie: ann })).status, 401);
      await town.ask("PUT", `/api/users/${id}`, {
        cookie,
        body: { status: "active", password: "password of ann" },
      });
      assert.equal((await town.ask("GET", "/api/me", { cookie: ann })).status, 401, "nor does it come back");
    }
    await town.login("ann", "password of ann");
    town.ended.length = 0;
    await town.ask("DELETE", `/api/users/${id}`, { cookie });
    assert.deepEqual(town.ended, [{ userId: id }]);
    await town.restart();
    cookie = await town.login();
    assert.equal((await (await town.ask("GET", "/api/users", { cookie })).json()).items.length, 1);
  }));

Deno.test("row 35: change whose answer was lost is read again, and holds", () =>
  inTown(async (town) => {
    const id = await addUser(town, "ann", "admin");
    const cookie = await town.login();
    const ann = await town.login("ann", "password of ann");
    town.ended.length = 0;
    town.database.losesAnswer = true;
    const answer = await town.ask("PUT", `/api/users/${id}`, { cookie, body: { status: "disabled" } });
    assert.equal(answer.status, 503);
    town.people.sweep();
    await town.people.settled();
    assert.deepEqual(town.ended, [{ userId: id }]);
    assert.equal((await town.ask("GET", "/api/me", { cookie: ann })).status, 401);
    assert.equal((await town.ask("GET", "/api/me", { cookie })).status, 200, "who did not change stays");
  }));

Deno.test("password: admin who changes their own by the user list keeps this session only", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const other = await town.login();
    const body = { password: "a new long password" };
    assert.equal((await town.ask("PUT", "/api/users/1", { cookie, body })).status, 200);
    assert.equal((await town.ask("GET", "/api/me", { cookie })).status, 200);
    assert.equal((await town.ask("GET", "/api/me", { cookie: other })).status, 401);
    await town.restart();
    assert.equal((await town.ask("GET", "/api/me", { cookie })).status, 200);
    assert.equal((await town.ask("GET", "/api/me", { cookie: other })).status, 401);
  }));

Deno.test("tokens: secret is shown once, one's own are listed, and nobody else's can be revoked", () =>
  inTown(async (town) => {
    await addUser(town, "ann");
    const cookie = await town.login();
    const ann = await town.login("ann", "password of ann");
    const made = await (await town.ask("POST", "/api/tokens", { cookie: ann, body: { name: "probe" } }))
      .json();
    assert.match(made.token, /^dl_[A-Za-z0-9_-]{43}$/);
    await town.ask("GET", "/api/me", { bearer: made.token });
    const list = await (await town.ask("GET", "/api/tokens", { cookie: ann })).json();
    assert.equal(list.items.length, 1);
    assert.ok(!("token" in list.items[0]) && !("hash" in list.items[0]));
    assert.equal(list.items[0].last_used_at, new Date(town.clock.now()).toISOString());
    assert.deepEqual((await (await town.ask("GET", "/api/tokens", { cookie })).json()).items, []);
    assert.equal((await town.ask("DELETE", `/api/tokens/${made.id}`, { cookie })).status, 404);
    assert.equal((await town.ask("GET", "/api/me", { bearer: made.token })).status, 200);
    await town.restart();
    const after = await (await town.ask("GET", "/api/tokens", { bearer: made.token })).json();
    assert.ok(after.items[0].last_used_at, "the last use was written back");
  }));

Deno.test("tokens: one can neither make another nor change the password", () =>
  inTown(async (town) => {
    const cookie = await town.login();
    const { token } = await (await town.ask("POST", "/api/tokens", { cookie, body: { name: "probe" } }))
      .json();
    const make = await town.ask("POST", "/api/tokens", { bearer: token, body: { name: "child" } });
    const change = await town.ask("PUT", "/api/me/password", {
      bearer: token,
      body: { current: ADMIN_PASSWORD, password: "a new long password" },
    });
    for (const answer of [make, change]) {
      assert.equal(answer.status, 403);
      assert.equal((await answer.json()).type, "/problems/session-needed");
    }
  }));

/**
 * @module
 * Whose number it is: lookups, changes at once, removed people, changes whose answer was lost, and what a start
 * makes of numbers that were written under other settings.
 */
import assert from "node:assert/strict";
import { Directory } from "../../actors/directory.ts";
import type { By } from "../../actors/people/who.ts";
import { DatabaseAway } from "../../db/client.ts";
import { type TrickyDatabase, useEmbedded, withDatabase } from "../db/ground.ts";

const ground = useEmbedded();

const BY: By = {
  who: { userId: 1, login: "admin", name: "Admin", role: "admin", sessionId: "s", tokenId: null },
  address: "192.0.2.10",
};

/** People by id, and who listens to their comings and goings. */
class FakePeople {
  readonly names = new Map<number, string>();
  readonly listeners = new Set<(id: number) => void>();

  nameOf(id: number): string | null {
    return this.names.get(id) ?? null;
  }

  onUserChanged(listener: (id: number) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  set(id: number, name: string | null): void {
    if (name === null) this.names.delete(id);
    else this.names.set(id, name);
    for (const listener of this.listeners) listener(id);
  }
}

interface Stage {
  database: TrickyDatabase;
  people: FakePeople;
  directory: Directory;
  warnings: Record<string, unknown>[];
  /** Another directory on the same data, as after a restart; it is stopped with the test. */
  again(settings?: { internalNumbers?: RegExp; phoneRegion?: "RU" | "BY" }): Promise<Directory>;
  audit(): Promise<{ action: string; target: string; detail: Record<string, string> }[]>;
}

async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  await withDatabase(ground.address(), async (database) => {
    await database.query((sql) => sql`truncate users, companies, audit_log restart identity cascade`);
    const people = new FakePeople();
    for (
      const [id, login, name] of [[1, "admin", "Admin"], [2, "ivan", "Ivan Ivanov"], [
        3,
        "olga",
        "Olga",
      ]] as const
    ) {
      await database.query((sql) => sql`insert into users (login, role) values (${login}, 'operator')`);
      people.set(id, name);
    }
    const warnings: Record<string, unknown>[] = [];
    const directories: Directory[] = [];
    const again: Stage["again"] = async (settings = {}) => {
      const directory = new Directory({
        database,
        people,
        log: { warn: (detail) => warnings.push(detail), error: (detail) => assert.fail(`${detail.err}`) },
        internalNumbers: /^\d{2,4}$/,
        phoneRegion: "RU",
        retryMs: 1,
        ...settings,
      });
      directories.push(directory);
      await directory.start();
      return directory;
    };
    try {
      await run({
        database,
        people,
        directory: await again(),
        warnings,
        again,
        audit: async () => [
          ...await database.query((sql) =>
            sql<{ action: string; target: string; detail: Record<string, string> }[]>`
              select action, target, detail from audit_log order by id`
          ),
        ],
      });
    } finally {
      database.away = false;
      for (const directory of directories) directory.stop();
      assert.equal(people.listeners.size, 0);
    }
  });
}

Deno.test("directory: a number is known however it is written, with whose it is, also after a restart", () =>
  onStage(async ({ directory, again }) => {
    const phones = ["777", "+7 (916) 123-45-67", "8 916 123 45 67"];
    assert.deepEqual(await directory.changes.setPhones(2, phones, BY), {
      kind: "set",
      phones: ["+7 (916) 123-45-67", "777"],
    });
    const made = await directory.changes.createCompany({
      name: "Test Company",
      notes: "",
      phones: ["8 (495) 123-45-67"],
    }, BY);
    assert.equal(made.kind, "created");
    for (const one of [directory, await again()]) {
      for (const number of ["777", "79161234567", "+79161234567", "8 916 123-45-67"]) {
        assert.deepEqual(one.ownerOf(number), { id: 2, name: "Ivan Ivanov" }, number);
      }
      for (const number of ["74951234567", "84951234567"]) {
        assert.deepEqual(one.companyOf(number), { id: 1, name: "Test Company" }, number);
      }
      for (const number of ["778", "anonymous", "", null, "+777", "7771"]) {
        assert.equal(one.ownerOf(number), null);
      }
      assert.equal(one.companyOf("777"), null);
      assert.deepEqual(one.phonesOf(2), ["+7 (916) 123-45-67", "777"]);
      assert.deepEqual(one.phonesOf(3), []);
      assert.equal(one.shown("84951234567"), "+7 495 123 45 67");
      assert.equal(one.isInternal("777"), true);
    }
  }));

Deno.test("directory: a number that is another's is refused with whose it is, and nothing is changed", () =>
  onStage(async ({ directory, again, audit }) => {
    await directory.changes.setPhones(2, ["777", "+7 916 123-45-67"], BY);
    await directory.changes.setPhones(3, ["888"], BY);
    assert.deepEqual(await directory.changes.setPhones(3, ["889", "8 916 123 45 67"], BY), {
      kind: "phone_taken",
      index: 1,
      phone: "8 916 123 45 67",
      owner: { id: 2, name: "Ivan Ivanov" },
    });
    assert.deepEqual(await directory.changes.setPhones(3, ["889", "x"], BY), {
      kind: "bad_phone",
      index: 1,
      phone: "x",
    });
    const company = { name: "First", notes: "", phones: ["+7 495 000-00-01"] };
    assert.equal((await directory.changes.createCompany(company, BY)).kind, "created");
    const taken = { kind: "phone_taken", index: 0, phone: "84950000001", owner: { id: 1, name: "First" } };
    assert.deepEqual(
      await directory.changes.createCompany({ ...company, phones: ["84950000001"] }, BY),
      taken,
    );
    const second = await directory.changes.createCompany({ ...company, name: "Second", phones: [] }, BY);
    assert.ok(second.kind === "created");
    const change = { name: "Other", phones: ["84950000001"] };
    assert.deepEqual(await directory.changes.changeCompany(second.company.id, change, BY), taken);
    for (const one of [directory, await again()]) {
      assert.deepEqual(one.phonesOf(3), ["888"]);
      assert.deepEqual(one.companiesPage({ after: 0, limit: 9 }).map(({ name }) => name), [
        "First",
        "Second",
      ]);
    }
    assert.deepEqual((await audit()).map(({ action, target }) => `${action} ${target}`), [
      "phones.changed ivan",
      "phones.changed olga",
      "company.created 1",
      `company.created ${second.company.id}`,
    ]);
  }));

Deno.test("directory: numbers change hands, and change as a whole", () =>
  onStage(async ({ directory }) => {
    await directory.changes.setPhones(2, ["777", "778"], BY);
    await directory.changes.setPhones(2, ["778", "779"], BY);
    assert.equal(directory.ownerOf("777"), null);
    await directory.changes.setPhones(3, ["777"], BY);
    assert.equal(directory.ownerOf("777")?.name, "Olga");
    await directory.changes.setPhones(2, [], BY);
    assert.deepEqual(directory.phonesOf(2), []);
    assert.equal((await directory.changes.setPhones(99, ["555"], BY)).kind, "not_found");
  }));

Deno.test("directory: of two people who are given one number at once one has it, in memory as in the table", () =>
  onStage(async ({ directory, again }) => {
    const results = await Promise.all(
      [2, 3, 2, 3].map((id, i) => directory.changes.setPhones(id, ["777", `10${i}`], BY)),
    );
    assert.deepEqual(results.map(({ kind }) => kind), ["set", "phone_taken", "set", "phone_taken"]);
    const restarted = await again();
    for (const id of [2, 3]) assert.deepEqual(directory.phonesOf(id), restarted.phonesOf(id));
    assert.deepEqual(directory.phonesOf(2), ["102", "777"]);
  }));

Deno.test("directory: companies are listed page by page, found, changed and removed, each with a line in the audit log", () =>
  onStage(async ({ directory, again, audit }) => {
    for (
      const [name, phone] of [["ООО Первая", "84950000001"], ["Second", "84950000002"], [
        "Third",
        "555",
      ]] as const
    ) {
      await directory.changes.createCompany({ name, notes: `notes of ${name}`, phones: [phone] }, BY);
    }
    const names = (one: Directory, q?: string) =>
      one.companiesPage({ after: 0, limit: 9, q }).map(({ name }) => name);
    assert.deepEqual(directory.companiesPage({ after: 1, limit: 1 }).map(({ id }) => id), [2]);
    for (
      const [q, expected] of [
        ["", ["ООО Первая", "Second", "Third"]],
        ["первая", ["ООО Первая"]],
        ["notes of s", ["Second"]],
        ["+7 (495) 000-00", ["ООО Первая", "Second"]],
        ["8 495 000 00 02", ["Second"]],
        ["555", ["Third"]],
        ["nothing", []],
      ] as const
    ) assert.deepEqual(names(directory, q), expected, q);
    const changed = await directory.changes.changeCompany(2, { name: "Renamed" }, BY);
    assert.ok(changed.kind === "changed");
    assert.deepEqual(changed.company.phones, ["84950000002"]);
    assert.equal((await directory.changes.changeCompany(2, { phones: [] }, BY)).kind, "changed");
    assert.equal((await directory.changes.removeCompany(3, BY)).kind, "removed");
    assert.equal((await directory.changes.removeCompany(3, BY)).kind, "not_found");
    assert.equal((await directory.changes.changeCompany(3, { name: "x" }, BY)).kind, "not_found");
    for (const one of [directory, await again()]) {
      assert.deepEqual(names(one), ["ООО Первая", "Renamed"]);
      assert.equal(one.companyOf("555"), null);
      assert.equal(one.companyOf("84950000002"), null);
      assert.equal(one.company(2)?.notes, "notes of Second");
    }
    assert.deepEqual((await audit()).slice(3), [
      { action: "company.changed", target: "2", detail: { name: "Renamed" } },
      { action: "company.changed", target: "2", detail: { phones: "" } },
      { action: "company.removed", target: "3", detail: { name: "Third" } },
    ]);
  }));

Deno.test("directory: who is removed has no number any more, and a change on its way gives them none", () =>
  onStage(async ({ database, directory, people }) => {
    await directory.changes.setPhones(2, ["777"], BY);
    await database.query((sql) => sql`delete from users where id = 2`);
    people.set(2, null);
    assert.equal(directory.ownerOf("777"), null);
    assert.deepEqual(directory.phonesOf(2), []);
    assert.equal((await directory.changes.setPhones(2, ["777"], BY)).kind, "not_found");
    // Removed between the commit and its answer.
    database.after = async () => {
      database.after = () => {};
      await database.query((sql) => sql`delete from users where id = 3`);
      people.set(3, null);
    };
    assert.deepEqual(await directory.changes.setPhones(3, ["777"], BY), { kind: "set", phones: [] });
    assert.equal(directory.ownerOf("777"), null);
  }));

Deno.test("directory: who listens is told of numbers, names and those who go, and a listener that fails harms nobody", () =>
  onStage(async ({ directory, people }) => {
    let told = 0;
    const forget = directory.onChange(() => void told++);
    await directory.changes.setPhones(2, ["777"], BY);
    assert.equal(told, 1);
    people.set(2, "Ivan Petrov");
    assert.equal(told, 2);
    assert.equal(directory.ownerOf("777")?.name, "Ivan Petrov");
    await directory.changes.setPhones(3, ["777"], BY);
    assert.equal(told, 2, "a refusal changes nothing");
    forget();
    people.set(2, "Ivan Ivanov");
    assert.equal(told, 2);
  }));

Deno.test("directory: with the database away a change fails and memory stays", () =>
  onStage(async ({ database, directory }) => {
    await directory.changes.setPhones(2, ["777"], BY);
    database.away = true;
    await assert.rejects(directory.changes.setPhones(2, ["778"], BY), DatabaseAway);
    assert.equal(directory.ownerOf("777")?.id, 2);
    database.away = false;
    await directory.changes.reload();
    assert.equal(directory.ownerOf("777")?.id, 2);
  }));

Deno.test("directory: a change whose answer was lost is read again, by itself and before the next one", () =>
  onStage(async ({ database, directory }) => {
    const lose = () =>
      database.after = () => {
        database.after = () => {};
        throw new DatabaseAway("No answer: this test lost it");
      };
    lose();
    const told = new Promise<void>((resolve) => directory.onChange(resolve));
    await assert.rejects(directory.changes.setPhones(2, ["777"], BY), DatabaseAway);
    assert.equal(directory.ownerOf("777"), null);
    await told;
    assert.equal(directory.ownerOf("777")?.id, 2);
    lose();
    const lost = directory.changes.setPhones(2, ["778"], BY);
    const next = directory.changes.setPhones(3, ["777", "778"], BY);
    await assert.rejects(lost, DatabaseAway);
    const refused = await next;
    assert.ok(refused.kind === "phone_taken");
    assert.equal(refused.phone, "778");
    assert.equal(directory.ownerOf("778")?.id, 2);
  }));

Deno.test("directory: numbers that were written under other settings are compared by the present ones", () =>
  onStage(async ({ database, directory, again, warnings }) => {
    await directory.changes.setPhones(2, ["8 029 123-45-67", "12345"], BY);
    await directory.changes.createCompany({ name: "Company", notes: "", phones: ["8 029 765-43-21"] }, BY);
    // As the migration found them: no key was ever computed.
    await database.query((sql) => sql`update user_phones set number_key = phone_number`);
    const there = await again({ phoneRegion: "BY", internalNumbers: /^\d{5}$/ });
    assert.equal(there.ownerOf("+375291234567")?.id, 2);
    assert.equal(there.ownerOf("12345")?.id, 2);
    assert.equal(there.companyOf("+375297654321")?.id, 1);
    const keys = await database.query((sql) =>
      sql<{ number_key: string }[]>`select number_key from user_phones order by number_key`
    );
    assert.deepEqual(keys.map(({ number_key }) => number_key), ["+375291234567", "12345"]);
    assert.deepEqual(warnings, []);
  }));

Deno.test("directory: two numbers that the present settings take for one are told, and the first keeps it", () =>
  onStage(async ({ database, again, warnings }) => {
    await database.query((sql) =>
      sql`insert into user_phones (user_id, phone_number, number_key)
        values (2, '+7 495 123-45-67', '+74951234567'), (3, '84951234567', '84951234567')`
    );
    const directory = await again();
    assert.deepEqual(warnings, [{ user: 3 }]);
    assert.equal(directory.ownerOf("74951234567")?.id, 2);
    assert.deepEqual(directory.phonesOf(3), ["84951234567"]);
  }));

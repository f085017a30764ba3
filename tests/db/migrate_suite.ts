/**
 * @module
 * What `migrate` promises, on whatever database it is given. Each test has its own folder of migrations and leaves
 * no table behind.
 */
import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { migrate, MigrationError } from "../../db/migrate.ts";
import { type Ground, type TrickyDatabase, withDatabase } from "./ground.ts";

type Migrations = Record<string, string>;

const FIRST = { "0001_one.sql": "create table step (n int); insert into step values (1);" };
const SECOND = { ...FIRST, "0002_two.sql": "insert into step values (2)" };
const THIRD = { ...SECOND, "0010_ten.sql": "insert into step select max(n) + 1 from step" };

/** Declares the tests. */
export function migrateSuite(name: string, ground: Ground, options: { ignore?: boolean } = {}): void {
  function test(rule: string, run: (place: Place) => Promise<void>): void {
    Deno.test({
      name: `migrate (${name}): ${rule}`,
      ignore: options.ignore ?? false,
      fn: () => inPlace(ground, run),
    });
  }

  test("applies each file once, in the order of numbers, and says which", async ({ database, apply, steps }) => {
    assert.deepEqual(await apply(FIRST), [1]);
    assert.deepEqual(await apply(FIRST), []);
    assert.deepEqual(await apply(THIRD), [2, 10]);
    assert.deepEqual(await steps(), [1, 2, 3]);
    assert.deepEqual(await apply(THIRD), []);
    const rows = await database.query((sql) =>
      sql`select name, sha256 from schema_migrations order by number`
    );
    assert.deepEqual(rows.map(({ name }) => name), Object.keys(THIRD));
  });

  test("several at once apply each file once", async ({ apply, steps, address }) => {
    // Slow enough that all are there before the first is done.
    const files = { "0000_slow.sql": "select pg_sleep(0.2)", ...THIRD };
    const others = Array.from({ length: 4 }, () => withDatabase(address, (other) => apply(files, other)));
    const applied = await Promise.all([apply(files), ...others]);
    assert.deepEqual(applied.flat(), [0, 1, 2, 10], "one did it all, the others waited");
    assert.deepEqual(await steps(), [1, 2, 3]);
  });

  test("a newer database is refused", async ({ apply, steps }) => {
    await apply(THIRD);
    await assert.rejects(apply(SECOND), (error: Error) => {
      assert.ok(error instanceof MigrationError);
      assert.match(error.message, /has migration 10, this program knows 2/);
      return true;
    });
    assert.deepEqual(await steps(), [1, 2, 3]);
  });

  test("a file that was changed after it was applied is refused, and nothing of what follows is done", async ({ apply, steps }) => {
    await apply(FIRST);
    const changed = { ...SECOND, "0001_one.sql": `${FIRST["0001_one.sql"]} -- harmless` };
    await assert.rejects(apply(changed), /Migration 0001_one.sql was changed/);
    assert.deepEqual(await steps(), [1]);
  });

  test("a file that fails leaves nothing of itself nor of those before it in the same run", async ({ apply, database }) => {
    await assert.rejects(apply({ ...FIRST, "0002_bad.sql": "insert into step values (2); select nonsense" }));
    const [row] = await database.query((sql) =>
      sql<{ step: string | null; all: string | null }[]>`select to_regclass('step')::text as step,
        to_regclass('schema_migrations')::text as all`
    );
    assert.deepEqual({ ...row }, { step: null, all: null });
    assert.deepEqual(await apply(SECOND), [1, 2]);
  });

  test("the product's own apply to an empty database and are then up to date", async ({ database }) => {
    const numbers = await migrate(database);
    assert.deepEqual(numbers, numbers.map((_, index) => index + 1));
    assert.ok(numbers.length >= 2);
    assert.deepEqual(await migrate(database), []);
  });
}

interface Place {
  database: TrickyDatabase;
  address: ReturnType<Ground["address"]>;
  apply(files: Migrations, database?: TrickyDatabase): Promise<number[]>;
  steps(): Promise<number[]>;
}

/** Runs a test in an empty `public` schema, which is put back as it was. */
async function inPlace(ground: Ground, run: (place: Place) => Promise<void>): Promise<void> {
  const address = ground.address();
  const folders: string[] = [];
  await withDatabase(address, async (database) => {
    await database.query((sql) =>
      sql.begin(async (tx) => {
        await tx`alter schema public rename to aside`;
        await tx`create schema public`;
      })
    );
    try {
      await run({
        database,
        address,
        apply: async (files, on = database) => {
          const folder = await Deno.makeTempDir({ prefix: "doorline migrations-" });
          folders.push(folder);
          for (const [name, text] of Object.entries(files)) {
            await Deno.writeTextFile(`${folder}/${name}`, text);
          }
          await Deno.writeTextFile(`${folder}/README.md`, "not a migration");
          return await migrate(on, pathToFileURL(`${folder}/`));
        },
        steps: async () =>
          (await database.query((sql) => sql<{ n: number }[]>`select n from step`)).map(({ n }) => n),
      });
    } finally {
      await database.query((sql) =>
        sql.begin(async (tx) => {
          await tx`drop schema public cascade`;
          await tx`alter schema aside rename to public`;
        })
      );
      for (const folder of folders) await Deno.remove(folder, { recursive: true });
    }
  });
}

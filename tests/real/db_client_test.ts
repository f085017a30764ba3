/**
 * @module
 * The door to a real PostgreSQL that stops, starts, and is cut off: deadlines, bounds, and that it comes back by itself.
 */
import assert from "node:assert/strict";
import type postgres from "postgres";
import { Database, DatabaseAway } from "../../db/client.ts";
import { migrate } from "../../db/migrate.ts";
import { Writer } from "../../db/writer.ts";
import { event, storedEvents, truncate, withDatabase } from "../db/ground.ts";
import { lacks } from "../support/available.ts";
import { type Postgres, startPostgres } from "../support/servers.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp_proxy.ts";
import { waitFor } from "../support/wait.ts";

const ignore = lacks("postgresql");
let server: Postgres | null = null;

Deno.test.beforeAll(async () => {
  if (ignore) return;
  server = await startPostgres({ settings: { timezone: "Asia/Kolkata" } });
  await withDatabase({ url: server.url }, (database) => migrate(database));
});
Deno.test.afterAll(async () => await server?.stop());

interface Stage {
  server: Postgres;
  proxy: TcpProxy;
  database: Database;
  states: { up: boolean; error: string | null }[];
  /** Another door through the same proxy; closed with the test. */
  another(options?: Partial<ConstructorParameters<typeof Database>[0]>): Database;
}

function test(rule: string, run: (stage: Stage) => Promise<void>): void {
  Deno.test({
    name: `database: ${rule}`,
    ignore,
    fn: async () => {
      const proxy = await startTcpProxy({ target: server!.port });
      const url = `postgres://postgres@127.0.0.1:${proxy.port}/doorline`;
      const opened: Database[] = [];
      const states: Stage["states"] = [];
      const another: Stage["another"] = (options = {}) => {
        const database = new Database({ address: { url }, ...options });
        opened.push(database);
        return database;
      };
      const database = another({ probeEveryMs: 100, onState: (state) => states.push(state) });
      try {
        await run({ server: server!, proxy, database, states, another });
      } finally {
        await Promise.all(opened.map((each) => each.stop(100)));
        await proxy.stop();
      }
    },
  });
}

const one = (sql: postgres.Sql) => sql`select 1 as one`;
const away = (query: Promise<unknown>) => assert.rejects(query, (error) => error instanceof DatabaseAway);

/** Rejects, and says how long that took in milliseconds. */
async function lasts(query: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await away(query());
  return performance.now() - begun;
}

test("a mistake in a query is the caller's, not an outage", async ({ database, states }) => {
  await assert.rejects(
    database.query((sql) => sql`select nonsense`),
    (error) => !(error instanceof DatabaseAway),
  );
  await assert.rejects(database.query(() => Promise.reject(new RangeError("mine"))), RangeError);
  assert.equal(database.up, true);
  assert.deepEqual(states, []);
});

test("sessions keep UTC, and an abandoned transaction gives its locks back", async ({ database }) => {
  const [row] = await database.query((sql) =>
    sql`select current_setting('TimeZone') as zone, current_setting('idle_in_transaction_session_timeout') as idle,
      current_setting('statement_timeout') as longest,
      '2026-07-01 00:00'::timestamptz as at`
  );
  assert.equal(row!.zone, "UTC");
  assert.equal(row!.idle, "15s");
  assert.equal(row!.longest, "1min");
  assert.equal(row!.at.toISOString(), "2026-07-01T00:00:00.000Z");
});

test("row 4: stopped, it is away at once; started, it comes back by itself", async ({ server, another }) => {
  const states: Stage["states"] = [];
  const onState = (state: Stage["states"][number]) => states.push(state);
  const database = another({ address: { url: server.url }, probeEveryMs: 100, onState });
  database.watch();
  await database.query(one);
  await server.halt();
  await away(database.query(one));
  assert.equal(database.up, false);
  assert.ok(await lasts(() => database.query(one)) < 250, "it does not try while it knows");
  await server.start();
  await waitFor(() => database.up, { what: "the database to be back" });
  assert.equal((await database.query(one))[0]!.one, 1);
  assert.deepEqual(states.map(({ up }) => up), [false, true]);
  assert.match(states[0]!.error!, /Cannot reach the database/);
  assert.equal(states[1]!.error, null);
});

test("row 4: killed under a query, that query fails; idle, the probe finds out", async ({ server, database }) => {
  database.watch();
  const running = database.query((sql) => sql`select pg_sleep(30)`, { deadlineMs: 30_000 });
  const failed = away(running);
  await waitFor(async () =>
    (await server.query(
      "select count(*) from pg_stat_activity where query like '%pg_sleep(30)' and state = 'active' and pid <> pg_backend_pid()",
    )) === "1"
  );
  await server.kill();
  await failed;
  await server.start();
  await waitFor(() => database.up, { what: "the database to be back" });
  await server.halt();
  await waitFor(() => !database.up, { what: "the probe to see that it is away" });
  await server.start();
  await waitFor(() => database.up, { what: "the database to be back again" });
});

test("row 4: a proxy that is down is an outage, one that is up again is not", async ({ proxy, database }) => {
  database.watch();
  await database.query(one);
  await proxy.down();
  await away(database.query(one));
  await proxy.up();
  await waitFor(() => database.up, { what: "the database to be back" });
  await database.query(one);
});

test("row 5: a black hole is seen by the probe after a deadline, the next query fails at once, and it heals", async ({ proxy, database, states }) => {
  database.watch();
  await database.query(one);
  proxy.blackHole();
  const first = await lasts(() => database.query(one, { deadlineMs: 300 }));
  assert.ok(first >= 290 && first < 2_500, `${first} ms`);
  await waitFor(() => !database.up, { what: "the probe that is sent then to fail" });
  assert.ok(await lasts(() => database.query(one)) < 250);
  // The probe's own connections go into the hole too.
  await waitFor(() => proxy.accepted() >= 3, { what: "the probe to try again" });
  assert.equal(database.up, false);
  await proxy.heal();
  await waitFor(() => database.up, { what: "the database to be back" });
  await database.query(one);
  assert.deepEqual(states.map(({ up }) => up), [false, true]);
});

test("row 5: a connection that is not answered is given up after two seconds", async ({ proxy, database }) => {
  proxy.blackHole();
  const took = await lasts(() => database.query(one, { deadlineMs: 10_000 }));
  assert.ok(took > 1500 && took < 8000, `${took} ms`);
});

test("queries that hang do not hold up those that come after them", async ({ another }) => {
  const states: Stage["states"] = [];
  const database = another({ connections: 2, probeEveryMs: 100, onState: (state) => states.push(state) });
  database.watch();
  const hung = () => away(database.query((sql) => sql`select pg_sleep(8)`, { deadlineMs: 100 }));
  await Promise.all([hung(), hung()]);
  await database.query(one, { deadlineMs: 1000 });
  assert.deepEqual(states, [], "nor is it an outage");
});

const sleeping =
  "select count(*) from pg_stat_activity where query like '%pg_sleep%' and state = 'active' and pid <> pg_backend_pid()";

test("a question that is too slow fails alone, is cancelled, and takes nobody's connection with it", async ({ server, database, states }) => {
  await database.query(one);
  const other = database.query((sql) => sql`select pg_sleep(1), 7 as seven`);
  const slow = await lasts(() =>
    database.query((sql) => sql`select pg_sleep(20)`.then((rows) => rows), { deadlineMs: 200 })
  );
  assert.ok(slow < 1000, `${slow} ms`);
  assert.equal((await database.query(one))[0]!.one, 1);
  assert.equal((await other)[0]!.seven, 7);
  await waitFor(async () => await server.query(sleeping) === "0", { what: "the slow one to be cancelled" });
  assert.equal(database.up, true);
  assert.deepEqual(states, []);
});

test("a statement that PostgreSQL gave up is no outage", async ({ database, states }) => {
  await away(database.query((sql) =>
    sql.begin(async (tx) => {
      await tx`set local statement_timeout = 50`;
      await tx`select pg_sleep(5)`;
    })
  ));
  assert.equal((await database.query(one))[0]!.one, 1);
  assert.deepEqual(states, []);
});

test("a transaction whose caller was told that it failed is not committed later", async ({ server, database }) => {
  await truncate(database);
  let done = () => {};
  const held = new Promise<void>((resolve) => done = resolve);
  let ended: Promise<unknown> = Promise.resolve();
  await away(database.query((sql) =>
    ended = sql.begin(async (tx) => {
      await tx`insert into outbox (id, destination, dedupe_key, payload, created_at)
        values ('late', 'telegram', 'late', '{}', now())`;
      await held;
    }), { deadlineMs: 300 }));
  done();
  await assert.rejects(ended, /nobody waits/);
  assert.equal(await server.query("select count(*) from outbox"), "0");
  assert.equal(database.up, true);
});

test("what waits is bounded; one more is refused at once and that is no outage", async ({ proxy, another }) => {
  const database = another({ maxWaiting: 5, connections: 2, deadlineMs: 20_000 });
  await database.query(one);
  proxy.hold();
  const waiting = Array.from({ length: 5 }, () => database.query(one));
  assert.ok(await lasts(() => database.query(one)) < 250);
  assert.equal(database.up, true);
  proxy.release();
  await Promise.all(waiting);
  await database.query(one);
});

test("a connection that closes within a transaction fails that one, and throws nothing that nobody can catch", async ({ server }) => {
  type End = (proxy: TcpProxy, pid: number) => Promise<unknown>;
  const ends: Record<string, End> = {
    "PostgreSQL ends it": (_proxy, pid) => server.query(`select pg_terminate_backend(${pid})`),
    "the network closes it": (proxy) => proxy.down().then(proxy.up),
    "the network resets it": (proxy) => Promise.resolve(proxy.resetAll()),
  };
  const works: Record<
    string,
    (tx: postgres.TransactionSql, end: () => Promise<unknown>) => Promise<unknown>
  > = {
    "in a query": (tx, end) => Promise.all([tx`select pg_sleep(10)`, end()]),
    "between queries": (tx, end) => end().then(() => tx`select 2`),
    "before its end": (_tx, end) => end(),
    "and the work fails by itself": (_tx, end) => end().then(() => Promise.reject(new RangeError("mine"))),
  };
  async function broken(end: End, work: typeof works[string], title: string): Promise<void> {
    const proxy = await startTcpProxy({ target: server.port });
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/doorline`;
    const database = new Database({ address: { url }, connections: 2, probeEveryMs: 50 });
    database.watch();
    for (let round = 0; round < 3; round++) {
      await waitFor(() => database.up, { what: `the database to be back: ${title}` });
      let ended: Promise<unknown> | undefined;
      const transaction = database.query((sql) =>
        sql.begin(async (tx) => {
          const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`;
          return await work(tx, () => ended ??= end(proxy, row!.pid));
        }), { deadlineMs: 20_000 });
      await away(transaction);
      await ended;
    }
    // What would be thrown is thrown from a callback, before this answer.
    await waitFor(async () => await database.query(one), { what: `an answer: ${title}` });
    await database.stop(100);
    await proxy.stop();
  }
  await Promise.all(
    Object.entries(ends).flatMap(([by, end]) =>
      Object.entries(works).map(([moment, work]) => broken(end, work, `${by}, ${moment}`))
    ),
  );
});

test("outages leave no connections behind", async ({ server, proxy, another }) => {
  const database = another({ connections: 3, probeEveryMs: 50 });
  database.watch();
  const load = () =>
    Promise.allSettled(Array.from({ length: 12 }, () => database.query(one, { deadlineMs: 200 })));
  for (let cycle = 0; cycle < 3; cycle++) {
    await load();
    proxy.hold();
    await load();
    await waitFor(() => !database.up, { what: "the outage to be seen" });
    await proxy.heal();
    proxy.resetAll();
    await waitFor(() => database.up, { what: "the database to be back" });
  }
  await load();
  const count = "select count(*) from pg_stat_activity where application_name = 'doorline'";
  await waitFor(async () => Number(await server.query(count)) <= 3, {
    what: "no more than three connections",
  });
  await database.stop();
  await waitFor(async () => await server.query(count) === "0", { what: "no connection after stop" });
  await waitFor(() => proxy.connections() === 0, { what: "no connection at the proxy" });
});

test("closed, it refuses and its timers are gone", async ({ database, states }) => {
  database.watch();
  await database.query(one);
  await database.stop();
  await assert.rejects(database.query(one), /the database is closed/);
  database.watch();
  assert.deepEqual(states, []);
});

/** A door that holds the network up the moment that a transaction's COMMIT is on its way. */
class CutAtCommit extends Database {
  cut: () => void = () => {};

  override query<T>(run: (sql: postgres.Sql) => Promise<T>, options?: { deadlineMs?: number }): Promise<T> {
    const begins = (sql: postgres.Sql) => (work: (tx: postgres.TransactionSql) => Promise<unknown>) =>
      sql.begin(async (tx) => {
        const result = await work(tx);
        this.cut();
        return result;
      });
    return super.query((sql) =>
      run(
        new Proxy(sql, {
          get: (target, name) => name === "begin" ? begins(sql) : Reflect.get(target, name),
        }),
      ), options);
  }
}

for (const direction of ["up", "down"] as const) {
  const what = direction === "up" ? "before COMMIT arrived" : "after COMMIT was done";
  test(`an uncertain commit, cut off ${what}, is written once and in order`, async ({ server, proxy }) => {
    const database = new CutAtCommit({
      address: { url: `postgres://postgres@127.0.0.1:${proxy.port}/doorline` },
    });
    const writer = new Writer({ database, windowMs: 0, retryMs: 10 });
    try {
      await truncate(database);
      database.watch();
      database.cut = () => proxy.hold(direction);
      const rows = Array.from(
        { length: 20 },
        () => event({ once: { key: crypto.randomUUID(), must_be_new: true } }),
      );
      const outbox = rows.map(({ id, received_at: created_at }) => ({
        id,
        destination: "telegram",
        dedupe_key: id,
        payload: {},
        created_at,
      }));
      const said = rows.map((row, i) => writer.commit({ events: [row], outbox: [outbox[i]!] }));
      if (direction === "down") {
        await waitFor(async () => Number(await server.query("select count(*) from outbox")) > 0, {
          what: "the commit",
        });
      } else {
        await waitFor(async () =>
          await server.query("select count(*) from pg_stat_activity where state = 'idle in transaction'") ===
            "1"
        );
        assert.equal(await server.query("select count(*) from outbox"), "0");
      }
      database.cut = () => {};
      proxy.resetAll();
      await proxy.heal();
      const outcomes = await Promise.all(said);
      outcomes.forEach(({ eventIds }, i) =>
        assert.ok(eventIds.has(rows[i]!.id), "it counts, though it was there")
      );
      await withDatabase({ url: server.url }, async (direct) => {
        assert.deepEqual(await storedEvents(direct), rows.map(({ id }) => id));
      });
      assert.equal(await server.query("select count(*) from outbox"), "20");
      assert.equal(await server.query("select count(*) from intercom_event_keys"), "20");
    } finally {
      await writer.stop();
      await database.stop(100);
    }
  });
}

test("row 4: a writer whose database stops and starts under load loses and doubles nothing", async ({ server, another }) => {
  const database = another({ connections: 1, maxWaiting: 4, probeEveryMs: 100 });
  database.watch();
  const writer = new Writer({ database, retryMs: 20 });
  await truncate(database);
  const rows = Array.from({ length: 3000 }, () => event());
  const said: Promise<unknown>[] = [];
  const say = (from: number, to: number) =>
    rows.slice(from, to).forEach((row) => said.push(writer.commit({ events: [row] })));
  say(0, 1000);
  const halted = server.halt();
  say(1000, 2000);
  await halted;
  await waitFor(() => !database.up, { what: "the outage to be seen" });
  await assert.rejects(writer.commit({ events: [event()] }, { deadlineMs: 3000 }), DatabaseAway);
  say(2000, 3000);
  await server.start();
  await Promise.all(said);
  assert.deepEqual(await storedEvents(database), rows.map(({ id }) => id));
  assert.equal(writer.waitingRows, 0);
  await writer.stop();
});

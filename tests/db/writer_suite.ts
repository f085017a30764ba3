/**
 * @module
 * What the batched writer promises, on whatever database it is given.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { DatabaseAway } from "../../db/client.ts";
import { migrate } from "../../db/migrate.ts";
import type { OutboxRow, WriteUnit } from "../../db/rows.ts";
import { Writer } from "../../db/writer.ts";
import {
  event,
  type Ground,
  intercom,
  NOON,
  poison,
  storedEvents,
  TrickyDatabase,
  truncate,
  withDatabase,
} from "./ground.ts";
import { batches, Model, unitOf } from "./writer_model.ts";

const MAC = "AA:BB:CC:01";
const MINUTE = 60_000;

interface Stage {
  database: TrickyDatabase;
  writer: Writer;
  refused: WriteUnit[];
  /** Transactions that were begun. */
  begun(): number;
  /** Makes a writer with other bounds; it is stopped with the test. */
  another(options: Partial<ConstructorParameters<typeof Writer>[0]>): Writer;
  name(mac?: string): Promise<string | undefined>;
}

/** Declares the tests. */
export function writerSuite(name: string, ground: Ground, options: { ignore?: boolean } = {}): void {
  function test(rule: string, run: (stage: Stage) => Promise<void>): void {
    Deno.test({
      name: `writer (${name}): ${rule}`,
      ignore: options.ignore ?? false,
      fn: () => withDatabase(ground.address(), (database) => onStage(database, run)),
    });
  }

  test("what is stated within the window is one transaction", async ({ database, writer, begun }) => {
    const events = Array.from({ length: 50 }, () => event());
    const outcomes = await Promise.all(events.map((row) => writer.commit({ events: [row] })));
    assert.equal(begun(), 1);
    assert.equal(writer.committedRows, 50);
    assert.equal(writer.waitingRows, 0);
    outcomes.forEach(({ eventIds }, index) => assert.ok(eventIds.has(events[index]!.id)));
    const [row] = await database.query((sql) =>
      sql<{ count: number }[]>`select count(distinct xmin::text)::int as count from intercom_events`
    );
    assert.equal(row!.count, 1);
  });

  test("a transaction has a thousand rows, about, and a unit is never split", async ({ writer, begun, database }) => {
    const units = Array.from({ length: 1250 }, () => ({ events: [event(), event()] }));
    await Promise.all(units.map((unit) => writer.commit(unit)));
    assert.equal(begun(), 3);
    assert.equal((await storedEvents(database)).length, 2500);
    await writer.commit({ events: Array.from({ length: 1700 }, () => event()) });
    assert.equal(begun(), 4);
  });

  test("a unit of nothing needs no database", async ({ writer, begun }) => {
    assert.equal((await writer.commit({ events: [], audit: [] })).eventIds.size, 0);
    assert.equal(begun(), 0);
  });

  test("the last word of a panel is what its row becomes, over batches too", async ({ writer, database, name }) => {
    const said: Promise<unknown>[] = [];
    for (let i = 1; i <= 2300; i++) said.push(writer.commit({ intercom: intercom(MAC, { name: `${i}` }) }));
    await Promise.all(said);
    assert.equal(await name(), "2300");
    const later = new Date(NOON + 5000).toISOString();
    await Promise.all([
      writer.commit({ intercom: intercom(MAC, { name: "touched" }) }),
      writer.commit({ touch: { mac: MAC, last_seen_at: later } }),
    ]);
    const [row] = await database.query((sql) =>
      sql<{ last_seen_at: Date }[]>`select last_seen_at from intercoms`
    );
    assert.equal(row!.last_seen_at.toISOString(), later);
    await Promise.all([
      writer.commit({ touch: { mac: MAC, last_seen_at: later } }),
      writer.commit({ intercom: intercom(MAC, { name: "newer", last_seen_at: null }) }),
    ]);
    const [newer] = await database.query((sql) => sql`select name, last_seen_at from intercoms`);
    assert.deepEqual({ ...newer }, { name: "newer", last_seen_at: null });
  });

  test("a panel removed and heard again in one batch is there, heard and removed is not", async ({ writer, database, name }) => {
    const add = (text: string) => writer.commit({ intercom: intercom(MAC, { name: text }) });
    await Promise.all([add("a"), writer.commit({ removeIntercom: MAC }), add("b")]);
    assert.equal(await name(), "b");
    await database.query((sql) =>
      sql`insert into panel_credentials (mac, password_sha256) values (${MAC}, 'x')`
    );
    await Promise.all([add("c"), writer.commit({ removeIntercom: MAC })]);
    assert.equal(await name(), undefined);
    assert.equal((await database.query((sql) => sql`select from panel_credentials`)).length, 0);
  });

  test("a promise holds only once its row can be read by others", async ({ database, writer }) => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => release = resolve);
    let begun = () => {};
    const isBegun = new Promise<void>((resolve) => begun = resolve);
    database.before = () => {
      begun();
      return gate;
    };
    let settled = false;
    const committed = writer.commit({ events: [event()] }).then(() => settled = true);
    await isBegun;
    await withDatabase(ground.address(), async (other) => {
      assert.deepEqual(await storedEvents(other), []);
      assert.equal(settled, false);
      release();
      await committed;
      assert.equal((await storedEvents(other)).length, 1);
    });
  });

  test("bad units fail alone, the others are written in their order", async ({ database, writer, refused, name }) => {
    const events = Array.from({ length: 40 }, () => event());
    const bad = new Set([0, 13, 14, 39]);
    const outcomes = await Promise.allSettled(
      events.map((row, i) =>
        writer.commit(
          bad.has(i)
            ? { events: [row], ...poison() }
            : { events: [row], intercom: intercom(MAC, { name: `${i}` }) },
        )
      ),
    );
    outcomes.forEach(({ status }, i) => assert.equal(status, bad.has(i) ? "rejected" : "fulfilled", `${i}`));
    assert.equal(refused.length, bad.size);
    assert.deepEqual(await storedEvents(database), events.filter((_, i) => !bad.has(i)).map(({ id }) => id));
    assert.equal(await name(), "38");
    assert.equal(writer.waitingRows, 0);
  });

  test("order holds where a bad unit and an outage meet", async ({ database, writer, name }) => {
    // First all three, then the halves: the one that is first is not taken just then.
    let call = 0;
    database.before = () => {
      if (++call === 2) throw new DatabaseAway("away for a moment");
    };
    const outcomes = await Promise.allSettled([
      writer.commit({ intercom: intercom(MAC, { name: "first" }) }),
      writer.commit(poison()),
      writer.commit({ intercom: intercom(MAC, { name: "second" }) }),
    ]);
    assert.deepEqual(outcomes.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    assert.equal(await name(), "second");
  });

  test("more than it can hold is refused at once", async ({ database, another }) => {
    const writer = another({ maxWaitingRows: 10, windowMs: 0 });
    database.away = true;
    const kept = Array.from({ length: 10 }, () => writer.commit({ events: [event()] }));
    assert.equal(writer.waitingRows, 10);
    await assert.rejects(writer.commit({ events: [event()] }), /10 rows are waiting/);
    await assert.rejects(writer.commit({ events: [event()] }), DatabaseAway);
    database.away = false;
    await Promise.all(kept);
    assert.equal((await storedEvents(database)).length, 10);
    await writer.commit({ events: [event()] });
  });

  test("a full queue does not ask a database that is away for each row that comes", async ({ database, another, begun }) => {
    const writer = another({ maxBatchRows: 5 });
    database.away = true;
    const said: Promise<unknown>[] = [];
    for (let i = 0; i < 300; i++) {
      said.push(writer.commit({ events: [event()] }));
      await Promise.resolve();
    }
    assert.ok(begun() <= 2, `${begun()}`);
    database.away = false;
    await Promise.all(said);
    assert.equal((await storedEvents(database)).length, 300);
  });

  test("with a deadline: at once refused while the database is known to be away", async ({ database, writer }) => {
    database.away = true;
    await assert.rejects(writer.commit({ events: [event()] }, { deadlineMs: 60_000 }), DatabaseAway);
    assert.equal(writer.waitingRows, 0);
  });

  test("with a deadline: withdrawn when it has passed, and not written afterwards", async ({ database, another }) => {
    // A row at a time, so that the second waits while the first is being written.
    const writer = another({ maxBatchRows: 1 });
    let release = () => {};
    const gate = new Promise<void>((resolve) => release = resolve);
    database.before = () => gate;
    const rows = [event(), event(), event()];
    const first = writer.commit({ events: [rows[0]!] });
    const late = writer.commit({ events: [rows[1]!] }, { deadlineMs: 20 });
    const patient = writer.commit({ events: [rows[2]!] });
    await assert.rejects(late, /did not answer in 20 ms/);
    assert.equal(writer.waitingRows, 2);
    release();
    await Promise.all([first, patient]);
    assert.deepEqual(await storedEvents(database), [rows[0]!.id, rows[2]!.id]);
    assert.equal(writer.waitingRows, 0);
  });

  test("row 4: gone and back under load, nothing is lost, nothing is double, order holds", async ({ database, another, name }) => {
    const writer = another({ maxBatchRows: 20, windowMs: 1 });
    const events = Array.from({ length: 400 }, () => event());
    const said: Promise<unknown>[] = [];
    for (const [i, row] of events.entries()) {
      if (i === 100) database.away = true;
      if (i === 300) database.away = false;
      said.push(writer.commit({ events: [row], intercom: intercom(MAC, { name: `${i}` }) }));
      if (i % 10 === 0) await database.query((sql) => sql`select 1`).catch(() => {});
    }
    await Promise.all(said);
    assert.deepEqual(await storedEvents(database), events.map(({ id }) => id));
    assert.equal(await name(), "399");
    assert.equal(writer.waitingRows, 0);
  });

  test("an answer that is lost after the commit leaves what one write would have left", async ({ database, writer }) => {
    let lost = 0;
    database.after = () => {
      if (lost++ < 2) throw new DatabaseAway("the answer was lost");
    };
    const unit = fullUnit();
    const { eventIds } = await writer.commit(unit);
    assert.deepEqual([...eventIds], unit.events!.map(({ id }) => id), "they count, though they were there");
    assert.equal(lost, 3);
    assert.deepEqual(await counts(database), {
      events: 2,
      keys: 1,
      commands: 1,
      audit: 1,
      outbox: 1,
      letters: 1,
    });
  });

  test("an outbox row is there with its facts or not at all", async ({ database, writer }) => {
    await assert.rejects(writer.commit({ ...fullUnit(), ...poison() }));
    assert.deepEqual(await counts(database), {
      events: 0,
      keys: 0,
      commands: 0,
      audit: 0,
      outbox: 0,
      letters: 0,
    });
    await writer.commit({ ...fullUnit(), intercom: intercom(MAC) });
    assert.deepEqual(await counts(database), {
      events: 2,
      keys: 1,
      commands: 1,
      audit: 1,
      outbox: 1,
      letters: 1,
    });
  });

  for (
    const [code, what] of [["40P01", "a deadlock"], ["53100", "a full disk"], [
      "57014",
      "a query told to stop",
    ]] as const
  ) {
    test(`${what} is no fault of the row: it is written when that is over`, async ({ database, writer, refused }) => {
      await database.query(async (sql) => {
        await sql`create table fault (code text)`;
        await sql`insert into fault values (${code})`;
        await sql`create function fail() returns trigger language plpgsql as $$ declare c text; begin
          select code into c from fault; if c is not null then raise exception 'test' using errcode = c; end if;
          return new; end $$`;
        await sql`create trigger fail before insert on outbox for each row execute function fail()`;
      });
      const faulty = new TrickyDatabase({ address: ground.address() });
      const other = new Writer({ database: faulty, onRefused: (_, unit) => refused.push(unit) });
      try {
        faulty.watch();
        let first = true;
        faulty.before = async () => {
          if (!first) await database.query((sql) => sql`delete from fault`);
          first = false;
        };
        await Promise.all([other.commit(fullUnit()), writer.commit({ events: [event()] })]);
        assert.deepEqual(refused, []);
        assert.equal((await counts(database)).outbox, 1);
      } finally {
        await other.stop();
        await faulty.stop();
        await database.query(async (sql) => {
          await sql`drop trigger fail on outbox`;
          await sql`drop function fail`;
          await sql`drop table fault`;
        });
      }
    });
  }

  test("stop commits what waits and takes no more", async ({ database, another }) => {
    const writer = another({ windowMs: 60_000 });
    const said = [writer.commit({ events: [event()] }), writer.commit({ events: [event()] })];
    const stopped = writer.stop();
    await assert.rejects(writer.commit({ events: [event()] }), /stopping/);
    await stopped;
    await Promise.all(said);
    assert.equal((await storedEvents(database)).length, 2);
  });

  test("stop with the database away fails what is left, at once", async ({ database, another }) => {
    const writer = another({ windowMs: 0 });
    database.away = true;
    const said = Promise.allSettled([
      writer.commit({ events: [event()] }),
      writer.commit({ events: [event()] }),
    ]);
    await writer.stop();
    for (const { status } of await said) assert.equal(status, "rejected");
    assert.equal(writer.waitingRows, 0);
  });

  test("stop with a database that hangs gives up after its grace, and ends for good", async ({ database, another }) => {
    const writer = another({ windowMs: 0 });
    let release = () => {};
    const gate = new Promise<void>((resolve) => release = resolve);
    database.before = () => gate;
    const said = writer.commit({ events: [event()] });
    const failed = assert.rejects(said, DatabaseAway);
    await writer.stop(30);
    await failed;
    assert.equal(writer.waitingRows, 0);
    // What hung comes back with an error of a database that still says that it is up: nothing may try again.
    let tries = 0;
    database.before = () => {
      tries++;
      throw new DatabaseAway("the database is closed");
    };
    release();
    await database.stop();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert.equal(tries, 0);
  });

  test("the newest thousand refused messages are kept", async ({ database, writer }) => {
    const letter = (i: number) => ({
      id: `L${String(i).padStart(5, "0")}`,
      source: "mqtt",
      reason: "not_json",
      topic: "intercom/x",
      payload: "",
      received_at: new Date(NOON + i).toISOString(),
    });
    await Promise.all(Array.from({ length: 1205 }, (_, i) => writer.commit({ deadLetter: letter(i) })));
    const rows = await database.query((sql) =>
      sql<{ id: string }[]>`select id from dead_letters order by id`
    );
    assert.equal(rows.length, 1000);
    assert.equal(rows[0]!.id, "L00205");
  });

  test("a panel's own id counts once: in a batch, later, and for each panel by itself", async ({ database, writer }) => {
    const once = { key: "press-1", must_be_new: true };
    const rows = [event({ once }), event({ once }), event({ once, mac: "AA:BB:CC:02" })];
    const [a] = await Promise.all(rows.map((row) => writer.commit({ events: [row] })));
    assert.deepEqual([...a!.eventIds].sort(), [rows[0]!.id, rows[2]!.id]);
    const later = new Date(NOON + 1000 * 24 * 60 * MINUTE).toISOString();
    const { eventIds } = await writer.commit({ events: [event({ once, received_at: later })] });
    assert.equal(eventIds.size, 0);
    assert.deepEqual(await storedEvents(database), [rows[0]!.id, rows[2]!.id]);
  });

  test("a redelivered fingerprint counts once in ten minutes, after that it is news", async ({ writer }) => {
    const said = async (minutes: number, must_be_new: boolean) => {
      const received_at = new Date(NOON + minutes * MINUTE).toISOString();
      const row = event({ received_at, once: { key: "#print", must_be_new } });
      return (await writer.commit({ events: [row] })).eventIds.has(row.id);
    };
    assert.equal(await said(0, false), true);
    assert.equal(await said(1, false), true, "the same words said again are news");
    assert.equal(await said(2, true), false);
    assert.equal(await said(2 + 9.99, true), false);
    assert.equal(await said(2 + 9.99 + 10, true), true);
    assert.equal(await said(2 + 9.99 + 11, true), false);
  });

  test("any units, batched in any way, with lost answers, leave what the model says", async ({ database, another }) => {
    await fc.assert(
      fc.asyncProperty(batches, fc.infiniteStream(fc.integer({ min: 0, max: 5 })), async (given, luck) => {
        await truncate(database);
        const writer = another({ windowMs: 0, retryMs: 0 });
        const model = new Model();
        let now = NOON;
        for (const batch of given) {
          now += batch.minutes * MINUTE;
          const units = batch.units.map((unit) => unitOf(unit, now));
          const loses = luck.next().value === 0;
          database.after = () => {
            database.after = () => {};
            if (loses) throw new DatabaseAway("the answer was lost");
          };
          const outcomes = units.map((unit) => writer.commit(unit));
          const expected = units.map((unit) => model.take(unit));
          const results = await Promise.all(outcomes);
          for (const [i, { eventIds }] of results.entries()) {
            const counted = (units[i]!.events ?? []).map(({ id }) => id).filter((id) => eventIds.has(id));
            assert.deepEqual(counted, expected[i]);
          }
        }
        await writer.stop();
        assert.deepEqual(new Set(await storedEvents(database)), model.events);
        const rows = await database.query((sql) =>
          sql<{ mac: string; name: string }[]>`select mac, name from intercoms`
        );
        assert.deepEqual(new Map(rows.map(({ mac, name }) => [mac, name])), model.names);
      }),
      { numRuns: 40 },
    );
  });
}

function fullUnit(): WriteUnit {
  const at = new Date(NOON).toISOString();
  const id = crypto.randomUUID();
  const outbox: OutboxRow = {
    id,
    destination: "telegram",
    dedupe_key: id,
    payload: { a: 1 },
    created_at: at,
  };
  return {
    events: [event({ once: { key: id, must_be_new: true } }), event()],
    command: {
      id,
      mac: MAC,
      apartment: null,
      status: "requested",
      requested_by: 1,
      requested_by_name: "Ann",
      requested_from: null,
      idempotency_key: null,
      request_sha256: "",
      issued_at: at,
      expires_at: at,
      sent_at: null,
      confirmed_at: null,
      closed_at: null,
      late: false,
      failed_reason: null,
    },
    audit: [{
      ref: id,
      at,
      user_id: 1,
      actor: "Ann",
      action: "x",
      target: null,
      address: null,
      result: "ok",
      detail: {},
    }],
    outbox: [outbox],
    deadLetter: { id, source: "mqtt", reason: "x", topic: "t", payload: "p", received_at: at },
  };
}

async function counts(database: TrickyDatabase): Promise<Record<string, number>> {
  const [row] = await database.query((sql) =>
    sql<Record<string, number>[]>`select
      (select count(*)::int from intercom_events) as events, (select count(*)::int from intercom_event_keys) as keys,
      (select count(*)::int from door_commands) as commands, (select count(*)::int from audit_log) as audit,
      (select count(*)::int from outbox) as outbox, (select count(*)::int from dead_letters) as letters`
  );
  return { ...row };
}

async function onStage(database: TrickyDatabase, run: (stage: Stage) => Promise<void>): Promise<void> {
  await migrate(database);
  await truncate(database);
  let begun = 0;
  const query = database.query.bind(database);
  const refused: WriteUnit[] = [];
  const writers: Writer[] = [];
  const another: Stage["another"] = (options) => {
    const counting = Object.assign(Object.create(database), {
      query: (...args: Parameters<typeof query>) => {
        begun++;
        return query(...args);
      },
      onState: database.onState.bind(database),
    }) as TrickyDatabase;
    Object.defineProperty(counting, "up", { get: () => database.up });
    const writer = new Writer({
      database: counting,
      onRefused: (_, unit) => refused.push(unit),
      retryMs: 5,
      ...options,
    });
    writers.push(writer);
    return writer;
  };
  try {
    await run({
      database,
      writer: another({}),
      refused,
      begun: () => begun,
      another,
      name: async (mac = MAC) => {
        const [row] = await database.query((sql) =>
          sql<{ name: string }[]>`select name from intercoms where mac = ${mac}`
        );
        return row?.name;
      },
    });
  } finally {
    database.before = () => {};
    database.after = () => {};
    database.away = false;
    for (const writer of writers) await writer.stop();
  }
}

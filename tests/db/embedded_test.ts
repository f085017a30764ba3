/**
 * @module
 * The embedded database behind its socket: connections do not get into each other's way, though there is one backend.
 */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { PGlite } from "@electric-sql/pglite";
import type postgres from "postgres";
import { Database, DatabaseAway } from "../../db/client.ts";
import { useEmbedded } from "./ground.ts";

const ground = useEmbedded();

async function withDoors(run: (doors: Database[]) => Promise<void>): Promise<void> {
  const doors = [4, 4, 1].map((connections) =>
    new Database({ address: ground.address(), connections, maxWaiting: 10_000 })
  );
  try {
    await run(doors);
  } finally {
    for (const door of doors) await door.stop();
  }
}

/** Questions of different kinds, and what each has to come to. */
const QUESTIONS: ((sql: postgres.Sql, n: number) => Promise<unknown>)[] = [
  async (sql, n) => assert.deepEqual([...await sql`select ${n}::int as n`], [{ n }]),
  async (sql, n) =>
    assert.deepEqual([...await sql`select ${`${n}`} as text, ${n}::int as n`], [{ text: `${n}`, n }]),
  async (sql, n) => assert.equal((await sql`select generate_series(1, ${n % 7}::int)`).length, n % 7),
  async (sql, n) => {
    await assert.rejects(sql`select 1 / ${n - n}::int`.execute(), { code: "22012" });
  },
  async (sql, n) => {
    await assert.rejects(sql`select ${`a\0${n}`} as text`.execute(), { code: "22021" });
  },
  async (sql, n) => {
    const [row] = await sql.begin(async (tx) => {
      await tx`select set_config('test.n', ${`${n}`}, true)`;
      return await tx<{ n: string }[]>`select current_setting('test.n') as n`;
    });
    assert.equal(row!.n, `${n}`);
  },
  async (sql, n) => {
    const seen: number[] = [];
    for await (
      const rows of sql<{ i: number }[]>`select generate_series(1, ${n % 5 + 2}::int) as i`.cursor(2)
    ) {
      seen.push(...rows.map(({ i }) => i));
    }
    assert.equal(seen.length, n % 5 + 2);
  },
];

Deno.test("embedded: each of many connections gets the answers to its own questions", () =>
  withDoors(async (doors) => {
    const asked = Array.from({ length: 700 }, (_, n) => {
      const door = doors[n % doors.length]!;
      return door.query((sql) => QUESTIONS[n * 31 % QUESTIONS.length]!(sql, n), { deadlineMs: 30_000 });
    });
    const outcomes = await Promise.allSettled(asked);
    const wrong = outcomes.flatMap((outcome) => outcome.status === "rejected" ? [`${outcome.reason}`] : []);
    assert.deepEqual(wrong.slice(0, 5), []);
  }));

Deno.test("embedded: one that goes away in the middle of a transaction, or of a question, holds up nobody", () =>
  withDoors(async ([leaver, stayer]) => {
    await stayer!.query((sql) => sql`create table if not exists left_behind (n int)`);
    for (let n = 0; n < 5; n++) {
      let begun = () => {};
      const isBegun = new Promise<void>((resolve) => begun = resolve);
      const gone = new Database({ address: ground.address(), connections: 1 });
      const left = gone.query((sql) =>
        sql.begin(async (tx) => {
          await tx`insert into left_behind values (${n})`;
          if (n % 2 === 1) await tx`select 1 / ${n - n}::int`.catch(() => {});
          begun();
          await new Promise(() => {});
        }), { deadlineMs: 30_000 });
      left.catch(() => {});
      await isBegun;
      await gone.stop(0);
      const [row] = await stayer!.query((sql) => sql`select count(*)::int as count from left_behind`);
      assert.equal(row!.count, 0);
      await leaver!.query((sql) => sql`select ${n}::int`);
    }
    await stayer!.query((sql) => sql`drop table left_behind`);
  }));

/** A message of the wire protocol: its letter, none for the first one, and what is in it. */
function message(letter: string, ...parts: (string | number[])[]): Uint8Array {
  const body = parts.flatMap((part) =>
    typeof part === "string" ? [...new TextEncoder().encode(part), 0] : part
  );
  const length = body.length + 4;
  return Uint8Array.from([...new TextEncoder().encode(letter), 0, 0, length >> 8, length & 255, ...body]);
}

/** Says it all on a connection of its own, waits for an error, and is gone without a word. */
async function sayAndLeave(...messages: Uint8Array[]): Promise<void> {
  const address = ground.address();
  if (!("socketPath" in address)) throw new Error("Cannot say it: this is no Unix socket");
  const socket = connect(address.socketPath);
  const startup = message("", [0, 3, 0, 0], "user", "postgres", "database", "postgres", [0]);
  for (const bytes of [startup, ...messages]) socket.write(bytes);
  await new Promise<void>((resolve) => {
    socket.on("data", (bytes: Uint8Array) => {
      // The code of the error is one of its fields, marked C.
      if (new TextDecoder().decode(bytes).includes("C42703")) resolve();
    });
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await closed;
}

Deno.test("embedded: one that goes away after an error, in a transaction and before Sync, leaves nothing of it", () =>
  withDoors(async ([door]) => {
    await sayAndLeave(
      message("Q", "begin; create table ghost (n int)"),
      message("P", "", "select nonsense", [0, 0]),
    );
    const [row] = await door!.query((sql) => sql`select to_regclass(${"ghost"})::text as ghost`);
    assert.equal(row!.ghost, null);
  }));

Deno.test("embedded: one that goes away in the middle of a question leaves the others theirs", () =>
  withDoors(async ([door]) => {
    await sayAndLeave(
      message("P", "", "select 'of somebody else'", [0, 0]),
      message("B", "", "", [0, 0, 0, 0, 0, 0]),
      message("P", "", "select nonsense", [0, 0]),
    );
    for (let n = 0; n < 5; n++) {
      const [row] = await door!.query((sql) => sql`select ${n}::int as n`);
      assert.equal(row!.n, n);
    }
  }));

Deno.test("row 26, embedded: a backend that fails on a message fails that one, and goes on", () =>
  withDoors(async ([other]) => {
    const { prototype } = PGlite;
    const { execProtocolRawStream } = prototype;
    prototype.execProtocolRawStream = function (message, options) {
      if (new TextDecoder().decode(message).includes("no space left")) throw new Error("ENOSPC");
      return execProtocolRawStream.call(this, message, options);
    };
    try {
      const asked: ((sql: postgres.Sql) => Promise<unknown>)[] = [
        (sql) => sql`select 'no space left' as text`,
        (sql) => sql`select 'no space left' as text`.simple(),
        (sql) => sql.begin((tx) => tx`select 'no space left' as text`),
      ];
      for (const ask of asked) {
        const failing = new Database({ address: ground.address(), connections: 1 });
        await assert.rejects(failing.query(ask, { deadlineMs: 5000 }), (error: Error) => {
          assert.ok(error instanceof DatabaseAway, `${error.stack}`);
          assert.match(error.message, /58030/);
          return true;
        });
        const [row] = await other!.query((sql) => sql`select ${1}::int as n`);
        assert.equal(row!.n, 1);
        await failing.stop();
      }
    } finally {
      prototype.execProtocolRawStream = execProtocolRawStream;
    }
  }));

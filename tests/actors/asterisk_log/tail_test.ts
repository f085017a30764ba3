/**
 * @module
 * One log on a real file system, through every rotation: each line once, in order.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { append, inFolder, numbered, startTail } from "./ground.ts";

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `number ${from + n}`);
const lines = (from: number, to: number) => numbers(from, to).map((_, n) => numbered(from + n)).join("");

/** As logrotate does with copytruncate. */
function copyTruncate(path: string, copy: string): void {
  Deno.copyFileSync(path, copy);
  Deno.truncateSync(path, 0);
}

Deno.test("log tail: begins with the last 1,000 lines, which are not new", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, lines(0, 5000));
    const { texts, fresh, read, tail } = startTail(path);
    assert.deepEqual(await read(), numbers(4000, 5000));
    assert.equal(fresh.length, 0);
    append(path, lines(5000, 5003));
    await read();
    assert.deepEqual(texts.slice(1000), numbers(5000, 5003));
    assert.deepEqual(fresh, numbers(5000, 5003));
    assert.equal(tail.state, "following");
    tail.close();
  }));

Deno.test("log tail: a file with fewer lines, with one line without an end, or with none", () =>
  inFolder(async (folder) => {
    for (
      const [text, context, expected] of [
        [lines(0, 3), 1000, numbers(0, 3)],
        [lines(0, 3), 3, numbers(0, 3)],
        [lines(0, 3), 2, numbers(1, 3)],
        [lines(0, 3), 0, []],
        [lines(0, 2) + numbered(2).trimEnd(), 2, numbers(1, 3)],
        ["", 1000, []],
        ["\n", 1000, []],
      ] as [string, number, string[]][]
    ) {
      const path = `${folder}/messages`;
      Deno.writeTextFileSync(path, text);
      const { texts, read, tail } = startTail(path, { contextLines: context });
      await read();
      tail.close();
      assert.deepEqual(texts, expected, JSON.stringify([text, context]));
    }
  }));

Deno.test("log tail: lines before the start that are too long are looked for only so far back", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    const long = `[Nov 20 14:00:00] NOTICE[1] app.c: ${"x".repeat(30_000)}\n`;
    Deno.writeTextFileSync(path, long.repeat(200) + numbered(1));
    const { texts, read, tail } = startTail(path);
    await read();
    assert.ok(texts.length > 60 && texts.length < 80, `${texts.length}`);
    assert.equal(texts.at(-1), "number 1");
    assert.ok(texts.every((text) => text.startsWith("x") || text === "number 1"));
    tail.close();
  }));

Deno.test("log tail: a missing file is awaited, and then read from its beginning", () =>
  inFolder(async (folder) => {
    const path = `${folder}/later/messages`;
    const { texts, fresh, read, tail } = startTail(path);
    await read();
    assert.equal(tail.state, "missing");
    Deno.mkdirSync(`${folder}/later`);
    Deno.writeTextFileSync(path, lines(0, 1500));
    await read();
    assert.equal(tail.state, "following");
    assert.deepEqual(texts, numbers(0, 1500));
    assert.deepEqual(fresh, texts);
    Deno.removeSync(path);
    await read();
    assert.equal(tail.state, "missing");
    tail.close();
  }));

Deno.test("log tail: what is no file, and a file that may not be read, is told and tried again", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.mkdirSync(path);
    const { texts, read, tail, pass } = startTail(path);
    await read();
    assert.deepEqual([tail.state, tail.error], ["unreadable", "it is no regular file"]);
    Deno.removeSync(path);
    await new Deno.Command("mkfifo", { args: [path] }).output();
    pass(2000);
    await read();
    assert.equal(tail.state, "unreadable", "a pipe would be waited for");
    Deno.removeSync(path);
    Deno.symlinkSync(path, path);
    pass(2000);
    await read();
    assert.equal(tail.state, "unreadable");
    assert.ok(!tail.error!.includes(folder), "its folder is nobody's business");
    Deno.removeSync(path);
    Deno.writeTextFileSync(path, lines(0, 3));
    pass(2000);
    await read();
    assert.deepEqual([tail.state, tail.error, texts], ["following", null, numbers(0, 3)]);
    tail.close();
  }));

Deno.test("log tail: a line is given when it is whole, a message when nothing is added to it", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, "");
    const { texts, poll, pass, tail } = startTail(path);
    await poll();
    const bytes = new TextEncoder().encode("[Nov 20 14:00:00] NOTICE[1] app.c: привет\nдальше\n");
    for (const byte of bytes) {
      append(path, new Uint8Array([byte]));
      await poll();
      assert.deepEqual(texts, []);
    }
    pass(99);
    await poll();
    assert.deepEqual(texts, []);
    pass(1);
    await poll();
    assert.deepEqual(texts, ["привет\nдальше"]);
    append(path, "[Nov 20 14:00:00] NOTICE[1] app.c: trace\nhal");
    await poll();
    pass(1999);
    await poll();
    assert.equal(texts.length, 1, "half a line says that there is more to come");
    append(path, "f a line\n");
    await poll();
    pass(100);
    await poll();
    assert.deepEqual(texts[1], "trace\nhalf a line");
    append(path, "[Nov 20 14:00:00] NOTICE[1] app.c: half");
    pass(10_000);
    await poll();
    assert.equal(texts.length, 2);
    tail.close();
    assert.deepEqual(texts[2], "half", "at the end there is no other half to come");
  }));

Deno.test("row 25: rename and a new file, with a writer that notices late: every line once", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, lines(0, 3));
    const { texts, read, tail, pass } = startTail(path);
    await read();
    append(path, lines(3, 5) + "[Nov 20 14:00:00] NOTICE[1] app.c: num");
    Deno.renameSync(path, `${folder}/messages.1`);
    append(`${folder}/messages.1`, "ber 5\n");
    await read();
    // logrotate makes the new file at once, and its postrotate tells Asterisk later.
    Deno.writeTextFileSync(path, "");
    await read();
    append(`${folder}/messages.1`, lines(6, 8));
    await read();
    append(path, lines(8, 10));
    append(`${folder}/messages.1`, lines(7, 7) + lines(10, 11));
    await read();
    assert.deepEqual(texts.toSorted(), numbers(0, 11).toSorted());
    pass(59_000);
    await read();
    assert.equal(tail.state, "following");
    append(`${folder}/messages.1`, lines(11, 12));
    await read();
    pass(60_000);
    await read();
    append(`${folder}/messages.1`, lines(12, 13));
    await read();
    assert.deepEqual(texts.toSorted(), numbers(0, 12).toSorted(), "let go of after a minute of silence");
    tail.close();
  }));

Deno.test("row 25: all files shifted by one, as Asterisk's strategy rotate does: every line once", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(`${path}.0`, "old\n");
    Deno.writeTextFileSync(path, "");
    const { texts, read, tail } = startTail(path);
    for (let n = 0; n < 5; n++) {
      append(path, lines(n * 10, n * 10 + 10));
      await read();
      for (let shift = n; shift >= 0; shift--) Deno.renameSync(`${path}.${shift}`, `${path}.${shift + 1}`);
      Deno.renameSync(path, `${path}.0`);
      append(`${path}.0`, "");
      Deno.writeTextFileSync(path, "");
    }
    await read();
    assert.deepEqual(texts, numbers(0, 50));
    tail.close();
  }));

Deno.test("row 25: copytruncate: what was not read yet is read from the copy", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, lines(0, 3));
    const { texts, read, tail } = startTail(path);
    await read();
    append(path, lines(3, 500) + "[Nov 20 14:00:00] NOTICE[1] app.c: num");
    await read();
    append(path, "ber 500\n" + lines(501, 900));
    copyTruncate(path, `${path}.1`);
    append(path, lines(900, 903));
    await read();
    assert.deepEqual(texts, numbers(0, 903));
    // The older copies of the same log are not it.
    append(path, lines(903, 910));
    await read();
    Deno.renameSync(`${path}.1`, `${path}.2`);
    append(path, lines(910, 912));
    copyTruncate(path, `${path}-20261120`);
    await read();
    assert.deepEqual(texts, numbers(0, 912));
    tail.close();
  }));

Deno.test("row 25: copytruncate, and the file is longer than before when it is looked at", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, lines(0, 3));
    const { texts, read, tail } = startTail(path);
    await read();
    copyTruncate(path, `${path}.1`);
    append(path, lines(3, 100));
    await read();
    assert.deepEqual(texts, numbers(0, 100));
    // Just as long, to the byte.
    copyTruncate(path, `${path}.1`);
    append(path, lines(100, 197).replaceAll("number ", "numb "));
    Deno.truncateSync(path, lines(3, 100).length);
    await read();
    assert.equal(texts[100], "numb 100");
    tail.close();
  }));

Deno.test("row 25: a file that is cut with no copy is read from its beginning", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, lines(0, 3) + "[Nov 20 14:00:00] NOTICE[1] app.c: half");
    const { texts, read, tail } = startTail(path);
    await read();
    Deno.writeTextFileSync(path, lines(10, 12));
    await read();
    assert.deepEqual(texts, [...numbers(0, 3), "half", ...numbers(10, 12)]);
    tail.close();
  }));

Deno.test("row 25: a file that was renamed and has its name again goes on where it was", () =>
  inFolder(async (folder) => {
    const path = `${folder}/messages`;
    Deno.writeTextFileSync(path, lines(0, 3));
    const { texts, read, tail } = startTail(path);
    await read();
    Deno.renameSync(path, `${path}.1`);
    await read();
    Deno.renameSync(`${path}.1`, path);
    append(path, lines(3, 5));
    await read();
    assert.deepEqual(texts, numbers(0, 5));
    tail.close();
  }));

Deno.test("row 25: a link that is put on another file is followed there", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/one`, lines(0, 2));
    Deno.symlinkSync("one", `${folder}/messages`);
    const { texts, read, tail } = startTail(`${folder}/messages`);
    await read();
    Deno.writeTextFileSync(`${folder}/two`, lines(2, 4));
    Deno.symlinkSync("two", `${folder}/next`);
    Deno.renameSync(`${folder}/next`, `${folder}/messages`);
    await read();
    assert.deepEqual(texts, numbers(0, 4));
    tail.close();
  }));

type Step = { kind: "write"; count: number; torn: boolean } | { kind: "rename" | "shift" | "copy" | "poll" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant("write" as const), count: fc.nat(40), torn: fc.boolean() }),
  },
  { weight: 4, arbitrary: fc.constant({ kind: "poll" as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom("rename" as const, "shift" as const, "copy" as const) }),
  },
);

Deno.test("row 25: any order of writing, reading and the three rotations: every line once, in order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) =>
      inFolder(async (folder) => {
        const path = `${folder}/messages`;
        Deno.writeTextFileSync(path, numbered(0));
        const { texts, poll, read, tail } = startTail(path);
        await poll();
        let written = 1;
        let torn = "";
        let rotations = 0;
        const rotate = async (how: () => void) => {
          // Rotations come hours apart, so that some of each file is seen before the next; right before it and after
          // it anything is written.
          append(path, torn + lines(written, written + 1));
          await poll();
          append(path, lines(written + 1, written + 4));
          written += 4;
          torn = "";
          how();
          rotations++;
        };
        const shift = () => {
          for (let n = rotations; n >= 0; n--) {
            try {
              Deno.renameSync(`${path}.${n}`, `${path}.${n + 1}`);
            } catch {
              // There is none of that number.
            }
          }
        };
        for (const { kind, ...more } of steps) {
          if (kind === "poll") await poll();
          else if (kind === "write") {
            const { count, torn: tear } = more as { count: number; torn: boolean };
            let text = torn + lines(written, written + count);
            written += count;
            torn = "";
            if (tear) {
              const line = numbered(written++);
              text += line.slice(0, 20);
              torn = line.slice(20);
            }
            append(path, text);
          } else if (kind === "rename") {
            await rotate(() => {
              Deno.renameSync(path, `${path}.${1000 + rotations}`);
              Deno.writeTextFileSync(path, "");
            });
          } else if (kind === "shift") {
            await rotate(() => {
              shift();
              Deno.renameSync(path, `${path}.0`);
              Deno.writeTextFileSync(path, "");
            });
          } else {
            await rotate(() => {
              shift();
              copyTruncate(path, `${path}.0`);
            });
          }
        }
        append(path, torn);
        await read();
        tail.close();
        assert.deepEqual(texts, numbers(0, written));
      })),
    { numRuns: 60 },
  );
});

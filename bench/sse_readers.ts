/**
 * @module
 * The reading side of the benchmark of streams. It looks for the changes' numbers in the bytes and parses no more: it
 * shares the cores with what is measured.
 */
import { Buffer } from "node:buffer";
import { answer } from "./support.ts";

/** What stands before the number of a change. */
const MARK = Buffer.from('"name":"change ');
const DIGITS = 8;

interface Reader {
  changes: number;
  next: number;
  inOrder: boolean;
  rest: Buffer;
}

const readers: Reader[] = [];
let opened = 0;
let reported = 0;

await answer({
  open: async ({ port, readers: count }: { port: number; readers: number }) => {
    for (let i = 0; i < count; i++) {
      const reader: Reader = { changes: 0, next: 0, inOrder: true, rest: Buffer.alloc(0) };
      readers.push(reader);
      const connection = await Deno.connect({ port });
      await connection.write(
        new TextEncoder().encode("GET /api/stream?topics=intercoms HTTP/1.1\r\nHost: localhost\r\n\r\n"),
      );
      follow(connection, reader);
    }
    while (opened < count) await new Promise((resolve) => setTimeout(resolve, 20));
  },
  read: async ({ changes }: { changes: number }) => {
    reported += changes;
    // The server's side waits for it too: a change that is late counts, one that never comes is an error.
    const giveUpAt = performance.now() + 60_000;
    while (readers.some((reader) => reader.changes < reported) && performance.now() < giveUpAt) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return {
      changes: readers.reduce((sum, reader) => sum + reader.changes, 0) -
        (reported - changes) * readers.length,
      complete: readers.filter((reader) => reader.inOrder && reader.changes === reported).length,
    };
  },
});

async function follow(connection: Deno.TcpConn, reader: Reader): Promise<void> {
  const buffer = Buffer.alloc(32 * 1024);
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    if (reader.changes === 0 && reader.rest.length === 0) opened++;
    const bytes = Buffer.concat([reader.rest, buffer.subarray(0, n)]);
    let from = 0;
    for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, from)) {
      if (at + MARK.length + DIGITS > bytes.length) break;
      const number = Number(bytes.toString("latin1", at + MARK.length, at + MARK.length + DIGITS));
      if (number !== reader.next++) reader.inOrder = false;
      reader.changes++;
      from = at + MARK.length + DIGITS;
    }
    // A mark may be cut anywhere.
    reader.rest = Buffer.from(bytes.subarray(Math.max(from, bytes.length - MARK.length - DIGITS)));
  }
}

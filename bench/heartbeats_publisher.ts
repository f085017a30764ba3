/**
 * @module
 * Sends heartbeats as fast as the broker takes them. It writes MQTT 3.1.1 itself: a client library would be slower than
 * what it is to load, and would take the cores from it.
 */
import { Buffer } from "node:buffer";
import { loadMac } from "../emulators/panel_load.ts";
import { answer } from "./support.ts";

/** Sent and not acknowledged; fewer than there are packet identifiers. */
const WINDOW = 20_000;
const CHUNK = 200;

let connection: Deno.TcpConn;
let acknowledged = 0;
let sent = 0;
let wake: () => void = () => {};

await answer({
  connect: async ({ port }: { port: number }) => {
    connection = await Deno.connect({ port, transport: "tcp" });
    const id = "doorline-bench-panels";
    // Clean session, no keep-alive. (MQTT 3.1.1, section 3.1)
    await write(
      Buffer.concat([
        Buffer.from([0x10, 12 + id.length, 0, 4]),
        Buffer.from("MQTT\x04\x02\0\0\0"),
        Buffer.from([id.length]),
        Buffer.from(id),
      ]),
    );
    const connack = new Uint8Array(4);
    if (await connection.read(connack) !== 4 || connack[3] !== 0) {
      throw new Error(`Cannot connect: CONNACK ${connack.join(" ")}`);
    }
    readAcknowledgements();
  },
  publish: async ({ messages, panels }: { messages: number; panels: number }) => {
    const until = sent + messages;
    while (sent < until) {
      while (sent - acknowledged > WINDOW - CHUNK) await new Promise<void>((resolve) => wake = resolve);
      const chunk: Buffer[] = [];
      for (let i = 0; i < CHUNK && sent < until; i++) {
        chunk.push(heartbeat(sent % panels, sent++ % 65_535 + 1));
      }
      await write(Buffer.concat(chunk));
    }
    while (acknowledged < until) await new Promise<void>((resolve) => wake = resolve);
  },
});

/** PUBLISH with QoS 1. (MQTT 3.1.1, section 3.3) */
function heartbeat(panel: number, id: number): Buffer {
  const topic = `intercom/${loadMac(panel)}/heartbeat`;
  const payload = `{"door_status":"closed","timestamp":"${new Date().toISOString()}"}`;
  const length = 2 + topic.length + 2 + payload.length;
  // Here it takes two bytes always, or one.
  const size = length < 128 ? [length] : [length % 128 | 128, length >> 7];
  return Buffer.concat([
    Buffer.from([0x32, ...size, topic.length >> 8, topic.length & 255]),
    Buffer.from(topic),
    Buffer.from([id >> 8, id & 255]),
    Buffer.from(payload),
  ]);
}

/** PUBACKs have four bytes each, and nothing else comes. */
async function readAcknowledgements(): Promise<void> {
  const bytes = new Uint8Array(64 * 1024);
  let read = 0;
  for (let n = await connection.read(bytes); n !== null; n = await connection.read(bytes)) {
    read += n;
    acknowledged = read >> 2;
    wake();
  }
}

async function write(bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

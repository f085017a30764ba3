/**
 * @module
 * A program: writes very many publishes in one go and prints how that ended. Run as a process of its own, because a
 * publisher in the broker's process never shows how the broker reads from a real socket.
 * Arguments: port, count, QoS.
 */
import { connect } from "node:net";
import { connectPacket, join, publishPacket } from "./mqtt_bytes.ts";

const [port, count, qos] = Deno.args.map(Number) as [number, number, 0 | 1];
const utf8 = new TextEncoder();
const burst = join(...Array.from({ length: count }, (_, index) => {
  const payload = utf8.encode(
    JSON.stringify({ apartment: index % 200, key_id: String(index), id: `b${index}` }),
  );
  return publishPacket("intercom/AA:BB:CC:77/key", payload, { qos, id: index + 1 });
}));

let received = 0;
let ended = false;
const socket = connect(port, "127.0.0.1");
socket.on("error", () => {});
socket.on("close", () => ended = true);
socket.write(connectPacket("burst"));
/** Behind messages that nobody acknowledges, a ping: its answer says that the broker has read them all. */
const PING = Uint8Array.of(0xc0, 0);
const needed = 4 + (qos === 1 ? count * 4 : 2);
const done = new Promise<void>((resolve) => {
  socket.on("close", () => resolve());
  socket.on("data", (bytes: Uint8Array) => {
    if (received === 0) socket.write(qos === 1 ? burst : join(burst, PING));
    received += bytes.length;
    if (received >= needed) resolve();
  });
  setTimeout(resolve, 60_000);
});
await done;
console.log(JSON.stringify({ acknowledged: qos === 1 ? (received - 4) / 4 : 0, ended }));
Deno.exit();

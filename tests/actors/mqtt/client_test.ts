/**
 * @module
 * A broker that stops to read must keep neither a command nor the end of the service waiting.
 */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { BrokerClient } from "../../../actors/mqtt/client.ts";
import { PANEL_TOPICS } from "../../../actors/mqtt/decode.ts";
import { waitFor } from "../../support/wait.ts";

/** Answers CONNECT and SUBSCRIBE by MQTT 5, and reads nothing after. */
function answer(socket: Socket): void {
  socket.on("error", () => {});
  socket.on("data", (bytes: Uint8Array) => {
    if (bytes[0] === 0x10) return void socket.write(Uint8Array.of(0x20, 3, 0, 0, 0));
    if (bytes[0] !== 0x82) return;
    let at = 1;
    while (bytes[at++]! & 0x80);
    const granted = PANEL_TOPICS.map(() => 1);
    socket.write(Uint8Array.of(0x90, 3 + granted.length, bytes[at]!, bytes[at + 1]!, 0, ...granted));
    socket.pause();
  });
}

Deno.test("client: a command fails when its time is over, though the broker reads no more; and it ends", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    answer(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  let up = false;
  const client = new BrokerClient({
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: "doorline-test",
    intake: () => Promise.resolve(),
    onUp: () => up = true,
    onDown: () => {},
  });
  client.start();
  await waitFor(() => up, { what: "the link" });
  // More than the buffers of two sockets hold.
  const command = client.sendCommand("AA:BB:CC:01", { filler: "x".repeat(32 * 1024 * 1024) }, {
    expiresInMs: 1100,
  });
  await assert.rejects(command, /not take it in time/);
  const startedMs = performance.now();
  await client.stop();
  assert.ok(performance.now() - startedMs < 15_000, "it waited for the broker");
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

/**
 * @module
 * An MQTT connection without a library, which would refuse to send what some tests have to send.
 */
import { connect, type Socket } from "node:net";
import { connectPacket } from "./mqtt_bytes.ts";
import { waitFor } from "./wait.ts";
import type { World } from "./world.ts";

/** Connects to the world's broker and waits for its CONNACK. It is destroyed with the world. */
export async function dialRaw(world: World, clientId: string): Promise<Socket> {
  const socket = connect(Number(new URL(world.brokerUrl).port), "127.0.0.1");
  socket.on("error", () => {});
  world.defer(() => socket.destroy());
  let answered = 0;
  socket.on("data", (bytes: Uint8Array) => answered += bytes.length);
  socket.write(connectPacket(clientId));
  await waitFor(() => answered >= 4, { what: "a CONNACK" });
  return socket;
}

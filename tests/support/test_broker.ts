/**
 * @module
 * A broker in the test's own process, and an ear on it, for small tests of panels.
 * Not for publishers in other processes: aedes on Deno drops those that pipeline (see field notes); use Mosquitto there.
 */
import { createServer, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { Aedes } from "aedes";
import mqtt from "mqtt";
import { waitFor } from "./wait.ts";

/** A message that the ear heard. */
export interface HeardMessage {
  topic: string;
  text: string;
  /** The payload as JSON; an empty object when it is none. */
  fields: Record<string, unknown>;
  retained: boolean;
  /** When it was heard, in milliseconds since 1970. */
  atMs: number;
}

/** An ear on a broker. */
export interface Ear {
  /** All that was heard, oldest first. */
  heard: HeardMessage[];
  /** Waits for a message whose topic ends so, at or after `from` in `heard`. */
  hear(
    topicEnd: string,
    options?: { where?: (message: HeardMessage) => boolean; from?: number },
  ): Promise<HeardMessage>;
  /** Publishes a string as it is, anything else as JSON. Resolves at the PUBACK. */
  say(topic: string, payload: unknown, options?: { retain?: boolean }): Promise<void>;
  close(): Promise<void>;
}

/** A broker that a test owns. */
export interface TestBroker {
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Starts aedes on 127.0.0.1, by default on a free port. */
export async function startTestBroker({ port: wanted = 0 }: { port?: number } = {}): Promise<TestBroker> {
  const aedes = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    aedes.handle(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wanted, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    stop: async () => {
      await new Promise<void>((resolve) => aedes.close(resolve));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Connects to a broker, any broker, and hears `intercom/#` or what the filter names. */
export async function openEar(
  brokerUrl: string,
  { filter = "intercom/#", username, password }: {
    filter?: string;
    username?: string;
    password?: string;
  } = {},
): Promise<Ear> {
  const client = await mqtt.connectAsync(brokerUrl, { username, password, timerVariant: "native" });
  const heard: HeardMessage[] = [];
  client.on("message", (topic, payload, packet) => {
    const text = payload.toString();
    heard.push({ topic, text, fields: parse(text), retained: packet.retain, atMs: Date.now() });
  });
  await client.subscribeAsync(filter, { qos: 1 });
  return {
    heard,
    hear: (topicEnd, { where = () => true, from = 0 } = {}) =>
      waitFor(
        () => heard.slice(from).find((message) => message.topic.endsWith(topicEnd) && where(message)),
        { what: `a message on …${topicEnd}` },
      ),
    say: async (topic, payload, { retain = false } = {}) => {
      const text = typeof payload === "string" ? payload : JSON.stringify(payload);
      await client.publishAsync(topic, text, { qos: 1, retain });
    },
    close: async () => void await client.endAsync(true),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

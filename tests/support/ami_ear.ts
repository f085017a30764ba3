/**
 * @module
 * A bare AMI connection of tests: it logs in, keeps every packet as it came with the time, and sends actions.
 * It understands nothing of what it hears.
 */
import { connect } from "node:net";
import { waitFor, withDeadline } from "./wait.ts";

/** One packet, parsed no further than its lines. */
export interface AmiPacket {
  /** Since login, in milliseconds. */
  atMs: number;
  /** Every line, without its end. */
  lines: string[];
  /** The first value of a header, by its exact name. */
  get(name: string): string | undefined;
}

/** An open, logged-in connection. */
export interface AmiEar {
  /** What came after the response to Login. */
  packets: AmiPacket[];
  /** Bytes of the same, as they came. */
  bytes(): Uint8Array;
  /** Forgets what came until now. */
  forget(): void;
  /** Sends an action and gives its response; its own ActionID is added. */
  ask(headers: Record<string, string>): Promise<AmiPacket>;
  /** Waits for an event, or any packet, that matches. */
  hear(what: string, matches: (packet: AmiPacket) => boolean): Promise<AmiPacket>;
  /** Whether it is over, by either side. */
  closed(): boolean;
  close(): Promise<void>;
}

/**
 * Connects and logs in.
 * @throws with the response when the login is refused
 */
export async function openAmiEar(
  at: { host: string; port: number; user: string; secret: string },
): Promise<AmiEar> {
  const socket = connect(at.port, at.host);
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {});
  let chunks: Uint8Array[] = [];
  let packets: AmiPacket[] = [];
  let rest = new Uint8Array();
  let since = performance.now();
  socket.on("data", (chunk: Uint8Array) => {
    chunks.push(chunk);
    rest = joined([rest, chunk]);
    for (;;) {
      const end = endOfPacket(rest);
      if (end < 0) return;
      const lines = new TextDecoder().decode(rest.subarray(0, end - 4)).split("\r\n");
      rest = rest.slice(end);
      packets.push({
        atMs: performance.now() - since,
        lines,
        get: (name) => lines.find((line) => line.startsWith(`${name}:`))?.slice(name.length + 1).trim(),
      });
    }
  });
  let asked = 0;
  const ear: AmiEar = {
    get packets() {
      return packets;
    },
    bytes: () => joined(chunks),
    forget: () => {
      packets = [];
      chunks = [];
      since = performance.now();
    },
    ask: async (headers) => {
      const id = `ear-${++asked}`;
      socket.write(
        [...Object.entries(headers), ["ActionID", id]].map(([name, value]) => `${name}: ${value}\r\n`).join(
          "",
        ) +
          "\r\n",
      );
      return await ear.hear(
        `a response to ${headers.Action}`,
        (packet) => packet.get("ActionID") === id && packet.get("Response") !== undefined,
      );
    },
    hear: (what, matches) => waitFor(() => packets.find(matches), { what }),
    closed: () => socket.destroyed,
    close: async () => {
      socket.destroy();
      await withDeadline(closed, { what: "the end of an AMI connection" });
    },
  };
  try {
    const answer = await ear.ask({ Action: "Login", Username: at.user, Secret: at.secret });
    if (answer.get("Response") !== "Success") {
      throw new Error(`Cannot log in to AMI: ${answer.lines.join("; ")}`);
    }
  } catch (error) {
    await ear.close();
    throw error;
  }
  const login = packets.findIndex((packet) => packet.get("Response") !== undefined);
  packets.splice(0, login + 1);
  return ear;
}

function endOfPacket(bytes: Uint8Array): number {
  for (let at = 3; at < bytes.length; at++) {
    if (bytes[at] === 10 && bytes[at - 1] === 13 && bytes[at - 2] === 10 && bytes[at - 3] === 13) {
      return at + 1;
    }
  }
  return -1;
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

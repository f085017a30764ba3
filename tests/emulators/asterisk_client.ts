/**
 * @module
 * A client of the manager interface on a bare socket, which can say what no library would, and a stage for tests
 * of the emulated Asterisk on a clock of their own.
 */
import { connect, type Socket } from "node:net";
import { SimulatedClock } from "xstate";
import { type AsteriskOptions, type EmulatedAsterisk, startAsterisk } from "../../emulators/asterisk.ts";
import { seededRandom } from "../../emulators/random.ts";
import { withDeadline } from "../support/wait.ts";
import { header, type Packet, packetsOf } from "./asterisk_compare.ts";

/** The secret of every emulated Asterisk in tests. */
export const SECRET = "test-secret";
/** When tests begin, so that ids and dates can be told. */
export const NOON_MS = Date.UTC(2026, 10, 20, 12);

/** A connection with what it heard. */
export class RawAmi {
  readonly socket: Socket;
  /** True once the other side has ended the connection. */
  closed = false;
  #number = 0;
  readonly #chunks: string[] = [];
  readonly #packets: Packet[] = [];
  /** What came after the last whole packet. */
  #rest = "";
  readonly #listeners = new Set<() => void>();

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("utf8");
    this.socket.on("data", (chunk: string) => {
      this.#chunks.push(chunk);
      this.#take(chunk);
      this.#wake();
    });
    this.socket.on("error", () => {});
    this.socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  /** Everything that came. */
  get text(): string {
    return this.#chunks.join("");
  }

  /** Whole packets that came, the greeting not among them. */
  get packets(): readonly Packet[] {
    return this.#packets;
  }

  /** Events of a name that came. */
  events(name: string): Packet[] {
    return this.packets.filter((packet) => header(packet, "Event") === name);
  }

  /** Waits until a condition holds; it is looked at when bytes come, and at the end of the connection. */
  until(condition: () => boolean, what: string): Promise<void> {
    const held = new Promise<void>((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#listeners.delete(look);
        resolve();
      };
      this.#listeners.add(look);
      look();
    });
    return withDeadline(held, { what, timeoutMs: 10_000 });
  }

  /** Waits for the end of the connection. */
  ended(): Promise<void> {
    return this.until(() => this.closed, "the end of the connection");
  }

  /** Sends an action and waits for its response. */
  async act(name: string, headers: Record<string, string> = {}): Promise<Packet> {
    const id = headers.ActionID ?? `raw-${++this.#number}`;
    const lines = Object.entries({ Action: name, ActionID: id, ...headers });
    this.socket.write(lines.map(([key, value]) => `${key}: ${value}\r\n`).join("") + "\r\n");
    let seen = this.packets.length;
    let found: Packet | undefined;
    await this.until(() => {
      for (; found === undefined && seen < this.packets.length; seen++) {
        const packet = this.packets[seen]!;
        if (header(packet, "Response") !== "" && header(packet, "ActionID") === id) found = packet;
      }
      return found !== undefined;
    }, `a response to ${name}`);
    return found!;
  }

  /** Sends an action that answers with a list, and gives the items. */
  async list(name: string, complete: string): Promise<Packet[]> {
    const id = header(await this.act(name), "ActionID");
    const mine = () => this.packets.filter((packet) => header(packet, "ActionID") === id);
    await this.until(() => mine().some((packet) => header(packet, "Event") === complete), complete);
    return mine().filter((packet) => !["", complete].includes(header(packet, "Event")));
  }

  /** Logs in, with an event mask when one is given. */
  login(events?: string): Promise<Packet> {
    return this.act("Login", {
      Username: "doorline",
      Secret: SECRET,
      ...(events === undefined ? {} : { Events: events }),
    });
  }

  /** Waits until everything that was sent before now has come. */
  async settle(): Promise<void> {
    await this.act("Ping");
  }

  #take(chunk: string): void {
    this.#rest += chunk;
    const last = this.#rest.lastIndexOf("\r\n\r\n");
    if (last === -1) return;
    const whole = this.#rest.slice(0, last + 4);
    this.#rest = this.#rest.slice(last + 4);
    this.#packets.push(...packetsOf(whole.replace(/^Asterisk Call Manager\/[^\r]*\r\n/, "")));
  }

  #wake(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** What a test plays with. */
export interface AsteriskStage {
  asterisk: EmulatedAsterisk;
  clock: SimulatedClock;
  /** Connects; it is cut with the stage. */
  dial(): RawAmi;
}

/** Plays a test with an emulated Asterisk and cleans up whatever happens. */
export async function withAsterisk(
  options: Partial<AsteriskOptions>,
  play: (stage: AsteriskStage) => Promise<void>,
): Promise<void> {
  const clock = new SimulatedClock();
  clock.set(NOON_MS);
  const asterisk = await startAsterisk({ secret: SECRET, clock, random: seededRandom(7), ...options });
  const clients: RawAmi[] = [];
  try {
    await play({
      asterisk,
      clock,
      dial: () => {
        const client = new RawAmi(asterisk.port);
        clients.push(client);
        return client;
      },
    });
  } finally {
    for (const { socket } of clients) socket.destroy();
    await asterisk.stop();
  }
}

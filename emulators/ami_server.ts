/**
 * @module
 * The manager interface's listener and its sessions: greeting, login, event masks, a bounded queue for each client,
 * and the ways in which a line breaks. What actions do is the affair of whoever started it.
 */
import type { Buffer } from "node:buffer";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import type { AmiAction, AmiInput } from "./ami_codec.ts";
import { AmiReader, encodePacket, type Header } from "./ami_codec.ts";
import { AmiAuth } from "./ami_auth.ts";
import {
  ALL_RIGHTS,
  type AmiClass,
  knownAction,
  mayUse,
  readMask,
  type Rights,
  rightsOf,
} from "./ami_rights.ts";
import type { EmulatedClock } from "./emulated_clock.ts";

/** What answers an action; `reply` puts the ActionID where Asterisk puts it. */
export type ActionHandler = (session: AmiSession, action: AmiAction) => void;

/** How a server is built. */
export interface AmiServerOptions {
  host: string;
  /** Such as `11.0.0`. */
  protocol: string;
  auth: AmiAuth;
  clock: EmulatedClock;
  /** Answers the actions that an authenticated session may use. */
  onAction: ActionHandler;
  /** Hears of every action, refused ones too. */
  onReceived: (action: AmiAction) => void;
  /**
   * A client with more bytes unread is dropped. Asterisk measures the time that one write takes (`writetimeout`,
   * 100 ms); bytes say the same without a timer for each write.
   */
  mostUnreadBytes: number;
  /** Called when a login was accepted, after its response. */
  onLogin: (session: AmiSession) => void;
}

/** As Asterisk's default `authtimeout`. */
const AUTH_TIMEOUT_MS = 30_000;
/** One client. */
export class AmiSession {
  readonly server: AmiServer;
  readonly socket: Socket;
  readonly reader = new AmiReader();
  /** Null until login. */
  account: { user: string; read: Rights; write: Rights } | null = null;
  /** What the client asked to hear, within what it may. */
  mask: Rights = 0;
  challenge: string | null = null;
  authTimer: unknown = null;
  /** True once bytes of it were swallowed: it cannot be trusted to be whole any more. */
  damaged = false;
  #queued: string[] = [];

  constructor(server: AmiServer, socket: Socket) {
    this.server = server;
    this.socket = socket;
  }

  /** Answers an action: `Response`, its ActionID, then the rest. */
  respond(action: AmiAction | null, response: string, ...headers: Header[]): void {
    this.write(encodePacket([["Response", response], ...echoed(action), ...headers]));
  }

  /** Answers with an error, worded as Asterisk words it. */
  fail(action: AmiAction | null, message: string): void {
    this.respond(action, "Error", ["Message", message]);
  }

  /** Answers with a list: its start, an event for each item, and the end with their number. */
  list(
    action: AmiAction,
    message: string,
    items: { event: string; headers: readonly Header[] }[],
    end: string,
  ): void {
    this.respond(action, "Success", ["EventList", "start"], ["Message", message]);
    for (const { event, headers } of items) {
      this.write(encodePacket([["Event", event], ...echoed(action), ...headers]));
    }
    this.write(encodePacket([
      ["Event", end],
      ...echoed(action),
      ["EventList", "Complete"],
      ["ListItems", items.length],
    ]));
  }

  /** Queues a packet; all that is queued in one turn leaves as one write. */
  write(packet: string): void {
    if (this.socket.destroyed) return;
    if (this.#queued.push(packet) === 1) queueMicrotask(() => this.flush());
  }

  /** Sends what is queued, or swallows it when the line is mute. */
  flush(): void {
    if (this.#queued.length === 0) return;
    const text = this.#queued.join("");
    this.#queued = [];
    if (this.socket.destroyed) return;
    if (this.server.muted) {
      this.damaged = true;
      return;
    }
    this.socket.write(text);
    this.server.checkReads(this);
  }

  /** Says the last word and closes. */
  close(): void {
    this.flush();
    // Asterisk does not wait for the other side to agree.
    this.socket.end(() => this.socket.destroy());
  }
}

/** How often, and how soon, it tries again to listen where it did before. */
const MOST_TRIES = 100;
const TRY_AGAIN_MS = 10;

/** The listener. */
export class AmiServer {
  readonly sessions = new Set<AmiSession>();
  /** How many clients were dropped because they did not read. */
  slowClients = 0;
  muted = false;
  /** True while events are kept from everybody. */
  quiet = false;
  /** Every socket, also of sessions that are forgotten but still have a last word on its way. */
  readonly #sockets = new Set<Socket>();
  #listener: Server | null = null;
  #port = 0;
  readonly #options: AmiServerOptions;

  constructor(options: AmiServerOptions) {
    this.#options = options;
  }

  /** The port that it listens on, or listened on last. */
  get port(): number {
    return this.#port;
  }

  /** Listens; port 0 lets the system pick the first one, and later ones are the same. */
  async listen(port = this.#port): Promise<void> {
    // Seen once: a port was still in use just after its listener had closed.
    for (let tries = port !== 0 && port === this.#port ? MOST_TRIES : 1; this.#listener === null; tries--) {
      await this.#tryToListen(port).catch((error) => {
        if (tries <= 1) throw error;
        return new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      });
    }
  }

  async #tryToListen(port: number): Promise<void> {
    const listener = createServer((socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      listener.once("error", reject);
      listener.listen(port, this.#options.host, resolve);
    });
    this.#port = (listener.address() as AddressInfo).port;
    this.#listener = listener;
  }

  /** Refuses new clients and cuts those that are there. */
  async close(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    const closed = listener && new Promise<void>((resolve) => listener.close(() => resolve()));
    for (const session of [...this.sessions]) this.drop(session);
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Drops a client that does not read. */
  checkReads(session: AmiSession): void {
    if (session.socket.writableLength <= this.#options.mostUnreadBytes) return;
    this.slowClients++;
    this.drop(session);
  }

  /** Cuts a line; `lastBytes` still go out before. */
  drop(session: AmiSession, lastBytes?: Uint8Array): void {
    this.#forget(session);
    if (lastBytes === undefined) return void session.socket.destroy();
    session.flush();
    session.socket.end(lastBytes, () => session.socket.destroy());
  }

  /** Sends an event to those who may hear it and want to. */
  broadcast(one: AmiClass, packet: string): void {
    if (this.quiet) return;
    const bit = rightsOf(one);
    for (const session of this.sessions) {
      if (session.account !== null && session.mask & session.account.read & bit) session.write(packet);
    }
  }

  /** Swallows bytes both ways, or stops that; lines that lost some are reset then, as they would be in the end. */
  mute(on: boolean): void {
    for (const session of [...this.sessions]) {
      session.flush();
      if (!on && session.damaged) {
        this.#forget(session);
        session.socket.resetAndDestroy();
      }
    }
    this.muted = on;
  }

  #accept(socket: Socket): void {
    const session = new AmiSession(this, socket);
    this.sessions.add(session);
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    // An error is followed by "close", which is where it is dealt with.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#forget(session);
    });
    socket.on("data", (bytes: Buffer) => this.#take(session, bytes));
    session.authTimer = this.#options.clock.setTimeout(() => this.drop(session), AUTH_TIMEOUT_MS);
    session.write(`Asterisk Call Manager/${this.#options.protocol}\r\n`);
  }

  #forget(session: AmiSession): void {
    this.#options.clock.clearTimeout(session.authTimer);
    this.sessions.delete(session);
  }

  #take(session: AmiSession, bytes: Buffer): void {
    if (this.muted) {
      session.damaged = true;
      return;
    }
    for (const input of session.reader.read(bytes)) {
      if (!this.sessions.has(session)) return;
      this.#dispatch(session, input);
    }
  }

  #dispatch(session: AmiSession, input: AmiInput): void {
    if ("refused" in input) return session.fail(null, input.refused);
    const { action } = input;
    this.#options.onReceived(action);
    const name = knownAction(action.name);
    if (action.name === "") return session.fail(action, "Missing action in request");
    const open = name === "Login" || name === "Challenge" || name === "Logoff";
    if (session.account === null && !open) return session.fail(action, "Permission denied");
    if (name === null) {
      return session.fail(
        action,
        `Invalid/unknown command: ${action.name}. Use Action: ListCommands to show available commands.`,
      );
    }
    if (!mayUse(name, session.account?.write ?? 0)) return session.fail(action, "Permission denied");
    switch (name) {
      case "Login":
        return this.#login(session, action);
      case "Challenge":
        return this.#options.auth.challenge(session, action);
      case "Logoff":
        session.respond(action, "Goodbye", ["Message", "Thanks for all the fish."]);
        this.#forget(session);
        return session.close();
      case "Events":
        return this.#setMask(session, action);
      default:
        return this.#options.onAction(session, action);
    }
  }

  #login(session: AmiSession, action: AmiAction): void {
    if (session.account !== null) {
      return session.respond(action, "Success", ["Message", "Already authenticated"]);
    }
    const account = this.#options.auth.accept(session, action);
    if (account === null) {
      session.fail(action, "Authentication failed");
      this.#forget(session);
      return session.close();
    }
    this.#options.clock.clearTimeout(session.authTimer);
    session.account = account;
    const asked = action.get("Events");
    session.mask = asked === "" ? ALL_RIGHTS : readMask(asked) ?? ALL_RIGHTS;
    session.respond(action, "Success", ["Message", "Authentication accepted"]);
    this.#options.onLogin(session);
  }

  #setMask(session: AmiSession, action: AmiAction): void {
    const mask = readMask(action.get("EventMask"));
    if (mask === null) return session.fail(action, "Invalid event mask");
    session.mask = mask;
    session.respond(action, "Success", ["Events", mask === 0 ? "Off" : "On"]);
  }
}

function echoed(action: AmiAction | null): Header[] {
  return action?.actionId ? [["ActionID", action.actionId]] : [];
}

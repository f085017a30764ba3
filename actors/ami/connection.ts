/**
 * @module
 * One connection to one Asterisk, from the socket to its end; the only file that knows npm `asterisk-manager`, which
 * does the framing and writing. Each connection is a fresh instance, since one that is used again glues leftover text to
 * the next greeting. It logs in, pings, and answers actions; when to connect again is not its business.
 */
import createManager from "asterisk-manager";
import type { AmiServer } from "../../config.ts";
import type { Clock } from "../clock.ts";
import type { AmiFields, AmiPacket, AmiUnsafeValue } from "./packet.ts";
import { AmiNotUp, AmiRefused, AmiTimeout, checkValue, encodeFields, flatten } from "./packet.ts";

interface AmiConnectionOptions {
  server: AmiServer;
  clock: Clock;
  onConnected: () => void;
  onLoggedIn: () => void;
  /** The login was refused; the words are for people. */
  onRefused: (error: string) => void;
  /** A live event: no answer, and nothing of a list that was asked for. */
  onEvent: (packet: AmiPacket) => void;
  /** The connection is gone, once; not called after `close()`. */
  onLost: (error: string) => void;
  /** A packet was neither event nor answer, or an event that somebody wrote into, and was dropped. */
  onDropped?: () => void;
}

/** How long an action may take to be answered unless it says otherwise. */
export const ACTION_DEADLINE_MS = 10_000;
/**
 * A ping follows this long after the answer to the last, and has this long to be answered, so that a half-open line is
 * noticed within the sum, which may be ten seconds.
 */
export const PING_EVERY_MS = 5000;
export const PING_DEADLINE_MS = 5000;
/** The longest list that is taken. */
export const MAX_LIST_ITEMS = 100_000;
/**
 * The classes of events that calls and endpoints are told in. The account may read more: dialplan and reporting are most
 * of what a busy Asterisk has to say.
 */
const EVENT_MASK = "call,system,agent";

/** Headers that say which channels an event is about and what became of them. */
const TELLING =
  /(?:id|channel|exten|context|channelstate|dialstatus|cause|event|endpointname|contactstatus|aor|uri|peer|peerstatus|device)$/;

/** What is used of the library. */
interface Library {
  on(event: string, listener: (...args: never[]) => void): void;
  listeners(event: string): ((packet: object) => void)[];
  removeAllListeners(event: string): void;
  connect(options: object, host: undefined, done: () => void): void;
  login(done: (refusal?: Record<string, unknown>) => void): void;
  action(action: object, done: () => void): void;
  isConnected(): boolean;
}

interface Pending {
  action: string;
  /** What was listed so far; null for what is no list. */
  items: AmiPacket[] | null;
  timer: unknown;
  resolve: (answer: { response: AmiPacket; items: AmiPacket[] }) => void;
  reject: (error: Error) => void;
  response: AmiPacket | null;
  complete: boolean;
}

/** Holds one socket. `close()` ends it. */
export class AmiConnection {
  readonly #options: AmiConnectionOptions;
  readonly #ami: Library;
  readonly #abort = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  readonly #pending = new Map<string, Pending>();
  /** Begins every ActionID of this connection, and of no other client: events for all can carry one. */
  readonly #prefix = `doorline-${crypto.randomUUID().slice(0, 8)}-`;
  /** The library's own handling of a packet. */
  readonly #dispatch: (packet: object) => void;
  #state: "new" | "opening" | "logging_in" | "open" | "over" = "new";
  #lastError: string | null = null;
  #actions = 0;
  /** Packets that came. */
  #heard = 0;
  #pingTimer: unknown;
  /** A header that says what the packet at hand is about comes more than once in it. */
  #forged = false;
  readonly #noteTwice = (name: string) => void (this.#forged ||= TELLING.test(name));

  constructor(options: AmiConnectionOptions) {
    this.#options = options;
    const { user, secret } = options.server;
    // Without a port it does not connect by itself.
    this.#ami = (createManager as unknown as (...args: unknown[]) => Library)(null, "", user, secret, false);
    // Events do not go round by the library: it would emit each under its own name, and one that is called `close` or
    // `rawevent` would end the connection or never end. Only what answers an action does.
    this.#dispatch = this.#ami.listeners("rawevent")[0]!;
    this.#ami.removeAllListeners("rawevent");
    this.#ami.on("rawevent", (parsed: Record<string, unknown>) => this.#packet(parsed));
    this.#ami.on("error", (error: Error) => void (this.#lastError = explain(error)));
    this.#ami.on("close", () => this.#onClose());
  }

  /** Connects and logs in. Not to be called twice. */
  open(): void {
    const { host, port, user, secret } = this.#options.server;
    this.#state = "opening";
    try {
      checkValue("Username", user);
      checkValue("Secret", secret);
    } catch (error) {
      this.#closed.resolve();
      return this.#refuse((error as AmiUnsafeValue).message);
    }
    // The library hands its first argument on to `net.createConnection`; the signal is the one way to its socket, and
    // a half-open one has to be destroyed: it would never end.
    try {
      this.#ami.connect({ host, port, signal: this.#abort.signal }, undefined, () => {
        if (this.#isOver()) return;
        this.#state = "logging_in";
        this.#options.onConnected();
        this.#ami.login((refusal) => this.#onLogin(refusal));
      });
    } catch (error) {
      // A port that is none throws at once.
      this.#closed.resolve();
      this.#lose(explain(error as Error));
    }
  }

  /** Ends the connection at once; what is not answered fails. Resolves when the socket is gone. */
  close(): Promise<void> {
    const opened = this.#state !== "new";
    this.#end();
    if (opened) this.#abort.abort();
    else this.#closed.resolve();
    return this.#closed.promise;
  }

  /**
   * Does an action and returns the answer to it.
   *
   * @throws AmiUnsafeValue, AmiNotUp, AmiTimeout, AmiRefused
   */
  async action(
    action: string,
    fields: AmiFields = {},
    options: { deadlineMs?: number } = {},
  ): Promise<AmiPacket> {
    const { response } = await this.#send(action, encodeFields(action, fields), {
      ...options,
      isList: false,
    });
    return response;
  }

  /**
   * Asks for a list and returns its items without the packets around them.
   *
   * @throws AmiUnsafeValue, AmiNotUp, AmiTimeout, AmiRefused; Error when there is no end of items
   */
  async list(
    action: string,
    fields: AmiFields = {},
    options: { deadlineMs?: number } = {},
  ): Promise<AmiPacket[]> {
    const { items } = await this.#send(action, encodeFields(action, fields), { ...options, isList: true });
    return items;
  }

  #send(
    action: string,
    headers: Record<string, unknown>,
    { deadlineMs = ACTION_DEADLINE_MS, isList }: { deadlineMs?: number; isList: boolean },
  ): Promise<{ response: AmiPacket; items: AmiPacket[] }> {
    // The library would hold it until a login, write it to a dead socket, or print to the console.
    if (this.#state !== "open" || !this.#ami.isConnected()) {
      return Promise.reject(new AmiNotUp(this.#options.server.name, false));
    }
    const actionid = `${this.#prefix}${++this.#actions}`;
    return new Promise((resolve, reject) => {
      const timer = this.#options.clock.setTimeout(() => {
        this.#settle(actionid)?.reject(new AmiTimeout(action, deadlineMs));
      }, deadlineMs);
      const items = isList ? [] : null;
      this.#pending.set(actionid, { action, items, timer, resolve, reject, response: null, complete: false });
      // Its callback would come a tick later than the events that follow the answer; the answer is taken from the
      // packet itself.
      this.#ami.action({ ...headers, action, actionid }, () => {});
    });
  }

  #onLogin(refusal: Record<string, unknown> | undefined): void {
    if (this.#isOver()) return;
    if (refusal !== undefined) {
      const { message } = flatten(refusal);
      return this.#refuse(
        message === "Authentication failed"
          ? "the password or user is wrong"
          : `the login was refused: ${message ?? "no reason given"}`,
      );
    }
    this.#state = "open";
    // The library's login has `Event:` where Asterisk reads `Events:`, so that all is on; it is narrowed here.
    const goOn = () => this.#isOver() || this.#options.onLoggedIn();
    this.#send("Events", { eventmask: EVENT_MASK }, { isList: false }).then(
      goOn,
      // What does not want to say less says more, which does no harm.
      (error: Error) => error instanceof AmiRefused ? goOn() : this.#lose(error.message),
    );
    this.#pingLater();
  }

  #pingLater(): void {
    this.#pingTimer = this.#options.clock.setTimeout(() => {
      const goOn = () => this.#isOver() || this.#pingLater();
      const heard = this.#heard;
      this.action("Ping", {}, { deadlineMs: PING_DEADLINE_MS }).then(
        goOn,
        // Who answers that it is refused is there, and so is who says so much that the answer has to wait for its turn.
        (error: Error) => {
          const isThere = error instanceof AmiRefused ||
            (error instanceof AmiTimeout && this.#heard !== heard);
          return isThere ? goOn() : this.#lose(error.message);
        },
      );
    }, PING_EVERY_MS);
  }

  /**
   * The library's parser takes time that grows with the square of the lines of a packet: 20,000 of them block for two
   * seconds. Only answers to `Command` are as long, and they are not asked for.
   */
  #packet(parsed: Record<string, unknown>): void {
    if (this.#state === "over") return;
    this.#heard++;
    this.#forged = false;
    const packet = flatten(parsed, this.#noteTwice);
    const { actionid } = packet;
    // An event first: OriginateResponse has a `Response` too.
    if (packet.event !== undefined) {
      // Asterisk 16.28 and 22.10 tell a caller's number as it came, and of a SIP user `1%0d%0aUniqueid%3a%202` that makes
      // two lines. Asterisk itself says such a header once, and which of them is its own nobody can know.
      if (this.#forged) return this.#options.onDropped?.();
      if (actionid !== undefined && actionid.startsWith(this.#prefix)) this.#listed(actionid, packet);
      else this.#options.onEvent(packet);
    } else if (packet.response !== undefined && actionid !== undefined) this.#answered(actionid, packet);
    else {
      // Some answers end with a blank line too many, which comes as a packet of nothing.
      if (Object.keys(packet).length > 0) this.#options.onDropped?.();
    }
  }

  #answered(actionid: string, packet: AmiPacket): void {
    const pending = this.#pending.get(actionid);
    // The library gives its login a number; nothing else is asked before it is answered.
    const isLogin = this.#state === "logging_in" && /^\d+$/.test(actionid);
    if (pending === undefined && !isLogin) return this.#options.onDropped?.();
    this.#dispatch(packet);
    if (pending === undefined) return;
    pending.response = packet;
    if (packet.response!.toLowerCase() === "error") {
      this.#settle(actionid)!.reject(
        new AmiRefused(pending.action, packet.message?.trim() ?? "no reason given"),
      );
    } else if (pending.items === null || pending.complete) {
      this.#settle(actionid)!.resolve({ response: packet, items: pending.items ?? [] });
    }
  }

  #listed(actionid: string, packet: AmiPacket): void {
    const pending = this.#pending.get(actionid);
    if (pending === undefined || pending.items === null) return; // nobody waits for it any more
    // `Complete`, and `Cancelled` when the list broke off.
    if (packet.eventlist === undefined) pending.items.push(packet);
    else if (packet.eventlist.toLowerCase() === "cancelled") {
      this.#settle(actionid)!.reject(new AmiRefused(pending.action, "the list was cancelled"));
    } else if (pending.response === null) pending.complete = true;
    else this.#settle(actionid)!.resolve({ response: pending.response, items: pending.items });
    if (pending.items.length > MAX_LIST_ITEMS) {
      this.#settle(actionid)?.reject(
        new Error(`Cannot take ${pending.action}: more than ${MAX_LIST_ITEMS} items`),
      );
    }
  }

  /** Takes an action off the list of those that wait for an answer. */
  #settle(actionid: string): Pending | undefined {
    const pending = this.#pending.get(actionid);
    if (pending === undefined) return undefined;
    this.#pending.delete(actionid);
    this.#options.clock.clearTimeout(pending.timer);
    // Of what was answered the library removes its listener itself, a tick later.
    if (pending.response === null) this.#ami.removeAllListeners(actionid);
    return pending;
  }

  #onClose(): void {
    this.#closed.resolve();
    this.#lose(this.#lastError ?? "Asterisk closed the connection");
  }

  #refuse(error: string): void {
    if (this.#isOver()) return;
    this.#end();
    this.#abort.abort();
    this.#options.onRefused(error);
  }

  #lose(error: string): void {
    if (this.#isOver()) return;
    this.#end();
    this.#abort.abort();
    this.#options.onLost(error);
  }

  #isOver(): boolean {
    return this.#state === "over";
  }

  #end(): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#options.clock.clearTimeout(this.#pingTimer);
    for (const actionid of [...this.#pending.keys()]) {
      this.#settle(actionid)!.reject(new AmiNotUp(this.#options.server.name, true));
    }
  }
}

function explain(error: Error): string {
  const { code } = error as { code?: unknown };
  if (error.message !== "") return error.message;
  return typeof code === "string" ? code : "connection failed";
}

/**
 * @module
 * An emulated Asterisk: phones, calls through them, and the manager interface that tells of both.
 * A client of AMI cannot tell it from a real one; tests drive it by hand, a demonstration lets it live.
 */
import { Buffer } from "node:buffer";
import { AmiAuth } from "./ami_auth.ts";
import type { AmiAction } from "./ami_codec.ts";
import { AmiServer, type AmiSession } from "./ami_server.ts";
import { type AmiClass, rightsOf } from "./ami_rights.ts";
import { act, type ActionWorld } from "./asterisk_actions.ts";
import { type CallOptions, type CallPlan, type CallWorld, EmulatedCall } from "./asterisk_calls.ts";
import { snapshot, Switchboard } from "./asterisk_channels.ts";
import type { DialTarget } from "./asterisk_dial.ts";
import { DEFAULT_DIALPLAN, type Dialplan, stepsOf } from "./asterisk_dialplan.ts";
import { AsteriskFiles } from "./asterisk_files.ts";
import { type FlapOptions, PhoneBook } from "./asterisk_phone_book.ts";
import { knock, traceRegister } from "./asterisk_registrar.ts";
import type { Phone, RegisterOptions, UnregisterOptions } from "./asterisk_phones.ts";
import { type EmulatedClock, SYSTEM_CLOCK } from "./emulated_clock.ts";
import { DEFAULT_ENDPOINTS, endpointName, type EndpointSpec, PjsipStore } from "./pjsip_store.ts";
import type { Random } from "./random.ts";

export type { CallOptions, CallPlan, Dialplan, EmulatedCall, EmulatedClock, EndpointSpec };
export type { FlapOptions, RegisterOptions, UnregisterOptions };

/** How it is built. */
export interface AsteriskOptions {
  /** Default: a free one. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default `doorline`. */
  user?: string;
  secret: string;
  /** Default 22. */
  version?: 16 | 22;
  /** Classes of events that the account may hear, as manager.conf has them. Default `all`. */
  read?: string;
  /** Classes of actions that the account may use. Default `all`. */
  write?: string;
  /** Default: phones 777, 888, 150 to 152, and a trunk. */
  endpoints?: readonly EndpointSpec[];
  /** Extensions that are more than a phone; added to the default ones. */
  dialplan?: Dialplan;
  clock?: EmulatedClock;
  random?: Random;
  /** Whether Newexten and VarSet are told too. Default false. */
  noise?: boolean;
  /** How much a client may leave unread before it is dropped. Default 32 MB. */
  mostUnreadBytes?: number;
  /** Seconds that it has been up when it starts. Default 3600. */
  uptime?: number;
  /**
   * Folder of its own: pjsip.conf, which is written with the endpoints where it is missing and rules from then on, and
   * the log. Default: it has no files.
   */
  dir?: string;
  /** How much a log file may hold before it is rotated, in bytes. Default 1 MB. */
  mostLogBytes?: number;
}

/** An action that came in: names in lower case, repeated headers joined with LF, secrets masked. */
export type ReceivedAction = Readonly<Record<string, string>>;

/** A running one. */
export interface EmulatedAsterisk {
  readonly port: number;
  /** How many clients are connected. */
  readonly clients: number;
  /** How many clients were dropped since they did not read. */
  readonly slowClients: number;
  /** Calls that are up. */
  readonly calls: readonly EmulatedCall[];
  /** The last 1,000 actions, oldest first. */
  readonly received: readonly ReceivedAction[];
  /** Lets somebody call. @throws when `via` is no endpoint */
  call(options: CallOptions): EmulatedCall;
  /** Cuts every client's line, by default between packets. */
  dropClients(options?: { midPacket?: boolean }): void;
  /** Swallows every byte both ways, so that lines are half open; ends by resetting those that lost some. */
  mute(on: boolean): void;
  /** Keeps events from everybody, for good; actions are answered. */
  quiet(on: boolean): void;
  /** Starts anew: calls and clients are gone without a word. Resolves when it listens again. */
  restart(options?: RestartOptions): Promise<void>;
  /** Path of the log that it writes; null where it has no folder. */
  readonly logFile: string | null;
  /** Its endpoints, by number. */
  readonly phones: ReadonlyMap<string, Phone>;
  /**
   * Registers a phone, anew if it was registered, which is not told.
   * @returns whether that is taken
   * @throws when there is none of that number
   */
  register(number: string, options?: RegisterOptions): boolean;
  /** Unregisters a phone; one that vanishes is told of as `Unreachable`. @throws when there is none of that number */
  unregister(number: string, options?: UnregisterOptions): void;
  /**
   * Cuts phones off: by number, or all of a network such as `192.0.2.0/24`. It is noticed at once, or with `unnoticed`
   * at the next qualify. @returns their numbers
   */
  vanish(who: string | readonly string[], options?: { unnoticed?: boolean }): string[];
  /** Lets those that vanished, or are not registered, be there. */
  comeBack(numbers: string | readonly string[]): void;
  /** Lets a phone come and go. @throws when there is none of that number */
  flap(number: string, options: FlapOptions): Promise<void>;
  /** Adds endpoints without a word, as if they had been there at the start. They are not written to the file. */
  addPhones(specs: readonly EndpointSpec[]): void;
  /** Lets a phone register again while the log shows SIP messages. @throws when there is none of that number */
  trace(number: string): void;
  /** Somebody whom it does not know tries to register. Only its log tells. */
  knock(user: string, host: string): void;
  /** Reads pjsip.conf again. */
  reload(): void;
  /** Hears of endpoints that a reload brought. Gives what ends that. */
  onConfigured(listener: (phones: readonly Phone[]) => void): () => void;
  /** Sends any event, with its class. */
  tell(one: AmiClass, event: string, headers: Readonly<Record<string, string | number>>): void;
  /** Hears of each call that begins, also by Originate. Gives what ends that. */
  onCall(listener: (call: EmulatedCall) => void): () => void;
  stop(): Promise<void>;
}

/** How it restarts. */
export interface RestartOptions {
  /** How long nobody can connect, by its clock. Default 0. */
  downMs?: number;
  /** How long after that it is fully booted. Default 0. */
  bootMs?: number;
  /** Whether channels get the same names and the same Uniqueids again. Default false. */
  reuseIds?: boolean;
}

const PROTOCOLS = { 16: "5.0.5", 22: "11.0.0" } as const;
const MOST_RECEIVED = 1_000;

/** Starts one. @throws when its port is taken */
export async function startAsterisk(options: AsteriskOptions): Promise<EmulatedAsterisk> {
  const version = options.version ?? 22;
  const clock = options.clock ?? SYSTEM_CLOCK;
  const random = options.random ?? Math.random;
  const dialplan = { ...DEFAULT_DIALPLAN, ...options.dialplan };
  const calls = new Set<EmulatedCall>();
  const listeners = new Set<(call: EmulatedCall) => void>();
  const received: ReceivedAction[] = [];
  const timers = new Set<unknown>();
  let startedAtMs = clock.now() - (options.uptime ?? 3_600) * 1_000;
  let booted = true;

  const files = options.dir === undefined
    ? null
    : new AsteriskFiles({ dir: options.dir, clock, mostLogBytes: options.mostLogBytes });
  const board = new Switchboard({
    version,
    clock,
    random,
    noise: options.noise ?? false,
    send: (one, packet) => server.broadcast(one, packet),
    log: files?.log ?? null,
    callLog: files?.calls ?? null,
  });
  const store = new PjsipStore(version);
  const book = new PhoneBook(board, store);
  const phones = book.numbers;
  const configured = new Set<(phones: readonly Phone[]) => void>();
  const specs = options.endpoints ?? DEFAULT_ENDPOINTS;
  if (files === null) store.add(specs);
  else files.read(store, specs);
  book.add(specs.filter((spec) => store.get("endpoint", endpointName(spec)) !== null));
  book.reconcile();
  const callWorld: CallWorld = {
    board,
    phone: (number) => phones.get(number) ?? null,
    steps: (exten) => stepsOf(exten, dialplan),
    target,
    onMade: (call) => void calls.add(call),
    onBegun: (call) => listeners.forEach((listener) => listener(call)),
    onEnded: (call) => void calls.delete(call),
  };
  const world: ActionWorld = {
    version,
    protocol: PROTOCOLS[version],
    board,
    book,
    store,
    config: { dir: options.dir ?? null, clock, reload },
    startedAtMs: () => startedAtMs,
    newCall: () => new EmulatedCall(callWorld, null),
    callOf: (channel) => channel.owner instanceof EmulatedCall ? channel.owner : null,
  };
  const server = new AmiServer({
    host: options.host ?? "127.0.0.1",
    protocol: PROTOCOLS[version],
    auth: new AmiAuth({
      user: options.user ?? "doorline",
      secret: options.secret,
      read: options.read ?? "all",
      write: options.write ?? "all",
    }, random),
    clock,
    mostUnreadBytes: options.mostUnreadBytes ?? 32 * 1024 * 1024,
    onAction: (session, action) => act(session, action, world),
    onReceived: (action) => {
      received.push(recordOf(action));
      if (received.length > MOST_RECEIVED) received.shift();
    },
    onLogin: (session) => booted && sayBooted(session),
  });

  function target(number: string): DialTarget | null {
    const phone = phones.get(number);
    if (phone !== undefined && !phone.trunk) return { phone, number, dialString: phone.endpoint };
    const trunk = [...phones.values()].find((one) => one.trunk);
    // Nine leads outside.
    if (trunk === undefined || !/^9\d{5,}$/.test(number)) return null;
    return { phone: trunk, number, dialString: `${number.slice(1)}@${trunk.endpoint}`, callerNum: number };
  }

  function sayBooted(session: AmiSession): void {
    const heard = session.mask & (session.account?.read ?? 0) & rightsOf("system");
    if (!heard || server.quiet) return;
    const seconds = Math.floor((clock.now() - startedAtMs) / 1_000);
    session.write(
      `Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: ${seconds}\r\nLastReload: ${seconds}\r\n` +
        "Status: Fully Booted\r\n\r\n",
    );
  }

  function after(ms: number, act: () => void): void {
    const handle = clock.setTimeout(() => {
      timers.delete(handle);
      act();
    }, ms);
    timers.add(handle);
  }

  function boot(bootMs: number): void {
    startedAtMs = clock.now();
    booted = bootMs === 0;
    if (booted) return;
    after(bootMs, () => {
      booted = true;
      for (const session of server.sessions) if (session.account !== null) sayBooted(session);
    });
  }

  function forgetCalls(): void {
    for (const call of [...calls]) call.vanish();
  }

  function reload(module: string): boolean {
    if (module !== "" && !/^res_pjsip(\.so)?$/.test(module)) return false;
    const told = () => board.tell("system", "Reload", "Module: res_pjsip.so\r\nStatus: 0\r\n");
    files?.reread(store);
    const came = book.reconcile(told);
    if (came.length > 0) { for (const listener of configured) listener(came); }
    return true;
  }

  async function restart({ downMs = 0, bootMs = 0, reuseIds = false }: RestartOptions = {}): Promise<void> {
    const closed = server.close();
    forgetCalls();
    board.reset({ reuseIds });
    for (const phone of phones.values()) phone.forget();
    // The time begins now, however long the sockets take to close.
    const over = downMs > 0 ? new Promise<void>((resolve) => after(downMs, resolve)) : null;
    await closed;
    await over;
    files?.start(store);
    book.reconcile();
    await server.listen();
    boot(bootMs);
  }

  await server.listen(options.port ?? 0);
  return {
    get port() {
      return server.port;
    },
    get clients() {
      return server.sessions.size;
    },
    get slowClients() {
      return server.slowClients;
    },
    get calls() {
      return [...calls];
    },
    received,
    call: (callOptions) => {
      const call = new EmulatedCall(callWorld, callOptions.plan ?? null);
      call.begin(callOptions);
      return call;
    },
    dropClients: ({ midPacket = false } = {}) => {
      for (const session of [...server.sessions]) {
        server.drop(session, midPacket ? halfAPacket(board) : undefined);
      }
    },
    mute: (on) => server.mute(on),
    quiet: (on) => void (server.quiet = on),
    restart,
    logFile: files?.log.path ?? null,
    phones,
    register: (number, how) => book.find(number).register(how),
    unregister: (number, how) => book.find(number).unregister(how),
    vanish: (who, how) => {
      const those = typeof who !== "string" ? [...who] : who.includes(".") ? book.at(who) : [who];
      for (const number of those) book.find(number).vanish(how);
      return those;
    },
    comeBack: (numbers) => [numbers].flat().forEach((number) => book.find(number).comeBack()),
    flap: (number, how) => book.flap(book.find(number), how),
    addPhones: (more) => {
      store.add(more);
      book.add(more);
    },
    trace: (number) => {
      const phone = book.find(number);
      const [contact] = phone.contacts;
      if (contact !== undefined) traceRegister(phone.endpoint, contact, board);
      phone.register();
    },
    knock: (user, host) => knock(user, host, board),
    reload: () => void reload(""),
    onConfigured: (listener) => {
      configured.add(listener);
      return () => void configured.delete(listener);
    },
    tell: (one, event, headers) => {
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      board.tell(one, event, lines.join(""));
    },
    onCall: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    stop: async () => {
      for (const handle of timers) clock.clearTimeout(handle);
      timers.clear();
      forgetCalls();
      book.stop();
      await server.close();
      files?.log.close();
    },
  };
}

/** The beginning of an event about some channel, cut inside a line, and where it can be inside a character. */
function halfAPacket(board: Switchboard): Uint8Array {
  const [channel] = board.channels.values();
  const lines = channel ? snapshot(channel) : "Peer: PJSIP/777-ep\r\nPeerStatus: Reachable\r\n";
  const bytes = Buffer.from(`Event: Newstate\r\nPrivilege: call,all\r\n${lines}`);
  const split = bytes.findIndex((byte) => byte >= 0x80);
  return bytes.subarray(0, split === -1 ? bytes.length - 6 : split + 1);
}

function recordOf(action: AmiAction): ReceivedAction {
  const record: Record<string, string> = {};
  for (const [name, value] of action.headers) {
    const key = name.toLowerCase();
    const shown = key === "secret" || key === "key" ? "***" : value;
    record[key] = key in record ? `${record[key]}\n${shown}` : shown;
  }
  return record;
}

/**
 * @module
 * The clients of the WebSocket, whichever port they came by: says who may come in, tells them what happens to calls,
 * lets go of those who do not keep up, and ends them with the rights they came with. It holds no listening socket.
 */
import type {
  Audience,
  Feed,
  LogTopic,
  OtherReaders,
  Published,
  ReaderOwner,
  Scope,
} from "../actors/feed.ts";
import type { Shown } from "../actors/people/who.ts";
import type { LogLineView } from "../machines/endpoint_views.ts";
import type { CallStatus, CallView } from "../machines/views.ts";
import type { EndpointsEdge } from "./endpoint_names.ts";
import type { Who } from "./guard.ts";
import { isLogs, type LogsEdge } from "./log_topics.ts";
import { frameOf, turnOf } from "./socket_frames.ts";
import { SocketLogs } from "./socket_logs.ts";
import { Pipe, type Wire } from "./socket_pipe.ts";
import { type SessionHost, type SocketCalls, SocketSession } from "./socket_session.ts";
import { WrongTokens } from "./socket_tries.ts";
import { scopeOf } from "./stream.ts";

export type { SocketCalls } from "./socket_session.ts";

/** Sockets of one address that may be nobody's at the same time. */
export const MAX_STRANGERS_OF_ADDRESS = 20;
/** Sockets that may be nobody's at the same time. */
export const MAX_STRANGERS = 1000;
/** How long a socket may be nobody's, in milliseconds. */
const STRANGER_MS = 10_000;
/** How often clients are looked at, in milliseconds. */
const LOOK_EVERY_MS = 1000;
/** Calls whose state is remembered, to tell each turn once. */
const MAX_CALLS = 10_000;
/** How old a state may be that is given to another client, in milliseconds; a change makes it old at once. */
const STATE_MS = 500;
/** How long changes of endpoints are gathered, in milliseconds. */
const GATHER_MS = 50;
/** How often a changed state is told at most: once in this many milliseconds, and a megabyte a second. */
const TELL_EVERY_MS = 1000;
/** A call that nobody here knew, and that ended longer ago, is no news, in milliseconds. */
const NEWS_MS = 600_000;

interface SocketsOptions {
  people: { identify(shown: Shown): Who | null };
  feed: Pick<Feed, "attach" | "countOf">;
  calls: SocketCalls;
  endpoints: Pick<EndpointsEdge, "list" | "find">;
  /** Null where no log of Asterisk is configured. */
  logs: LogsEdge | null;
  /** Streams and sockets that one user may have open. */
  streamsPerUser: number;
  clock: {
    now(): number;
    toWall(at: number): number;
    setTimeout(run: () => void, ms: number): unknown;
    clearTimeout(id: unknown): void;
  };
  log: { error(detail: Record<string, unknown>, message: string): void };
  /** Bytes that a client may be behind, beyond what it was given while it kept up. */
  maxBehind?: number;
  /** How long a client may take nothing at all, in milliseconds. */
  maxStallMs?: number;
  pingEveryMs?: number;
}

/** A client that was let in, for the library that holds its socket. */
export interface Guest {
  text(text: string): void;
  binary(): void;
  /** A frame above the bound came, which the library let through. */
  oversized(): void;
  /** A pong, or whatever else shows that it lives. */
  alive(): void;
  /** The socket is no more. To be called once, whichever side ended it. */
  gone(): void;
}

interface Client {
  session: SocketSession;
  pipe: Pipe;
  /** Whose it is, or will be once it is open. */
  owner: Who | null;
}

/** Holds the clients. It ends with the feed that it is attached to. */
export class Sockets implements OtherReaders {
  readonly #options: SocketsOptions;
  readonly #host: SessionHost;
  readonly #clients = new Set<Client>();
  readonly #byUser = new Map<number, Set<SocketSession>>();
  readonly #wrong = new WrongTokens();
  readonly #statuses = new Map<string, CallStatus>();
  /** The state for scope "all", written out: when everybody comes back at once, they share it. */
  #state: { text: string; madeAt: number } | null = null;
  readonly #logs: SocketLogs;
  /** When a changed state may be told again. */
  #tellAt = 0;
  #telling: unknown = null;
  #timer: unknown = null;
  #stopped = false;
  #dropped = 0;

  constructor(options: SocketsOptions) {
    const { clock, calls, people, log } = options;
    this.#options = options;
    this.#logs = new SocketLogs(options);
    this.#host = {
      calls,
      now: () => clock.now(),
      identify: (shown) => people.identify(shown),
      mayTry: (address) => !this.#wrong.isLimited(address, clock.now()),
      mayEnter: (who) => options.feed.countOf(who.userId) < options.streamsPerUser,
      triedWrong: (address) => this.#wrong.add(address, clock.now()),
      stateFor: (scope) => this.#stateFor(scope),
      subscribe: (session, name) => this.#logs.subscribe(session, name),
      unsubscribe: (session, name) => this.#logs.unsubscribe(session, name),
      unexpected: (error) =>
        log.error({ err: error }, "A client's wish failed in a way that nobody expected"),
    };
    options.feed.attach(this);
  }

  /** Clients that are connected, whoever they are. */
  get size(): number {
    return this.#clients.size;
  }

  /** Clients that were let go because they did not keep up. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Why somebody may not open one more socket, as a problem; null when they may. */
  refusal(who: Who | null, address: string): { status: 429 | 503; type: string; title: string } | null {
    if (this.#stopped) return { status: 503, type: "stopping", title: "Doorline is stopping" };
    if (who !== null) {
      if (this.#host.mayEnter(who)) return null;
      const title = `You have ${this.#options.streamsPerUser} streams open already`;
      return { status: 429, type: "too-many-streams", title };
    }
    let strangers = 0;
    let ofAddress = 0;
    for (const { session, owner } of this.#clients) {
      if (owner !== null) continue;
      strangers++;
      if (session.address === address) ofAddress++;
    }
    if (ofAddress < MAX_STRANGERS_OF_ADDRESS && strangers < MAX_STRANGERS) return null;
    return { status: 429, type: "too-many-sockets", title: "Too many sockets wait to be authenticated" };
  }

  /** Takes in a client whose socket is open or about to be; `begin` is called when it is open. */
  open(wire: Wire, { who, address }: { who: Who | null; address: string }): Guest & { begin(): void } {
    const { clock, maxBehind = 1_000_000, maxStallMs = 10_000, pingEveryMs = 15_000 } = this.#options;
    const onSlow = () => void this.#dropped++;
    const pipe = new Pipe({ wire, now: () => clock.now(), maxBehind, maxStallMs, pingEveryMs, onSlow });
    const session: SocketSession = new SocketSession({
      host: this.#host,
      pipe,
      address,
      onEntered: (by) => this.#own(client, by),
    });
    const client: Client = { session, pipe, owner: null };
    this.#clients.add(client);
    // It counts, and ends with its rights, from now on, though it may take a while to open.
    if (who !== null) this.#own(client, who);
    this.#arm();
    return {
      begin: () => who !== null && !session.closed && session.enter(who),
      text: (text) => {
        pipe.heard();
        session.take(text);
      },
      binary: () => session.takeBinary(),
      oversized: () => pipe.close(1009, "too large"),
      alive: () => pipe.heard(),
      gone: () => {
        pipe.terminate();
        this.#clients.delete(client);
        this.#logs.leave(session);
        this.#disown(client);
      },
    };
  }

  /** See `OtherReaders`. */
  wants(topic: LogTopic): boolean {
    return this.#logs.wants(topic);
  }

  /** See `OtherReaders`. */
  published({ topic, event, data, audience }: Published): void {
    if (this.#stopped) return;
    try {
      if (isLogs(topic)) this.#publishedLog(topic, event, data);
      else if (topic === "calls") this.#publishedCall(event, data, audience);
      else if (topic === "endpoints" && event !== "endpoint_alert.changed") this.#tellLater();
    } catch (error) {
      // Whoever published must not suffer for it.
      this.#options.log.error({ err: error, topic }, "Sockets could not be told of a change");
    }
  }

  /** See `OtherReaders`. */
  *owners(): Iterable<ReaderOwner> {
    for (const { session, owner } of this.#clients) if (owner !== null && !session.closed) yield owner;
  }

  /** Sockets of a user, those too that are told to end and have not: a client could keep any number of them. */
  countOf(userId: number): number {
    return this.#byUser.get(userId)?.size ?? 0;
  }

  /** Ends the sockets whose owner matches, and says why. */
  end(matches: (owner: ReaderOwner) => boolean, reason: string): void {
    for (const { session, owner } of [...this.#clients]) {
      if (owner === null || !matches(owner)) continue;
      session.refuse(reason, "Your rights have ended or changed");
      this.#logs.leave(session);
    }
  }

  /** Ends all sockets; nobody else is let in. */
  stop(): void {
    this.#stopped = true;
    for (const timer of [this.#timer, this.#telling]) {
      if (timer !== null) this.#options.clock.clearTimeout(timer);
    }
    this.#timer = this.#telling = null;
    for (const { pipe } of [...this.#clients]) pipe.close(1001, "stopping");
  }

  #publishedLog(topic: LogTopic, event: string, data: unknown): void {
    if (event === "log.line") this.#logs.tell(topic, data as LogLineView);
    else if (event === "log.skipped") this.#logs.skipped(topic, (data as { count: number }).count);
  }

  #publishedCall(event: string, data: unknown, audience: Audience | undefined): void {
    this.#state = null;
    switch (event) {
      case "call.changed":
        this.#changed(data as CallView, audience);
        break;
      case "call.removed":
        this.#removed(data as { id: string; into: string | null }, audience);
        break;
      case "reset":
        this.#reset();
    }
  }

  /** Endpoints changed: who may read them is told the state in a moment, and not again too soon. */
  #tellLater(): void {
    this.#state = null;
    if (this.#telling !== null) return;
    const { clock } = this.#options;
    const waitMs = Math.max(GATHER_MS, this.#tellAt - clock.now());
    this.#telling = clock.setTimeout(() => {
      this.#telling = null;
      const readers = [...this.#clients].filter(({ session }) => readsAll(session));
      if (readers.length === 0) return;
      const text = this.#stateFor("all");
      this.#tellAt = clock.now() + Math.max(TELL_EVERY_MS, text.length / 1000);
      for (const { session } of readers) session.send(text);
    }, waitMs);
  }

  #changed(view: CallView, audience: Audience | undefined): void {
    const turn = this.#turnOf(view);
    if (turn !== null) {
      for (const session of this.#readers(audience)) session.send(turn);
    }
    // It rings, or rang, at nobody's who is not party to it.
    const near = new Set([...view.party_ids, ...view.rings.map((ring) => ring.user_id)]);
    for (const userId of near) {
      if (userId === null) continue;
      for (const session of this.#byUser.get(userId) ?? []) {
        if (isFor(audience, session)) session.ring(view, turn !== null);
      }
    }
  }

  /** It became part of another call, or, with `into` null, the audience is no longer party to it. */
  #removed({ id, into }: { id: string; into: string | null }, audience: Audience | undefined): void {
    if (into !== null) this.#statuses.delete(id);
    const text = frameOf("call-removed", { id, into });
    for (const session of this.#readers(audience)) {
      const { userId, role } = session.who!;
      if (into === null && scopeOf({ userId, role }) === "all") {
        // Who reads all calls goes on to read this one, but at their own number it rings no more.
        if (audience?.userIds.includes(userId)) session.stopRinging(id);
        continue;
      }
      session.forget(id);
      session.send(text);
    }
  }

  #reset(): void {
    const calls = this.#options.calls.list();
    const left = new Set(calls.map(({ id }) => id));
    for (const { session } of this.#clients) {
      session.update();
      session.ringOnly(left);
    }
    for (const view of calls) this.#changed(view, { userIds: view.party_ids });
  }

  /** What is told of a call that has come to stand elsewhere; null when it has not. */
  #turnOf(view: CallView): string | null {
    const { status } = view;
    const before = this.#statuses.get(view.id);
    this.#remember(view);
    if (status === "incoming" || status === before) return null;
    const { clock } = this.#options;
    const old = view.ended_at !== null &&
      clock.toWall(clock.now()) - Date.parse(view.ended_at) > NEWS_MS;
    return before === undefined && old ? null : turnOf({ ...view, status });
  }

  #remember(view: CallView): void {
    this.#statuses.delete(view.id);
    this.#statuses.set(view.id, view.status);
    if (this.#statuses.size > MAX_CALLS) this.#statuses.delete(this.#statuses.keys().next().value!);
  }

  /** Sessions that may read what is for that audience. */
  *#readers(audience: Audience | undefined): Iterable<SocketSession> {
    for (const { session } of this.#clients) if (isFor(audience, session)) yield session;
  }

  #stateFor(scope: Scope): string {
    if (scope !== "all") {
      const own = this.#options.calls.list().filter((call) => call.party_ids.includes(scope.userId));
      return frameOf("statusUpdate", { endpoints: [], calls: own });
    }
    const now = this.#options.clock.now();
    if (this.#state === null || now - this.#state.madeAt >= STATE_MS) {
      const { endpoints, calls } = this.#options;
      const text = frameOf("statusUpdate", { endpoints: endpoints.list(), calls: calls.list() });
      this.#state = { text, madeAt: now };
    }
    return this.#state.text;
  }

  #own(client: Client, who: Who): void {
    client.owner = who;
    const sessions = this.#byUser.get(who.userId) ?? new Set();
    this.#byUser.set(who.userId, sessions.add(client.session));
  }

  #disown({ session, owner }: Client): void {
    if (owner === null) return;
    const sessions = this.#byUser.get(owner.userId);
    sessions?.delete(session);
    if (sessions?.size === 0) this.#byUser.delete(owner.userId);
  }

  #arm(): void {
    if (this.#stopped) return;
    const { clock } = this.#options;
    this.#timer ??= clock.setTimeout(() => {
      this.#timer = null;
      for (const { session, pipe } of [...this.#clients]) {
        if (session.who === null && clock.now() - session.openedAt >= STRANGER_MS) {
          session.refuse("authentication_timeout", "Nobody said who this is within 10 s");
        }
        pipe.look();
      }
      if (this.#clients.size > 0) this.#arm();
    }, LOOK_EVERY_MS);
  }
}

/** Whether a session may read what is for that audience. */
function isFor(audience: Audience | undefined, { who }: SocketSession): boolean {
  if (who === null) return false;
  const scope = scopeOf(who);
  return audience === undefined || scope === "all" || audience.userIds.includes(scope.userId);
}

/** Whether a session may read everything: endpoints are for nobody else. */
function readsAll({ who }: SocketSession): boolean {
  return who !== null && scopeOf(who) === "all";
}

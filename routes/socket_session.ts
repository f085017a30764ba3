/**
 * @module
 * One client of the WebSocket: nobody at first, then a user who is told of calls and may accept and reject them.
 * It holds no socket: what it sends goes into a pipe, and what comes is given to it.
 */
import type { Scope } from "../actors/feed.ts";
import type { Shown } from "../actors/people/who.ts";
import type { CallView } from "../machines/views.ts";
import type { CallBy, CallsEdge } from "./calls.ts";
import type { Who } from "./guard.ts";
import { frameOf, incomingCall, readFrame, type Said } from "./socket_frames.ts";
import type { Pipe } from "./socket_pipe.ts";
import { Allowance } from "./socket_tries.ts";
import { scopeOf } from "./stream.ts";

/** Wrong tokens after which the socket is closed. */
const MAX_TRIES = 3;
/** Frames that are none, or not in turn, after which the socket is closed. */
const MAX_BAD_FRAMES = 5;
/** Frames at one blow, and each second. */
const FRAMES = { size: 50, perSecond: 20 };
/** Whole states at one blow, and each second: they are large. */
const UPDATES = { size: 5, perSecond: 1 };
/** Subscriptions to logs at one blow, and each second: each begins with many lines. */
const SUBSCRIPTIONS = { size: 20, perSecond: 2 };
/** Things that are done for a client at the same time. */
const MAX_PENDING = 8;
/** Calls whose ringing is remembered. */
const MAX_RINGING = 200;

/** What sockets need of the calls. */
export interface SocketCalls extends Pick<CallsEdge, "list" | "visibleTo"> {
  get(id: string): Pick<CallView, "party_ids"> | null;
  accept(id: string, by: CallBy): Promise<{ phone: string }>;
  reject(id: string, by: CallBy): Promise<unknown>;
}

/** What a session asks of whoever holds it. */
export interface SessionHost {
  calls: SocketCalls;
  now(): number;
  identify(shown: Shown): Who | null;
  /** Whether a token may be tried from there now. */
  mayTry(address: string): boolean;
  /** Whether somebody may have one more socket. */
  mayEnter(who: Who): boolean;
  triedWrong(address: string): void;
  /** The state, written out, of what the scope reads. */
  stateFor(scope: Scope): string;
  /** Subscribes to log lines; says why not when it is refused. */
  subscribe(session: SocketSession, name: string): { code: string; message: string } | null;
  unsubscribe(session: SocketSession, name: string): void;
  unexpected(error: unknown): void;
}

interface SessionOptions {
  host: SessionHost;
  pipe: Pipe;
  address: string;
  /** Called when the session becomes somebody's. */
  onEntered: (who: Who) => void;
}

/** One client. */
export class SocketSession {
  readonly address: string;
  readonly openedAt: number;
  readonly #options: SessionOptions;
  readonly #frames: Allowance;
  readonly #updates: Allowance;
  readonly #subscriptions: Allowance;
  #who: Who | null = null;
  #tries = 0;
  #badFrames = 0;
  #pending = 0;
  /** Legs by which calls ring at this user's numbers, by call. */
  readonly #ringing = new Map<string, Set<string>>();

  constructor(options: SessionOptions) {
    const now = options.host.now();
    this.address = options.address;
    this.openedAt = now;
    this.#options = options;
    this.#frames = new Allowance({ ...FRAMES, now });
    this.#updates = new Allowance({ ...UPDATES, now });
    this.#subscriptions = new Allowance({ ...SUBSCRIPTIONS, now });
  }

  /** Whose it is; null as long as it is nobody's. */
  get who(): Who | null {
    return this.#who;
  }

  /** Whether it has ended, be it that the client has not noticed yet. */
  get closed(): boolean {
    return this.#options.pipe.closed;
  }

  /** Makes it somebody's and tells what there is. */
  enter(who: Who): void {
    const { host, onEntered } = this.#options;
    this.#who = who;
    onEntered(who);
    this.#tell("authenticated", { userId: who.userId, name: who.name });
    this.update();
    for (const view of host.calls.list()) this.ring(view, false);
  }

  /** Tells the whole state. */
  update(): void {
    if (this.#who !== null) this.send(this.#options.host.stateFor(scopeOf(this.#who)));
  }

  /** Sends a frame that was written for many. */
  send(text: string): void {
    this.#options.pipe.send(text);
  }

  /**
   * Tells whether a call begins or ends to ring at this user's numbers. `told`: that it rings no more follows from
   * what was told already. That it begins to is told once its PBX is heard: until then it may have long been over.
   */
  ring(view: CallView, told: boolean): void {
    const mine = view.rings.filter((ring) => ring.user_id !== null && ring.user_id === this.#who?.userId);
    const before = this.#ringing.get(view.id);
    if (mine.length === 0) {
      if (told) this.forget(view.id);
      else this.stopRinging(view.id);
      return;
    }
    if (view.uncertain) return;
    this.#ringing.set(view.id, new Set(mine.map((ring) => ring.leg)));
    if (this.#ringing.size > MAX_RINGING) this.#ringing.delete(this.#ringing.keys().next().value!);
    const fresh = mine.find((ring) => !before?.has(ring.leg));
    if (fresh !== undefined) this.send(incomingCall(view, fresh));
  }

  /** Tells of calls that rang and are not among those that are left. */
  ringOnly(left: ReadonlySet<string>): void {
    for (const id of [...this.#ringing.keys()]) {
      if (!left.has(id)) this.stopRinging(id);
    }
  }

  /** Tells that a call rings no more, if it was told that it does. */
  stopRinging(callId: string): void {
    if (this.#ringing.delete(callId)) this.#tell("call-stopped-ringing", { id: callId });
  }

  /** Forgets that a call rings, where that follows from what is told. */
  forget(callId: string): void {
    this.#ringing.delete(callId);
  }

  /** Takes a text frame. */
  take(text: string): void {
    if (this.closed) return;
    const now = this.#options.host.now();
    if (!this.#frames.take(now)) return this.#refuse("too_many_frames", "You send too much", 1008);
    const said = readFrame(text);
    if (said.event === null) {
      this.#tell("error", { code: said.code, message: said.message });
      if (said.code === "bad_frame" && ++this.#badFrames >= MAX_BAD_FRAMES) {
        this.#options.pipe.close(1007, "bad frames");
      }
      return;
    }
    if (said.event === "authenticate") return this.#authenticate(said.token);
    if (this.#who === null) {
      this.#error("not_authenticated", "Say who you are first: authenticate with a token");
      if (++this.#badFrames >= MAX_BAD_FRAMES) this.#options.pipe.close(1008, "not authenticated");
      return;
    }
    this.#act(said, this.#who);
  }

  /** Takes a frame that is not text. */
  takeBinary(): void {
    this.#refuse("bad_frame", "Expected text frames", 1003);
  }

  /** Ends it because it is nobody's for too long, or because rights ended. */
  refuse(code: string, message: string): void {
    if (this.closed) return;
    this.#tell("auth-error", { code, message });
    this.#options.pipe.close(1008, code);
  }

  #authenticate(token: string): void {
    const { host } = this.#options;
    if (!host.mayTry(this.address)) {
      return this.refuse("too_many_tries", "Too many wrong tokens; try again in a minute");
    }
    const who = host.identify({ bearer: token }) ?? host.identify({ cookie: token });
    if (who === null) {
      host.triedWrong(this.address);
      this.#tell("auth-error", { code: "wrong_token", message: "The token does not hold" });
      if (++this.#tries >= MAX_TRIES) this.#options.pipe.close(1008, "wrong_token");
      return;
    }
    if (this.#who !== null) {
      if (who.userId === this.#who.userId) {
        this.#tell("authenticated", { userId: who.userId, name: this.#who.name });
      } else this.#tell("auth-error", { code: "already_authenticated", message: "This socket is another's" });
      return;
    }
    if (!host.mayEnter(who)) return this.refuse("too_many_streams", "You have too many streams open already");
    this.enter(who);
  }

  #act(said: Exclude<Said, { event: "authenticate" }>, who: Who): void {
    switch (said.event) {
      case "requestUpdate":
        if (this.#updates.take(this.#options.host.now())) this.update();
        else this.#error("too_many", "Ask for the state once a second at most");
        break;
      case "subscribeLogs":
        this.#subscribe(said.name, who);
        break;
      case "unsubscribeLogs":
        this.#options.host.unsubscribe(this, said.name);
        break;
      case "accept-call":
      case "reject-call":
        if (this.#pending >= MAX_PENDING) {
          this.#error("too_many", "Wait for what you asked for");
          break;
        }
        this.#pending++;
        void this.#answer(said, who).catch(this.#options.host.unexpected).finally(() => this.#pending--);
        break;
      default:
        said satisfies never;
    }
  }

  #subscribe(name: string, who: Who): void {
    const { host } = this.#options;
    if (scopeOf(who) !== "all") return this.#error("not_allowed", "Your role may not read logs");
    if (!this.#subscriptions.take(host.now())) {
      return this.#error("too_many", "Subscribe twice a second at most");
    }
    const refusal = host.subscribe(this, name);
    if (refusal !== null) this.#error(refusal.code, refusal.message);
  }

  async #answer(said: { event: "accept-call" | "reject-call"; callId: string }, who: Who): Promise<void> {
    const { calls } = this.#options.host;
    const { callId } = said;
    const by = { userId: who.userId, name: who.name, role: who.role, address: this.address };
    try {
      const call = calls.get(callId);
      // Of a call that is not theirs nobody learns that there is one.
      if (call === null || !calls.visibleTo(call, who)) {
        return this.#error("no_such_call", "There is no such call");
      }
      if (said.event === "accept-call") {
        const { phone } = await calls.accept(callId, by);
        this.#tell("call-accepted", { id: callId, phone });
      } else await calls.reject(callId, by);
    } catch (error) {
      const { code, message } = refusalOf(error);
      this.#error(code, message);
      if (code === "failed") throw error;
    }
  }

  #error(code: string, message: string): void {
    this.#tell("error", { code, message });
  }

  #refuse(code: string, message: string, closeCode: number): void {
    if (this.closed) return;
    this.#error(code, message);
    this.#options.pipe.close(closeCode, code);
  }

  #tell(event: string, data: unknown): void {
    this.send(frameOf(event, data));
  }
}

/** What a client is told of a refusal. The edge knows the actors' errors by name only. */
function refusalOf(error: unknown): { code: string; message: string } {
  if (error instanceof Error) {
    const kind = "kind" in error && typeof error.kind === "string" ? error.kind : null;
    if (error.name === "NoSuchCall") return { code: "no_such_call", message: "There is no such call" };
    if (error.name === "CallRefused" && kind !== null) {
      return { code: kind.replaceAll("-", "_"), message: error.message };
    }
    if (error.name === "DatabaseAway") return { code: "database_away", message: "The database is away" };
  }
  return { code: "failed", message: "Something failed inside Doorline" };
}

/**
 * @module
 * Calls through an emulated Asterisk, as people make them: they dial, answer, decline, hang up and transfer.
 * By hand a call moves only when told; with a plan it keeps time by the emulator's clock.
 */
import type { Channel, ChannelOwner, Switchboard } from "./asterisk_channels.ts";
import { Dial, type DialTarget, type Leg } from "./asterisk_dial.ts";
import type { Step } from "./asterisk_dialplan.ts";
import type { LocalHalf } from "./asterisk_local.ts";
import type { Phone } from "./asterisk_phones.ts";
import { attendedTransfer, blindTransfer } from "./asterisk_transfers.ts";
import { Walk, type WalkHost } from "./asterisk_walk.ts";

/** What people do, and when; times in milliseconds. */
export interface CallPlan {
  /** Somebody lifts the handset so long after it began to ring; by default whoever rings. */
  answer?: { afterMs: number; by?: string };
  decline?: { afterMs: number; by?: string };
  busy?: { afterMs: number; by?: string };
  /** The caller gives up so long after the call began, if nobody has answered. */
  callerGivesUpAfterMs?: number;
  /** How long they talk. Default: until told. */
  talkMs?: number;
  /** Who ends the talk. Default the caller. */
  hangsUp?: "caller" | "callee";
}

/** How a call begins. */
export interface CallOptions {
  /** The caller's number. */
  from: string;
  /** Default: none for an outside caller, the endpoint's own for an inside one. */
  fromName?: string;
  /** The number that is dialled. */
  to: string;
  /** `trunk`, or the number of the endpoint that calls. Default: the endpoint of `from`, else the trunk. */
  via?: string;
  /** Without one, nothing happens by itself. */
  plan?: CallPlan;
}

/** What calls need of their Asterisk. */
export interface CallWorld {
  board: Switchboard;
  phone(number: string): Phone | null;
  steps(exten: string): readonly Step[];
  /** Who a number is; null when nobody has it. */
  target(number: string): DialTarget | null;
  /** A call is made; it is kept until `onEnded`. */
  onMade(call: EmulatedCall): void;
  /** A call has its first channel. */
  onBegun(call: EmulatedCall): void;
  onEnded(call: EmulatedCall): void;
}

/** An attended transfer on its way. */
export interface AttendedTransfer {
  /** The call of the one who transfers with the third. */
  consult: EmulatedCall;
  /** Joins the other with the third. @throws when the third has not answered */
  complete(): void;
}

/** What Asterisk itself rings, and where that leads. */
export interface OriginateOptions {
  phone: Phone;
  callerNum: string;
  callerName: string;
  exten: string;
  context: string;
  /** Says that the phone answered (cause null), or why it did not. */
  onEnd: (channel: Channel | null, cause: number | null) => void;
}

/** Whatever has legs that ring. */
type Ringer = Pick<Walk, "legs" | "answer" | "refuse">;

/** One call. */
export class EmulatedCall implements WalkHost, ChannelOwner {
  readonly board: Switchboard;
  /** The attended transfer that was begun last, by a person or by Atxfer. */
  transfer: AttendedTransfer | null = null;
  /** Resolves when every channel of it is gone. */
  readonly done: Promise<void>;
  readonly #world: CallWorld;
  readonly #plan: CallPlan | null;
  readonly #walks: Walk[] = [];
  readonly #channels = new Set<Channel>();
  readonly #timers = new Set<unknown>();
  /** While Asterisk itself rings somebody, before anyone walks. */
  #originating: Dial | null = null;
  readonly #finished = Promise.withResolvers<void>();
  #ended = false;

  constructor(world: CallWorld, plan: CallPlan | null) {
    this.#world = world;
    this.board = world.board;
    this.#plan = plan;
    this.done = this.#finished.promise;
    world.onMade(this);
  }

  /** Lets somebody call. @throws when there is no such endpoint */
  begin(options: CallOptions): void {
    const via = options.via ?? (this.#world.phone(options.from) === null ? "trunk" : options.from);
    const phone = this.#world.phone(via);
    if (phone === null) throw new Error(`Cannot call from "${via}": there is no such endpoint`);
    const channel = this.board.create({
      phone,
      state: 4,
      callerNum: options.from,
      callerName: options.fromName ?? (phone.trunk ? undefined : phone.name),
      context: phone.context,
      exten: options.to,
      owner: this,
    });
    this.board.processedCalls++;
    this.board.setVariable(channel, "SIPDOMAIN", "127.0.0.1");
    const { callerGivesUpAfterMs } = this.#plan ?? {};
    if (callerGivesUpAfterMs !== undefined) {
      this.later(callerGivesUpAfterMs, () => this.isUp || this.callerHangsUp());
    }
    const walk = this.walk(channel);
    this.#world.onBegun(this);
    walk.start(options.to);
  }

  /** Lets Asterisk itself ring a phone, which walks to an extension when it answers. */
  originate(options: OriginateOptions): void {
    const { board } = this;
    const { phone, callerNum, callerName, exten, context, onEnd } = options;
    const dial = new Dial({
      board,
      caller: null,
      owner: this,
      application: "AppDial2",
      callerId: { callerNum: callerNum || undefined, callerName: callerName || undefined },
      onEnd: (result) => {
        this.#originating = null;
        if ("cause" in result) return onEnd(null, result.cause);
        const { channel } = result.answered;
        onEnd(channel, null);
        channel.context = context;
        this.walk(channel).start(exten);
      },
    });
    this.#originating = dial;
    board.processedCalls++;
    dial.start([{ phone, number: phone.number, dialString: phone.endpoint }]);
    if (dial.legs.length > 0) this.#world.onBegun(this);
    for (const leg of [...dial.legs]) this.#whenRinging(leg, dial);
  }

  /** The Linkedid of the channel that began it, as it is now. */
  get linkedid(): string {
    return this.#first.linkedid;
  }

  /** Name of the caller's channel. */
  get channel(): string {
    return this.#first.name;
  }

  /** Whether people talk in it. */
  get isUp(): boolean {
    return this.#walks.some(({ talks }) => talks);
  }

  /** Whether it is over. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** Numbers that ring now. */
  get ringing(): string[] {
    return this.#ringing().map(({ leg }) => leg.number);
  }

  /** Names of its channels that are up. */
  get channels(): string[] {
    return [...this.#channels].map(({ name }) => name);
  }

  /** Lifts a ringing handset; by default the first. @throws when it does not ring */
  answer(number?: string): void {
    const { by, leg } = this.#find(number);
    by.answer(leg);
  }

  /** Declines on the phone (SIP 603). @throws when it does not ring */
  decline(number?: string): void {
    const { by, leg } = this.#find(number);
    by.refuse(leg, { cause: 21, tech: 603 });
  }

  /** Is busy (SIP 486). @throws when it does not ring */
  busy(number?: string): void {
    const { by, leg } = this.#find(number);
    by.refuse(leg, { cause: 17, tech: 486 });
  }

  /** What the dialplan waits for does not come: the time to ring is over, or an announcement ends. */
  timeOut(): void {
    if (this.#originating !== null) return this.#originating.giveUp();
    this.#main.timeOut();
  }

  /** The caller hangs up, whatever the call is at. */
  callerHangsUp(): void {
    this.#main.callerGoes();
  }

  /** Whoever was called hangs up; by default the one who talks. @throws when that number does not talk */
  calleeHangsUp(number?: string): void {
    const walk = this.#walks.find(({ peer }) => peer !== null && matches(peer, number) && !peer.branch);
    if (walk === undefined) throw new Error(`Cannot hang up: "${number ?? "anybody"}" does not talk`);
    walk.peerGoes();
  }

  /** One who talks sends the other to a number, and leaves (SIP REFER). @throws when that number does not talk */
  blindTransfer(from: string, to: string): void {
    const walk = this.#talker(from);
    const { channel, leave } = blindTransfer(walk, from, to, this.board);
    (channel === walk.channel ? walk : this.walk(channel)).start(to, leave);
  }

  /**
   * One who talks calls a third; `complete` then joins the other with the third, and `consult` is their call.
   * @throws when that number does not talk
   */
  attendedTransfer(from: string, to: string): AttendedTransfer {
    const walk = this.#talker(from);
    const consult = new EmulatedCall(this.#world, null);
    consult.begin({ from, to, via: from });
    const complete = () => {
      const joined = attendedTransfer({ walk, from, other: consult.#main, board: this.board, owner: this });
      // Where the one who called transfers, the other has no walk of its own yet.
      if (joined.channel !== walk.channel) this.walk(joined.channel).adopt(joined.peer);
    };
    return this.transfer = { consult, complete };
  }

  /** Asterisk is told to hang a channel up, with a cause or 0. */
  hangUpChannel(channel: Channel, cause: number): void {
    const own = this.#walks.find((walk) => walk.channel === channel);
    if (own !== undefined && !own.channel.gone) return own.callerGoes({ ordered: cause });
    const talking = this.#walks.find(({ peer }) => peer?.channel === channel);
    if (talking !== undefined) return talking.peerGoes({ ordered: cause });
    const found = this.#ringing().find(({ leg }) => leg.channel === channel);
    found?.by.refuse(found.leg, { cause });
  }

  /** Asterisk is told to send a channel elsewhere. */
  redirectChannel(channel: Channel, exten: string, context: string): void {
    const own = this.#walks.find((walk) => walk.channel === channel);
    if (own !== undefined) return own.redirect(exten, context);
    const talking = this.#walks.find(({ peer }) => peer?.channel === channel);
    if (talking === undefined) return;
    // The one who was called walks on; the one who called is let go.
    Object.assign(channel, { exten, context, priority: 1 });
    talking.release();
    const { bridge } = channel;
    const left = talking.channel;
    this.walk(channel).start(exten, () => {
      this.board.leave(channel);
      this.board.leave(left);
      this.board.softHangup(left);
      this.board.hangup(left, 16);
      if (bridge !== null) this.board.destroyBridge(bridge);
    });
  }

  /** The leg that rings on a channel, with what answers it; null when none does. */
  ringingOn(channel: Channel): { leg: Leg; answer: () => void } | null {
    const found = this.#ringing().find(({ leg }) => leg.channel === channel);
    return found ? { leg: found.leg, answer: () => found.by.answer(found.leg) } : null;
  }

  /** The number that a channel of it answers to; null for one that is not of a leg. */
  numberOf(channel: Channel): string | null {
    const legs = this.#walks.flatMap((walk) => [...walk.legs, ...(walk.peer ? [walk.peer] : [])]);
    return legs.find((leg) => leg.channel === channel)?.number ?? channel.phone?.number ?? null;
  }

  /** Makes a channel walk the dialplan as a part of this call. */
  walk(channel: Channel, half: LocalHalf | null = null): Walk {
    const walk = new Walk(this, channel, half);
    this.#walks.push(walk);
    return walk;
  }

  /** Ends it without a word, as a restart does. */
  vanish(): void {
    for (const walk of this.#walks) walk.abandon();
    this.#end();
  }

  // What its walks ask of it.

  steps(exten: string): readonly Step[] {
    return this.#world.steps(exten);
  }

  target(number: string): DialTarget | null {
    return this.#world.target(number);
  }

  branch(channel: Channel, half: LocalHalf): Walk {
    return this.walk(channel, half);
  }

  later(ms: number, act: () => void): () => void {
    if (this.#plan === null || this.#ended) return () => {};
    const { clock } = this.board.options;
    const handle = clock.setTimeout(() => {
      this.#timers.delete(handle);
      act();
    }, ms);
    this.#timers.add(handle);
    return () => {
      if (this.#timers.delete(handle)) clock.clearTimeout(handle);
    };
  }

  onRinging(walk: Walk, leg: Leg): void {
    this.#whenRinging(leg, walk);
  }

  onAnswered(walk: Walk): void {
    const { talkMs, hangsUp = "caller" } = this.#plan ?? {};
    if (talkMs === undefined || walk !== this.#main) return;
    this.later(talkMs, () => hangsUp === "caller" ? walk.callerGoes() : walk.peerGoes());
  }

  channelCame(channel: Channel): void {
    this.#channels.add(channel);
  }

  channelGone(channel: Channel): void {
    this.#channels.delete(channel);
    if (this.#channels.size === 0) this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const handle of this.#timers) this.board.options.clock.clearTimeout(handle);
    this.#timers.clear();
    this.#world.onEnded(this);
    this.#finished.resolve();
  }

  get #main(): Walk {
    const walk = this.#walks.find(({ channel }) => !channel.gone) ?? this.#walks[0];
    if (walk === undefined) throw new Error("Cannot use a call that nobody has begun");
    return walk;
  }

  /** The first channel that is up, or was. */
  get #first(): Channel {
    const first = this.#originating?.legs[0]?.channel ?? this.#walks[0]?.channel;
    if (first === undefined) throw new Error("Cannot use a call that nobody has begun");
    return first;
  }

  #whenRinging(leg: Leg, by: Ringer): void {
    const { answer, decline, busy } = this.#plan ?? {};
    const when = (deed: CallPlan["answer"], act: () => void) => {
      if (deed === undefined || !matches(leg, deed.by)) return;
      this.later(deed.afterMs, () => by.legs.includes(leg) && act());
    };
    when(answer, () => by.answer(leg));
    when(decline, () => by.refuse(leg, { cause: 21, tech: 603 }));
    when(busy, () => by.refuse(leg, { cause: 17, tech: 486 }));
  }

  #ringing(): { by: Ringer; leg: Leg }[] {
    const ringers: Ringer[] = this.#originating === null ? this.#walks : [this.#originating];
    return ringers.flatMap((by) => by.legs.map((leg) => ({ by, leg })));
  }

  #find(number: string | undefined): { by: Ringer; leg: Leg } {
    const found = this.#ringing().find(({ leg }) => matches(leg, number));
    if (found === undefined) {
      throw new Error(`Cannot answer or decline: "${number ?? "anybody"}" does not ring`);
    }
    return found;
  }

  #talker(number: string): Walk {
    const walk = this.#walks.find((one) =>
      one.peer !== null && (matches(one.peer, number) || one.channel.phone?.number === number)
    );
    if (walk === undefined) throw new Error(`Cannot transfer: "${number}" does not talk`);
    return walk;
  }
}

function matches(leg: Leg, number: string | undefined): boolean {
  return number === undefined || leg.number === number || leg.phone.number === number;
}

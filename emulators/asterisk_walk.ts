/**
 * @module
 * One channel's walk through the dialplan of an emulated Asterisk: it answers, waits, dials, talks, and ends.
 * People (and timers that stand for them) act on it from outside.
 */
import type { Bridge, Channel, Switchboard } from "./asterisk_channels.ts";
import {
  Dial,
  type Dialling,
  type DialResult,
  type DialTarget,
  type Leg,
  type Refusal,
  TECH_CAUSES,
} from "./asterisk_dial.ts";
import type { Step } from "./asterisk_dialplan.ts";
import { LocalDial, type LocalHalf } from "./asterisk_local.ts";
import { QueueDial, type QueueTalk } from "./asterisk_queue.ts";

/** What a walk needs from whoever holds its call. */
export interface WalkHost {
  readonly board: Switchboard;
  /** The steps of an extension. */
  steps(exten: string): readonly Step[];
  /** Who a number is; null when nobody has it. */
  target(number: string): DialTarget | null;
  /** Lets time pass, in milliseconds, where the call keeps time; gives what undoes it. */
  later(ms: number, act: () => void): () => void;
  /** A leg rings. */
  onRinging(walk: Walk, leg: Leg): void;
  /** The channel talks with a leg. */
  onAnswered(walk: Walk, leg: Leg): void;
  /** Makes the walk of a Local channel's second half. */
  branch(channel: Channel, half: LocalHalf): Walk;
}

/** What the caller's end says when it goes while nobody talks with it. */
interface Farewell {
  request: number | null;
  cause: number;
  legCause: number;
  tech?: number;
  legTech?: number;
}

/** The walk of one channel. */
export class Walk {
  readonly channel: Channel;
  /** The leg that this channel talks with. */
  peer: Leg | null = null;
  /** Of a Local's second half: its first half, in the dial that made it. */
  readonly parent: LocalHalf | null;
  #dialling: Dialling | null = null;
  #queue: QueueTalk | null = null;
  #steps: readonly Step[] = [];
  #index = -1;
  #cause = 0;
  #undo: () => void = () => {};
  #waiting: (() => void) | null = null;
  #leave: (() => void) | null = null;
  readonly #host: WalkHost;

  constructor(host: WalkHost, channel: Channel, parent: LocalHalf | null = null) {
    this.#host = host;
    this.channel = channel;
    this.parent = parent;
  }

  /** Legs that ring for it now. */
  get legs(): readonly Leg[] {
    return this.#dialling?.legs ?? [];
  }

  /** Whether it talks. */
  get talks(): boolean {
    return this.peer !== null;
  }

  /**
   * Walks from the beginning of an extension.
   * `leave` takes the channel from where it was; a real Asterisk does so after it has told of the first step.
   */
  start(exten: string, leave: (() => void) | null = null): void {
    this.#stop();
    this.channel.exten = exten;
    this.#leave = leave;
    this.#steps = this.#host.steps(exten);
    this.#index = -1;
    this.#next();
  }

  /** What it waits for does not come: an announcement ends, or the time to ring is over. */
  timeOut(): void {
    this.#undo();
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) return waiting();
    this.#dialling?.giveUp();
  }

  answer(leg: Leg): void {
    this.#dialling?.answer(leg);
  }

  refuse(leg: Leg, refusal: Refusal): void {
    this.#dialling?.refuse(leg, refusal);
  }

  /** The far end of the channel hangs up, or Asterisk is told to hang it up (`ordered`, with that order's cause). */
  callerGoes({ ordered, because }: { ordered?: number; because?: number } = {}): void {
    if (this.channel.gone) return;
    if (this.peer !== null) return this.#part(this.channel, { ordered });
    const farewell = this.#farewell(ordered, because);
    const { board } = this.#host;
    const { channel } = this;
    if (ordered === undefined) board.hangupRequest(channel, farewell.request, farewell.tech);
    const legs = this.#dialling?.cancel() ?? [];
    this.#stop();
    board.softHangup(channel, ordered === undefined ? farewell.tech : undefined);
    this.#hangUp(channel, farewell.cause, farewell.tech);
    for (const leg of legs) board.hangup(leg.channel, farewell.legCause, farewell.legTech);
  }

  /** The leg that talks hangs up, or Asterisk is told to hang it up. */
  peerGoes({ ordered }: { ordered?: number } = {}): void {
    if (this.peer !== null) this.#part(this.peer.channel, { ordered });
  }

  /** Sends the channel to another extension, as Redirect does; whoever it talked with is let go. */
  redirect(exten: string, context: string): void {
    const { board } = this.#host;
    const peer = this.peer;
    const { bridge } = this.channel;
    Object.assign(this.channel, { exten, context, priority: 1 });
    const legs = this.#dialling?.cancel() ?? [];
    this.start(exten, () => {
      for (const leg of legs) board.hangup(leg.channel, 16);
      if (peer === null || bridge === null) return;
      board.leave(this.channel);
      board.leave(peer.channel);
      board.destroyBridge(bridge);
      board.hangup(peer.channel, 16);
      peer.branch?.callerGoes({ because: 16 });
    });
  }

  /** Takes the peer away without a word, as a transfer does; the channel stays where it is. */
  release(): Leg | null {
    const peer = this.peer;
    this.#stop();
    return peer;
  }

  /** Puts another peer in, as a completed transfer does. */
  adopt(peer: Leg): void {
    this.peer = peer;
  }

  /** Ends a walk that an outsider has already told of. */
  abandon(): void {
    this.#stop();
  }

  #stop(): void {
    this.#undo();
    this.#undo = () => {};
    this.#waiting = null;
    this.#dialling = null;
    this.#queue = null;
    this.peer = null;
  }

  #next(): void {
    if (this.channel.gone) return;
    const step = this.#steps[++this.#index];
    this.channel.priority = this.#index + 1;
    switch (step?.app) {
      case undefined:
        return this.#hangUpStep(String(this.#cause));
      case "Hangup":
        return this.#hangUpStep(step.data ?? String(this.#cause));
      case "Answer":
        this.#run("Answer", "");
        if (this.channel.state !== 6) this.#host.board.setState(this.channel, 6);
        return this.#next();
      case "Playback":
      case "Wait":
        this.#run(step.app, step.data);
        this.#waiting = () => this.#next();
        this.#undo = this.#host.later(step.ms, () => this.timeOut());
        return;
      case "Dial":
        return this.#dial(step);
      case "Queue":
        return this.#enqueue(step);
    }
  }

  #run(application: string, data: string): void {
    const { channel } = this;
    const { board } = this.#host;
    const leave = this.#leave;
    this.#leave = null;
    // One that comes from elsewhere still shows the data of what it did there.
    board.run(channel, application, leave !== null && channel.data !== "" ? channel.data : data);
    channel.data = data;
    leave?.();
  }

  #hangUpStep(data: string): void {
    const { board } = this.#host;
    this.#run("Hangup", data);
    board.softHangup(this.channel);
    const tech = this.channel.state === 4 ? TECH_CAUSES[this.#cause] : undefined;
    this.#hangUp(this.channel, this.#cause || 16, tech);
  }

  #dial(step: Extract<Step, { app: "Dial" }>): void {
    const { board } = this.#host;
    const targets = step.numbers.map((number) => this.#host.target(number)).filter((one) => one !== null);
    const named = step.local
      ? step.numbers.map((number) => `Local/${number}@internal`)
      : step.numbers.map((number) => `PJSIP/${this.#host.target(number)?.dialString ?? `${number}-ep`}`);
    this.#run("Dial", `${named.join("&")},${step.seconds}`);
    for (const name of DIAL_VARIABLES) board.setVariable(this.channel, name, "");
    const options = {
      board,
      caller: this.channel,
      onEnd: (result: DialResult) => this.#dialEnded(result),
    };
    if (step.local) {
      const dial = new LocalDial({ ...options, host: this.#host, onPeerGone: () => this.peerGoes() });
      this.#dialling = dial;
      this.#ring(step.seconds);
      return dial.start(step.numbers);
    }
    const dial = new Dial(options);
    this.#dialling = dial;
    this.#ring(step.seconds);
    dial.start(targets);
    this.#sayRinging();
  }

  #enqueue(step: Extract<Step, { app: "Queue" }>): void {
    const { board } = this.#host;
    this.#run("Queue", `${step.queue},,,,${step.seconds}`);
    const members = step.members.flatMap((member) => {
      const target = this.#host.target(member.number);
      return target === null ? [] : [{ ...target, memberName: member.name }];
    });
    const queue = new QueueDial({
      board,
      caller: this.channel,
      queue: step.queue,
      oneByOne: step.ringSeconds !== undefined,
      onEnd: (result) => this.#dialEnded(result),
      onRinging: (leg) => this.#host.onRinging(this, leg),
    });
    this.#dialling = queue;
    this.#queue = queue.talk;
    this.#ring(step.ringSeconds ?? step.seconds);
    queue.start(members);
  }

  #ring(seconds: number): void {
    this.#undo();
    this.#undo = this.#host.later(seconds * 1_000, () => {
      const dialling = this.#dialling;
      this.timeOut();
      // A queue that rings one member after the other has more than one time to ring.
      if (dialling !== null && this.#dialling === dialling && dialling.legs.length > 0) this.#ring(seconds);
    });
  }

  #sayRinging(): void {
    for (const leg of [...this.legs]) {
      this.parent?.ringing(leg.channel);
      this.#host.onRinging(this, leg);
    }
  }

  #dialEnded(result: DialResult): void {
    this.#undo();
    this.#dialling = null;
    if ("cause" in result) {
      this.#queue = null;
      this.#cause = result.cause;
      return this.#next();
    }
    const leg = result.answered;
    const { board } = this.#host;
    this.peer = leg;
    const bridge: Bridge = board.createBridge();
    if (this.#queue === null) board.run(leg.channel, "AppDial", "(Outgoing Line)");
    board.enter(bridge, leg.channel);
    this.parent?.answered();
    board.enter(bridge, this.channel);
    this.#queue?.connected(board.options.clock.now());
    this.#host.onAnswered(this, leg);
  }

  /** Two who talked part: who goes first is the one who wanted to. */
  #part(first: Channel, { ordered }: { ordered?: number }): void {
    const { board } = this.#host;
    const peer = this.peer!;
    const bridge = this.channel.bridge;
    const queue = this.#queue;
    const second = first === this.channel ? peer.channel : this.channel;
    const local = this.parent !== null || peer.channel.phone === null;
    const cause = ordered || 16;
    if (ordered === undefined) {
      board.hangupRequest(first, this.parent !== null ? 16 : this.#saidCause(queue === null));
    }
    queue?.complete(this.channel, peer, first === this.channel ? "caller" : "agent");
    this.#stop();
    if (bridge !== null) {
      board.leave(first, { direct: !local });
      board.leave(second, { direct: !local });
      board.destroyBridge(bridge);
    }
    board.softHangup(this.channel);
    const ends = [() => this.#letGo(peer, cause), () => this.#hangUp(this.channel, cause)];
    // Each channel has its own thread in Asterisk, and either may be the first.
    if (board.options.random() < 0.5) ends.reverse();
    for (const end of ends) end();
  }

  #letGo(leg: Leg, cause: number): void {
    this.#host.board.hangup(leg.channel, cause);
    leg.branch?.callerGoes({ because: cause });
  }

  #hangUp(channel: Channel, cause: number, tech?: number): void {
    this.#host.board.hangup(channel, cause, tech);
    this.parent?.ended(cause);
  }

  #farewell(ordered: number | undefined, because: number | undefined): Farewell {
    const ringing = this.channel.state === 4;
    if (ordered !== undefined) return { request: null, cause: ordered, legCause: 16 };
    if (because !== undefined) return { request: because, cause: because, legCause: because };
    if (ringing) return { request: 127, cause: 127, legCause: 127, tech: 487, legTech: 500 };
    const dialling = this.#dialling !== null && this.#queue === null;
    const request = this.#saidCause(dialling);
    const cause = dialling ? 16 : request ?? 0;
    return { request, cause, legCause: dialling ? 16 : 0 };
  }

  /** Whether a BYE is told of with its cause: in traces, by version and by who had answered the caller. */
  #saidCause(byDial: boolean): number | null {
    return (this.#host.board.options.version === 22) === byDial ? 16 : null;
  }
}

/** What Dial clears before it begins (Asterisk 22). */
const DIAL_VARIABLES = [
  "DIALSTATUS",
  "DIALEDPEERNUMBER",
  "DIALEDPEERNAME",
  "ANSWEREDTIME",
  "DIALEDTIME",
] as const;

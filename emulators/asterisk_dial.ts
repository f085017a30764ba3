/**
 * @module
 * The Dial application of an emulated Asterisk: legs that ring, one that answers, others that are let go.
 * In what order a real one tells of it is taken from traces; who lifts the handset is decided elsewhere.
 */
import { type Channel, type ChannelOwner, type Switchboard, UNKNOWN } from "./asterisk_channels.ts";
import type { Phone } from "./asterisk_phones.ts";
import type { Walk } from "./asterisk_walk.ts";

/** Somebody who is to be called. */
export interface DialTarget {
  phone: Phone;
  /** What people call it: an extension, or the number that was dialled outside. */
  number: string;
  /** As it stands behind `PJSIP/`. */
  dialString: string;
  /** For an outside number, whose name nobody knows. */
  callerNum?: string;
}

/** A channel that is being called. */
export interface Leg extends DialTarget {
  channel: Channel;
  startedAtMs: number;
  /** The walk of the second half, where the channel is the first half of a Local one. */
  branch?: Walk;
}

/** How a dial ended for the one who dialled. */
export type DialResult = { answered: Leg } | { cause: number };

/** Why a leg goes before it answered. */
export interface Refusal {
  /** Q.850. */
  cause: number;
  /** The SIP code that the phone sent; absent when Asterisk was told to hang up. */
  tech?: number;
}

/** SIP codes that Asterisk itself sends for a cause. */
export const TECH_CAUSES: Readonly<Record<number, number>> = {
  3: 404,
  17: 486,
  19: 480,
  20: 480,
  21: 403,
  34: 503,
};

/** A group of legs that ring for one caller. */
export interface Dialling {
  readonly legs: readonly Leg[];
  answer(leg: Leg): void;
  refuse(leg: Leg, refusal: Refusal): void;
  /** The time to ring is over. */
  giveUp(): void;
  /** The caller is gone, or goes elsewhere; gives the legs, whose hangup comes after the caller's. */
  cancel(): Leg[];
}

/** What a dial needs beside its targets. */
export interface DialOptions {
  board: Switchboard;
  /** Null when Asterisk itself dials, as for Originate. */
  caller: Channel | null;
  /** What the legs' dialplan shows, `AppDial` or `AppDial2`. */
  application?: string;
  /** Whom the legs see when nobody calls; default: themselves. */
  callerId?: { callerNum?: string; callerName?: string };
  /** Whose call it is; default: the caller's. */
  owner?: ChannelOwner;
  onEnd: (result: DialResult) => void;
}

/** Dials at once and together. */
export class Dial implements Dialling {
  #legs: Leg[] = [];
  #cause = 0;
  #ended = false;
  /** One leg alone shows the caller at once whom it rings. */
  #alone = true;
  readonly #options: DialOptions;

  constructor(options: DialOptions) {
    this.#options = options;
  }

  get legs(): readonly Leg[] {
    return this.#legs;
  }

  /** Makes the legs and lets them ring. Nobody to ring is the end of it, with cause 3. */
  start(targets: readonly DialTarget[]): void {
    const { board, caller } = this.#options;
    const reachable = targets.filter(({ phone }) => phone.reachable);
    if (reachable.length === 0) return this.#end({ cause: 3 });
    this.#alone = reachable.length === 1;
    for (const target of reachable) this.#legs.push(this.#makeLeg(target));
    for (const leg of this.#legs) {
      board.sayDial("DialBegin", caller, leg.channel, `DialString: ${leg.dialString}\r\n`);
    }
    if (this.#alone && caller !== null) board.connect(caller, this.#legs[0]!.channel);
    if (caller?.state === 6) board.ringInBand(caller);
    for (const leg of [...this.#legs]) {
      board.setState(leg.channel, 5);
      board.sayDial("DialState", caller, leg.channel, "DialStatus: RINGING\r\n");
    }
  }

  answer(leg: Leg): void {
    const { board, caller } = this.#options;
    board.setState(leg.channel, 6);
    if (!this.#alone && caller !== null) board.connect(caller, leg.channel);
    const losers = this.#legs.filter((one) => one !== leg);
    for (const loser of losers) board.sayDial("DialEnd", caller, loser.channel, "DialStatus: CANCEL\r\n");
    if (caller !== null) leg.channel.exten = "";
    board.sayDial("DialEnd", caller, leg.channel, "DialStatus: ANSWER\r\n");
    this.#legs = [];
    if (caller !== null && caller.state !== 6) board.setState(caller, 6);
    for (const loser of losers) board.hangup(loser.channel, 26);
    this.#end({ answered: leg });
  }

  refuse(leg: Leg, { cause, tech }: Refusal): void {
    const { board, caller } = this.#options;
    if (tech !== undefined) board.hangupRequest(leg.channel, cause, tech);
    board.sayDial("DialEnd", caller, leg.channel, `DialStatus: ${dialStatus(cause)}\r\n`);
    this.#legs = this.#legs.filter((one) => one !== leg);
    this.#cause = cause;
    board.hangup(leg.channel, cause, tech ?? TECH_CAUSES[cause]);
    if (this.#legs.length === 0) this.#end({ cause: this.#cause });
  }

  giveUp(): void {
    const { board, caller } = this.#options;
    const legs = this.#legs;
    this.#legs = [];
    for (const leg of legs) board.sayDial("DialEnd", caller, leg.channel, "DialStatus: NOANSWER\r\n");
    for (const leg of legs) board.hangup(leg.channel, 0);
    this.#end({ cause: this.#cause });
  }

  cancel(): Leg[] {
    const { board, caller } = this.#options;
    const legs = this.#legs;
    this.#legs = [];
    this.#ended = true;
    for (const leg of legs) board.sayDial("DialEnd", caller, leg.channel, "DialStatus: CANCEL\r\n");
    return legs;
  }

  #makeLeg(target: DialTarget): Leg {
    const { board, caller, application = "AppDial" } = this.#options;
    const channel = makeLegChannel(board, caller, target, this.#options.owner);
    const leg = { ...target, channel, startedAtMs: board.options.clock.now() };
    if (caller === null) {
      this.#identify(channel, application);
      return leg;
    }
    board.setVariable(channel, "DIALEDPEERNUMBER", target.dialString);
    introduce(board, caller, channel, target, application);
    return leg;
  }

  /** Without a caller, Asterisk names the leg itself as both ends (main/dial.c). */
  #identify(channel: Channel, application: string): void {
    const { board, callerId = {} } = this.#options;
    board.run(channel, application, "(Outgoing Line)");
    if (callerId.callerNum === undefined && callerId.callerName === undefined) return;
    channel.callerNum = callerId.callerNum ?? channel.callerNum;
    channel.callerName = callerId.callerName ?? channel.callerName;
    board.say("NewCallerid", channel, "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n");
    board.connect(channel, channel);
  }

  #end(result: DialResult): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd(result);
  }
}

/** Makes the channel that leads to a target. */
export function makeLegChannel(
  board: Switchboard,
  caller: Channel | null,
  target: DialTarget,
  owner: ChannelOwner | null = caller?.owner ?? null,
): Channel {
  const { phone } = target;
  return board.create({
    phone,
    state: 0,
    callerNum: phone.trunk ? UNKNOWN : phone.number,
    callerName: phone.trunk ? UNKNOWN : phone.name,
    context: phone.context,
    exten: "s",
    linkedid: caller?.linkedid,
    owner,
  });
}

/** Tells a leg who calls it; `run` shows it in the dialplan. */
export function introduce(
  board: Switchboard,
  caller: Channel,
  channel: Channel,
  target: DialTarget,
  application: string,
): void {
  channel.exten = caller.exten;
  channel.connectedNum = caller.callerNum;
  channel.connectedName = caller.callerName;
  const renamed = target.callerNum !== undefined;
  if (target.callerNum !== undefined) {
    channel.callerNum = target.callerNum;
    // After a transfer an outside leg bears the name of the one who transferred: a real one's slip, kept.
    channel.callerName = caller.connectedName;
  }
  board.run(channel, application, "(Outgoing Line)");
  if (renamed) {
    board.say("NewCallerid", channel, "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n");
  }
  board.say("NewConnectedLine", channel);
}

/** What a leg's cause means to the one who dialled (main/dial.c). */
export function dialStatus(cause: number): string {
  switch (cause) {
    case 17:
      return "BUSY";
    case 3:
    case 20:
      return "CHANUNAVAIL";
    case 34:
      return "CONGESTION";
    default:
      return "NOANSWER";
  }
}

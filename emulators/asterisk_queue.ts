/**
 * @module
 * The Queue application of an emulated Asterisk: members that ring together or one after the other, and its events.
 * Order and doubled DialEnd are those of real traces.
 */
import { type Channel, snapshot, type Switchboard } from "./asterisk_channels.ts";
import {
  type DialResult,
  dialStatus,
  type DialTarget,
  introduce,
  type Leg,
  makeLegChannel,
  type Refusal,
  TECH_CAUSES,
} from "./asterisk_dial.ts";
import type { Dialling } from "./asterisk_dial.ts";

/** A member that may be rung. */
export interface QueueTarget extends DialTarget {
  memberName: string;
}

/** What a queue needs beside its members. */
export interface QueueOptions {
  board: Switchboard;
  caller: Channel;
  queue: string;
  /** Whether members ring one after the other. */
  oneByOne: boolean;
  onEnd: (result: DialResult) => void;
  onRinging: (leg: Leg) => void;
}

/** The end of a queue call, which is told after the talk. */
export interface QueueTalk {
  connected(nowMs: number): void;
  complete(caller: Channel, leg: Leg, reason: "caller" | "agent"): void;
}

type QueueLeg = Leg & QueueTarget;

/** One caller's stay in a queue. */
export class QueueDial implements Dialling {
  #legs: QueueLeg[] = [];
  #waiting: QueueTarget[] = [];
  #cause = 0;
  #ended = false;
  readonly #joinedAtMs: number;
  #holdSeconds = 0;
  #answeredAtMs = 0;
  readonly #options: QueueOptions;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#joinedAtMs = options.board.options.clock.now();
  }

  get legs(): readonly Leg[] {
    return this.#legs;
  }

  /** Tells how the talk ended. */
  get talk(): QueueTalk {
    return {
      connected: (nowMs) => this.#answeredAtMs = nowMs,
      complete: (caller, leg, reason) => {
        const talked = seconds(this.#now() - this.#answeredAtMs);
        this.#sayAgent(
          "AgentComplete",
          leg as QueueLeg,
          `HoldTime: ${this.#holdSeconds}\r\nTalkTime: ${talked}\r\nReason: ${reason}\r\n`,
          caller,
        );
      },
    };
  }

  /** Joins, and rings whom it may. */
  start(members: readonly QueueTarget[]): void {
    this.#sayCaller("QueueCallerJoin", "Position: 1\r\nCount: 1\r\n");
    const reachable = members.filter(({ phone }) => phone.reachable);
    if (reachable.length === 0) return this.#leave({ cause: 0 });
    this.#waiting = [...reachable];
    this.#ringNext();
  }

  answer(leg: Leg): void {
    const { board, caller } = this.#options;
    const chosen = leg as QueueLeg;
    board.setState(leg.channel, 6);
    const losers = this.#legs.filter((one) => one !== leg);
    board.sayDial("DialEnd", caller, leg.channel, "DialStatus: ANSWER\r\n");
    for (const loser of losers) board.sayDial("DialEnd", caller, loser.channel, "DialStatus: CANCEL\r\n");
    if (losers.length > 0) board.connect(caller, leg.channel);
    // A real queue says it twice.
    for (const loser of losers) board.sayDial("DialEnd", caller, loser.channel, "DialStatus: CANCEL\r\n");
    this.#legs = [];
    this.#holdSeconds = seconds(this.#now() - this.#joinedAtMs);
    this.#sayCaller("QueueCallerLeave", "Position: 1\r\nCount: 0\r\n");
    const rang = seconds(this.#now() - leg.startedAtMs);
    this.#sayAgent("AgentConnect", chosen, `HoldTime: ${this.#holdSeconds}\r\nRingTime: ${rang}\r\n`);
    for (const loser of losers) board.hangup(loser.channel, 26);
    this.#end({ answered: leg });
  }

  refuse(leg: Leg, { cause, tech }: Refusal): void {
    const { board, caller } = this.#options;
    if (tech !== undefined) board.hangupRequest(leg.channel, cause, tech);
    board.sayDial("DialEnd", caller, leg.channel, `DialStatus: ${dialStatus(cause)}\r\n`);
    this.#noAnswer(leg as QueueLeg);
    this.#legs = this.#legs.filter((one) => one !== leg);
    board.hangup(leg.channel, cause, tech ?? TECH_CAUSES[cause]);
    this.#cause = cause;
    if (this.#legs.length === 0) this.#ringNext();
  }

  giveUp(): void {
    const { board, caller } = this.#options;
    const legs = this.#legs;
    this.#legs = [];
    for (const leg of legs) {
      this.#noAnswer(leg);
      board.sayDial("DialEnd", caller, leg.channel, "DialStatus: NOANSWER\r\n");
    }
    for (const leg of legs) {
      board.sayDial("DialEnd", caller, leg.channel, "DialStatus: CANCEL\r\n");
      board.hangup(leg.channel, 0);
    }
    this.#ringNext();
  }

  cancel(): Leg[] {
    const { board, caller } = this.#options;
    const legs = this.#legs;
    this.#legs = [];
    this.#ended = true;
    for (let times = 0; times < 2; times++) {
      for (const leg of legs) board.sayDial("DialEnd", caller, leg.channel, "DialStatus: CANCEL\r\n");
    }
    const held = seconds(this.#now() - this.#joinedAtMs);
    this.#sayCaller("QueueCallerAbandon", `Position: 1\r\nOriginalPosition: 1\r\nHoldTime: ${held}\r\n`);
    this.#sayCaller("QueueCallerLeave", "Position: 1\r\nCount: 0\r\n");
    return legs;
  }

  #ringNext(): void {
    const next = this.#options.oneByOne ? this.#waiting.splice(0, 1) : this.#waiting.splice(0);
    if (next.length === 0) return this.#leave({ cause: this.#cause });
    for (const target of next) this.#ring(target, next.length === 1);
  }

  #ring(target: QueueTarget, alone: boolean): void {
    const { board, caller } = this.#options;
    const channel = makeLegChannel(board, caller, target);
    const leg: QueueLeg = { ...target, channel, startedAtMs: this.#now() };
    this.#legs.push(leg);
    const asDialled = snapshot(channel, "Dest");
    channel.exten = caller.exten;
    channel.connectedNum = caller.callerNum;
    channel.connectedName = caller.callerName;
    this.#sayAgent("AgentCalled", leg, "");
    // DialBegin shows the leg as it was before the queue told it who calls.
    board.tell("call", "DialBegin", snapshot(caller) + asDialled + `DialString: PJSIP/${leg.dialString}\r\n`);
    if (alone) board.connect(caller, channel);
    board.setState(channel, 5);
    introduce(board, caller, channel, target, "AppQueue");
    board.sayDial("DialState", caller, channel, "DialStatus: RINGING\r\n");
    this.#options.onRinging(leg);
  }

  #noAnswer(leg: QueueLeg): void {
    this.#sayAgent("AgentRingNoAnswer", leg, `RingTime: ${this.#now() - leg.startedAtMs}\r\n`);
  }

  #leave(result: DialResult): void {
    if (!this.#ended) this.#sayCaller("QueueCallerLeave", "Position: 1\r\nCount: 0\r\n");
    this.#end(result);
  }

  #end(result: DialResult): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd(result);
  }

  #sayCaller(event: string, lines: string): void {
    const { board, caller, queue } = this.#options;
    board.tell("agent", event, `${snapshot(caller)}Queue: ${queue}\r\n${lines}`);
  }

  #sayAgent(event: string, leg: QueueLeg, lines: string, caller = this.#options.caller): void {
    const { board, queue } = this.#options;
    board.tell(
      "agent",
      event,
      snapshot(caller) + snapshot(leg.channel, "Dest") +
        `Queue: ${queue}\r\nInterface: ${leg.phone.device}\r\nMemberName: ${leg.memberName}\r\n${lines}`,
    );
  }

  #now(): number {
    return this.#options.board.options.clock.now();
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}

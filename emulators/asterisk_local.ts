/**
 * @module
 * Local channels of an emulated Asterisk: a dial whose legs walk the dialplan themselves, one pair of halves for each.
 * Optimisation, which real ones sometimes do and sometimes do not, is left out, as in the traces.
 */
import { type Channel, snapshot, type Switchboard } from "./asterisk_channels.ts";
import { type Dialling, type DialResult, dialStatus, type Leg } from "./asterisk_dial.ts";
import type { Walk, WalkHost } from "./asterisk_walk.ts";

/** The first half of a Local channel, as the walk of its second half sees it. */
export interface LocalHalf {
  /** The other half has somebody who rings. */
  ringing(by: Channel): void;
  /** The other half has somebody who answered. */
  answered(): void;
  /** The other half is gone. */
  ended(cause: number): void;
}

interface Branch {
  number: string;
  channel: Channel;
  walk: Walk;
}

/** What a dial of Local channels needs. */
export interface LocalDialOptions {
  board: Switchboard;
  caller: Channel;
  host: WalkHost;
  onEnd: (result: DialResult) => void;
  /** The half that talks with the caller has lost the other one. */
  onPeerGone: () => void;
}

/** Dials extensions through Local channels. Its own legs are answered by what happens behind them. */
export class LocalDial implements Dialling {
  #branches: Branch[] = [];
  #cause = 0;
  #ended = false;
  readonly #options: LocalDialOptions;

  constructor(options: LocalDialOptions) {
    this.#options = options;
  }

  /** None that a person could answer: those belong to the branches. */
  get legs(): readonly Leg[] {
    return [];
  }

  /** Makes the pairs and lets their second halves walk. */
  start(numbers: readonly string[]): void {
    const { board, caller } = this.#options;
    const pairs = numbers.map((number) => ({ number, halves: this.#pair(number) }));
    for (const { number, halves: [one, two] } of pairs) {
      two.callerNum = caller.callerNum;
      two.callerName = caller.callerName;
      two.connectedNum = one.callerNum;
      board.say("NewCallerid", two, PRESENTED);
      board.say("NewConnectedLine", two);
      board.tell(
        "call",
        "LocalBridge",
        `${snapshot(one, "LocalOne")}${snapshot(two, "LocalTwo")}` +
          `Context: ${two.context}\r\nExten: ${number}\r\nLocalOptimization: Yes\r\n`,
      );
      board.sayDial("DialBegin", caller, one, `DialString: ${number}@${two.context}\r\n`);
    }
    this.#branches = pairs.map(({ number, halves: [one, two] }) => this.#branch(number, one, two));
    for (const { walk, number } of [...this.#branches]) walk.start(number);
  }

  answer(): void {}

  refuse(): void {}

  giveUp(): void {
    const branches = this.#take();
    for (const { channel } of branches) this.#sayEnd(channel, "NOANSWER");
    this.#drop(branches, 0);
    this.#end({ cause: this.#cause });
  }

  cancel(): Leg[] {
    const branches = this.#take();
    this.#ended = true;
    for (const { channel } of branches) this.#sayEnd(channel, "CANCEL");
    this.#drop(branches, 16);
    return [];
  }

  #pair(number: string): [Channel, Channel] {
    const { board, caller } = this.#options;
    const [one, two] = board.createLocal(number, "internal", caller);
    one.exten = caller.exten;
    one.callerNum = caller.exten;
    one.callerName = caller.connectedName;
    one.connectedNum = caller.callerNum;
    one.connectedName = caller.callerName;
    board.run(one, "AppDial", "(Outgoing Line)");
    board.say("NewCallerid", one, PRESENTED);
    board.say("NewConnectedLine", one);
    return [one, two];
  }

  #branch(number: string, channel: Channel, two: Channel): Branch {
    const half: LocalHalf = {
      ringing: (by) => this.#ringing(channel, by),
      answered: () => this.#answered(branch),
      ended: (cause) => this.#branchEnded(branch, cause),
    };
    const branch: Branch = { number, channel, walk: this.#options.host.branch(two, half) };
    return branch;
  }

  #ringing(channel: Channel, by: Channel): void {
    if (channel.state !== 0) return;
    const { board, caller } = this.#options;
    channel.callerNum = by.callerNum;
    channel.callerName = by.callerName;
    if (this.#branches.length === 1) board.connect(caller, channel);
    board.setState(channel, 5);
    board.say("NewCallerid", channel, PRESENTED);
    board.sayDial("DialState", caller, channel, "DialStatus: RINGING\r\n");
  }

  #answered(branch: Branch): void {
    const target = this.#options.host.target(branch.number);
    if (this.#ended || target === null) return;
    const { board, caller } = this.#options;
    const { channel, walk } = branch;
    board.setState(channel, 6);
    const losers = this.#take().filter((one) => one !== branch);
    if (losers.length > 0) board.connect(caller, channel);
    for (const loser of losers) this.#sayEnd(loser.channel, "CANCEL");
    channel.exten = "";
    this.#sayEnd(channel, "ANSWER");
    if (caller.state !== 6) board.setState(caller, 6);
    this.#drop(losers, 26);
    this.#end({ answered: { ...target, channel, branch: walk, startedAtMs: channel.createdAtMs } });
  }

  #branchEnded(branch: Branch, cause: number): void {
    const { channel } = branch;
    if (channel.gone) return;
    // It talks with the caller.
    if (!this.#branches.includes(branch)) return this.#options.onPeerGone();
    const { board } = this.#options;
    this.#branches = this.#branches.filter((one) => one !== branch);
    board.hangupRequest(channel, cause);
    this.#sayEnd(channel, dialStatus(cause));
    this.#cause = cause;
    board.hangup(channel, cause);
    if (this.#branches.length === 0) this.#end({ cause });
  }

  #take(): Branch[] {
    const branches = this.#branches;
    this.#branches = [];
    return branches;
  }

  #drop(branches: readonly Branch[], cause: number): void {
    for (const { channel, walk } of branches) {
      this.#options.board.hangup(channel, cause);
      walk.callerGoes({ because: cause });
    }
  }

  #sayEnd(channel: Channel, status: string): void {
    this.#options.board.sayDial("DialEnd", this.#options.caller, channel, `DialStatus: ${status}\r\n`);
  }

  #end(result: DialResult): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.onEnd(result);
  }
}

const PRESENTED = "CID-CallingPres: 0 (Presentation Allowed, Not Screened)\r\n";

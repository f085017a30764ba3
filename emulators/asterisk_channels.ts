/**
 * @module
 * Channels and bridges of an emulated Asterisk, and the packets that say what becomes of them.
 * Headers, their order and their values are those of real traces of Asterisk 16.28 and 22.10; dialling is elsewhere.
 */
import type { AmiClass } from "./ami_rights.ts";
import type { EmulatedClock } from "./emulated_clock.ts";
import type { AsteriskLog } from "./asterisk_log.ts";
import type { CallLog } from "./asterisk_log_calls.ts";
import type { Phone } from "./asterisk_phones.ts";
import { type Random, wholeBetween } from "./random.ts";

/** States that occur, by their numbers: Down, Ring (it calls), Ringing (it is called), Up. */
export type ChannelState = 0 | 4 | 5 | 6;

/** One channel as its events describe it. */
export interface Channel {
  name: string;
  uniqueid: string;
  linkedid: string;
  state: ChannelState;
  callerNum: string;
  callerName: string;
  connectedNum: string;
  connectedName: string;
  context: string;
  exten: string;
  priority: number;
  application: string;
  data: string;
  createdAtMs: number;
  /** Null for one half of a Local channel. */
  phone: Phone | null;
  bridge: Bridge | null;
  owner: ChannelOwner | null;
  gone: boolean;
}

/** Whoever has to know which channels it has: a call. */
export interface ChannelOwner {
  channelCame(channel: Channel): void;
  channelGone(channel: Channel): void;
}

/** Where channels talk. */
export interface Bridge {
  id: string;
  technology: "simple_bridge" | "native_rtp";
  members: Channel[];
}

/** What a new channel is born with. */
export interface NewChannel {
  phone: Phone | null;
  /** Default: the phone's device with the next number. */
  name?: string;
  state: ChannelState;
  callerNum?: string;
  callerName?: string;
  context: string;
  exten: string;
  /** Default: its own Uniqueid, as for a channel that nobody asked for. */
  linkedid?: string;
  owner: ChannelOwner | null;
}

/** What there is no value for. */
export const UNKNOWN = "<unknown>";

const STATE_NAMES = { 0: "Down", 4: "Ring", 5: "Ringing", 6: "Up" } as const;

/** Texts of ITU-T Q.850 causes as Asterisk words them (main/channel.c). */
const CAUSE_TEXTS: Record<number, string> = {
  0: "Unknown",
  1: "Unallocated (unassigned) number",
  3: "No route to destination",
  16: "Normal Clearing",
  17: "User busy",
  18: "No user responding",
  19: "User alerting, no answer",
  20: "Subscriber absent",
  21: "Call Rejected",
  26: "Answered elsewhere",
  27: "Destination out of order",
  34: "Circuit/channel congestion",
  38: "Network out of order",
  127: "Interworking, unspecified",
};

/** The extra headers of an event: lines with their ends, or nothing. */
export type Extra = string;

/** What the channels need. */
export interface SwitchOptions {
  version: 16 | 22;
  clock: EmulatedClock;
  random: Random;
  noise: boolean;
  /** Takes each event once, as text. */
  send: (one: AmiClass, packet: string) => void;
  /** Where it keeps a log. */
  log?: AsteriskLog | null;
  /** What writes of calls there. */
  callLog?: CallLog | null;
}

/** Holds the channels that are up, and tells of what happens to them. */
export class Switchboard {
  readonly channels = new Map<string, Channel>();
  readonly options: SwitchOptions;
  /** How many calls came in since the start. */
  processedCalls = 0;
  #nextId = 0;
  #nextName = 0;
  #nextLocal = 0;
  /** Seconds of each Uniqueid, in order, so that a restart may give the same ones again. */
  #epochs: number[] = [];

  constructor(options: SwitchOptions) {
    this.options = options;
  }

  /** Forgets every channel without a word, and counts from nought again. */
  reset({ reuseIds = false }: { reuseIds?: boolean } = {}): void {
    for (const channel of this.channels.values()) channel.gone = true;
    this.channels.clear();
    this.processedCalls = 0;
    this.#nextId = this.#nextName = this.#nextLocal = 0;
    if (!reuseIds) this.#epochs = [];
  }

  /** Sends an event: its class, and lines that each end with CR LF. */
  tell(one: AmiClass, event: string, lines: string): void {
    this.options.send(one, `Event: ${event}\r\nPrivilege: ${one},all\r\n${lines}\r\n`);
  }

  /** Sends an event about one channel. */
  say(event: string, channel: Channel, extra: Extra = "", one: AmiClass = "call"): void {
    this.tell(one, event, snapshot(channel) + extra);
  }

  /** Makes a channel and tells of it. */
  create(born: NewChannel): Channel {
    const uniqueid = this.#uniqueid();
    const channel: Channel = {
      name: born.name ?? `${born.phone?.device}-${hex(this.#nextName++)}`,
      uniqueid,
      linkedid: born.linkedid ?? uniqueid,
      state: born.state,
      callerNum: born.callerNum ?? UNKNOWN,
      callerName: born.callerName ?? UNKNOWN,
      connectedNum: UNKNOWN,
      connectedName: UNKNOWN,
      context: born.context,
      exten: born.exten,
      priority: 1,
      application: "",
      data: "",
      createdAtMs: this.options.clock.now(),
      phone: born.phone,
      bridge: null,
      owner: born.owner,
      gone: false,
    };
    this.channels.set(channel.name, channel);
    this.say("Newchannel", channel);
    channel.owner?.channelCame(channel);
    channel.phone?.take(channel);
    return channel;
  }

  /** Makes both halves of a Local channel; the first is dialled, the second walks the dialplan. */
  createLocal(exten: string, context: string, caller: Channel): [one: Channel, two: Channel] {
    // Locals have a counter of their own, and both halves one number.
    const name = `Local/${exten}@${context}-${hex(this.#nextLocal++)}`;
    const half = { phone: null, context, exten, linkedid: caller.linkedid, owner: caller.owner };
    return [
      this.create({ ...half, name: `${name};1`, state: 0 }),
      this.create({ ...half, name: `${name};2`, state: 4 }),
    ];
  }

  /** Changes a channel's state and tells of it. */
  setState(channel: Channel, state: ChannelState): void {
    channel.state = state;
    this.say("Newstate", channel);
    channel.phone?.update();
  }

  /** Says to a channel whom it is connected with. */
  connect(channel: Channel, to: { callerNum: string; callerName: string }): void {
    channel.connectedNum = to.callerNum;
    channel.connectedName = to.callerName;
    this.say("NewConnectedLine", channel);
  }

  /** Lets a channel run an application of the dialplan. */
  run(channel: Channel, application: string, data: string): void {
    channel.application = application;
    channel.data = data;
    this.options.callLog?.executing(channel, application, data);
    if (this.options.noise) {
      const extra = `Extension: ${channel.exten}\r\nApplication: ${application}\r\nAppData: ${data}\r\n`;
      this.say("Newexten", channel, extra, "dialplan");
    }
  }

  /** Sets a variable; heard only where noise is on. */
  setVariable(channel: Channel, name: string, value: string): void {
    if (this.options.noise) {
      this.say("VarSet", channel, `Variable: ${name}\r\nValue: ${value}\r\n`, "dialplan");
    }
  }

  /** Plays ringing to one who is up already; heard only where noise is on, with the empty line that real ones add. */
  ringInBand(channel: Channel): void {
    if (!this.options.noise) return;
    this.tell(
      "reporting",
      "TestEvent",
      "Type: StateChange\r\nState: RINGING_INBAND\r\nAppFile: channel.c\r\n" +
        `AppFunction: indicate_data_internal\r\nAppLine: 4659\r\nChannel: ${channel.name}\r\n\r\n`,
    );
  }

  /** An event of a dial: who calls (null on a call that Asterisk itself starts), and the leg that is called. */
  sayDial(
    event: "DialBegin" | "DialState" | "DialEnd",
    from: Channel | null,
    to: Channel,
    extra: Extra,
  ): void {
    this.options.callLog?.dialling(event, from, to, extra);
    this.tell("call", event, (from === null ? "" : snapshot(from)) + snapshot(to, "Dest") + extra);
  }

  /** Gives a channel to another owner. */
  hand(channel: Channel, to: ChannelOwner): void {
    channel.owner?.channelGone(channel);
    channel.owner = to;
    to.channelCame(channel);
  }

  /** Opens a bridge. */
  createBridge(): Bridge {
    const bridge: Bridge = { id: this.#uuid(), technology: "simple_bridge", members: [] };
    this.tell("call", "BridgeCreate", bridgeLines(bridge));
    return bridge;
  }

  /** Puts a channel into a bridge; all members take the oldest Linkedid, as bridge_channel.c does. */
  enter(bridge: Bridge, channel: Channel, swapped?: Channel): void {
    bridge.members.push(channel);
    channel.bridge = bridge;
    if (bridge.members.length > 1) {
      const oldest = bridge.members.map((one) => one.linkedid).reduce(older);
      for (const one of bridge.members) one.linkedid = oldest;
    }
    this.options.callLog?.bridged("joined", bridge, channel);
    const swap = swapped === undefined ? "" : `SwapUniqueid: ${swapped.uniqueid}\r\n`;
    this.tell("call", "BridgeEnter", bridgeLines(bridge) + snapshot(channel) + swap);
  }

  /**
   * Takes a channel out of its bridge; the bridge itself stays until `destroyBridge`.
   * By then media have gone around Asterisk, unless `direct` is false.
   */
  leave(channel: Channel, { direct = true }: { direct?: boolean } = {}): void {
    const { bridge } = channel;
    if (bridge === null) return;
    if (direct) bridge.technology = "native_rtp";
    bridge.members = bridge.members.filter((one) => one !== channel);
    channel.bridge = null;
    this.options.callLog?.bridged("left", bridge, channel);
    this.tell("call", "BridgeLeave", bridgeLines(bridge) + snapshot(channel));
  }

  /** Closes a bridge that nobody is in. */
  destroyBridge(bridge: Bridge): void {
    this.tell("call", "BridgeDestroy", bridgeLines(bridge));
  }

  /** Says that the far end of a channel wants to go; only newer versions name a cause each time. */
  hangupRequest(channel: Channel, cause: number | null, tech?: number): void {
    this.options.callLog?.parting(channel);
    const named = cause === null ? "" : `Cause: ${cause}\r\n`;
    this.say("HangupRequest", channel, named + this.#techCause(tech));
  }

  /** Says that the dialplan lets go of a channel. The 16 is a flag of Asterisk's, not a cause. */
  softHangup(channel: Channel, tech?: number): void {
    this.options.callLog?.spawned(channel);
    this.say("SoftHangupRequest", channel, `Cause: 16\r\n${this.#techCause(tech)}`);
  }

  /** Ends a channel. */
  hangup(channel: Channel, cause: number, tech?: number): void {
    if (channel.gone) return;
    channel.gone = true;
    this.channels.delete(channel.name);
    const text = CAUSE_TEXTS[cause] ?? "Unknown";
    this.say("Hangup", channel, `Cause: ${cause}\r\nCause-txt: ${text}\r\n${this.#techCause(tech)}`);
    channel.phone?.release(channel);
    channel.owner?.channelGone(channel);
  }

  #techCause(tech: number | undefined): string {
    return tech === undefined || this.options.version === 16 ? "" : `TechCause: ${tech}\r\n`;
  }

  #uniqueid(): string {
    const index = this.#nextId++;
    const epoch = this.#epochs[index] ??= Math.floor(this.options.clock.now() / 1_000);
    return `${epoch}.${index}`;
  }

  #uuid(): string {
    const digits = (count: number) =>
      Array.from({ length: count }, () => wholeBetween(this.options.random, 0, 15).toString(16)).join("");
    return `${digits(8)}-${digits(4)}-4${digits(3)}-a${digits(3)}-${digits(12)}`;
  }
}

/** A channel as lines, each name with a prefix such as `Dest`. */
export function snapshot(channel: Channel, prefix = ""): string {
  const p = prefix;
  return `${p}Channel: ${channel.name}\r\n` +
    `${p}ChannelState: ${channel.state}\r\n` +
    `${p}ChannelStateDesc: ${STATE_NAMES[channel.state]}\r\n` +
    `${p}CallerIDNum: ${channel.callerNum}\r\n` +
    `${p}CallerIDName: ${escapeName(channel.callerName)}\r\n` +
    `${p}ConnectedLineNum: ${channel.connectedNum}\r\n` +
    `${p}ConnectedLineName: ${escapeName(channel.connectedName)}\r\n` +
    `${p}Language: en\r\n` +
    `${p}AccountCode: \r\n` +
    `${p}Context: ${channel.context}\r\n` +
    `${p}Exten: ${channel.exten}\r\n` +
    `${p}Priority: ${channel.priority}\r\n` +
    `${p}Uniqueid: ${channel.uniqueid}\r\n` +
    `${p}Linkedid: ${channel.linkedid}\r\n`;
}

/** A bridge as lines, each name with a prefix such as `Orig`. */
export function bridgeLines(bridge: Bridge, prefix = ""): string {
  const p = prefix;
  return `${p}BridgeUniqueid: ${bridge.id}\r\n` +
    `${p}BridgeType: basic\r\n` +
    `${p}BridgeTechnology: ${bridge.technology}\r\n` +
    `${p}BridgeCreator: ${UNKNOWN}\r\n` +
    `${p}BridgeName: ${UNKNOWN}\r\n` +
    `${p}BridgeNumChannels: ${bridge.members.length}\r\n` +
    `${p}BridgeVideoSourceMode: none\r\n`;
}

const ESCAPES: Record<string, string> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  "'": "\\'",
  '"': '\\"',
  "?": "\\?",
};

/** Names of callers are the one thing that Asterisk escapes, as in C (measured: 16.28). */
function escapeName(name: string): string {
  // deno-lint-ignore no-control-regex -- those are what has to be found
  return name.replace(/[\x07\b\f\n\r\t\v\\'"?]/g, (one) => ESCAPES[one] ?? one);
}

/** The older of two Linkedids: seconds first, then the counter. */
function older(one: string, other: string): string {
  const [oneSecond = 0, oneIndex = 0] = one.split(".").map(Number);
  const [otherSecond = 0, otherIndex = 0] = other.split(".").map(Number);
  return (oneSecond - otherSecond || oneIndex - otherIndex) <= 0 ? one : other;
}

function hex(number: number): string {
  return number.toString(16).padStart(8, "0");
}

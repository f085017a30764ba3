/**
 * @module
 * What Asterisk's packets say of calls, in the words of `machines/call_events.ts`. Fields are those of the AMI v2
 * specification and of real traces; what it does not know, or cannot use, is null.
 */
import type { CallEvent, ChannelSeen, DialStatus, ListedChannel, Room } from "../../machines/call_events.ts";
import type { AmiPacket } from "./packet.ts";

/** A text that is longer is no number, name or id. */
const LONGEST = 256;
/** Asterisk's word for a field that is not set. */
const UNKNOWN = "<unknown>";
const DIAL_STATUSES = new Set(["ANSWER", "ABORT", "BUSY", "CANCEL", "CHANUNAVAIL", "CONGESTION", "NOANSWER"]);

/** Headers that are there of each channel, be they empty. */
const SNAPSHOT = ["channelstate", "context", "exten", "priority", "linkedid"];

type Decoder = (packet: AmiPacket, at: number) => CallEvent | null;

const DECODERS: Record<string, Decoder> = {
  Newchannel: seen(true),
  Newstate: seen(false),
  NewCallerid: seen(false),
  Rename: seen(false),
  Answer: withChannel((channel, _, at) => ({ type: "channel.answered", at, channel })),
  HangupRequest: withChannel((channel, packet, at) => ({
    type: "channel.hangup_requested",
    at,
    channel,
    cause: number(packet.cause),
  })),
  Hangup: withChannel((channel, packet, at) => ({
    type: "channel.hungup",
    at,
    channel,
    cause: number(packet.cause),
  })),
  DialBegin: withDial((ends, _, at) => ({ type: "dial.began", at, ...ends })),
  DialState: withDial((ends, packet, at) =>
    packet.dialstatus === "RINGING" ? { type: "dial.rang", at, ...ends } : null
  ),
  DialEnd: withDial((ends, packet, at) => ({
    type: "dial.ended",
    at,
    ...ends,
    status: dialStatus(packet.dialstatus),
  })),
  BridgeEnter: withBridge((channel, bridge, packet, at) => ({
    type: "bridge.entered",
    at,
    channel,
    bridge,
    room: roomOf(packet),
  })),
  BridgeLeave: withBridge((channel, bridge, _, at) => ({ type: "bridge.left", at, channel, bridge })),
  LocalBridge: (packet, at) => {
    const one = channelOf(packet, "localone");
    const two = channelOf(packet, "localtwo");
    return one === null || two === null ? null : { type: "local.paired", at, one, two };
  },
  Pickup: withChannel((by, packet, at) => {
    const target = channelOf(packet, "target");
    return target === null ? null : { type: "call.picked_up", at, by, target };
  }),
  BlindTransfer: transfer("blind", "transferer"),
  AttendedTransfer: transfer("attended", "origtransferer"),
  QueueCallerJoin: queue((at, channel, name) => ({ type: "queue.joined", at, channel, queue: name })),
  QueueCallerLeave: queue((at, channel, name) => ({
    type: "queue.left",
    at,
    channel,
    queue: name,
    abandoned: false,
  })),
  QueueCallerAbandon: queue((at, channel, name) => ({
    type: "queue.left",
    at,
    channel,
    queue: name,
    abandoned: true,
  })),
  ParkedCall: (packet, at) => {
    const channel = channelOf(packet, "parkee");
    if (channel === null) return null;
    return { type: "call.parked", at, channel, space: text(packet.parkingspace) ?? "" };
  },
  ConfbridgeJoin: withChannel((channel, packet, at) => ({
    type: "conference.joined",
    at,
    channel,
    conference: text(packet.conference) ?? "",
  })),
};

/** A packet as an event of a call, or null when it says nothing about one. `at` is on the steady clock. */
export function decodeCallEvent(packet: AmiPacket, at: number): CallEvent | null {
  const name = packet.event;
  if (name === undefined || !Object.hasOwn(DECODERS, name)) return null;
  return DECODERS[name]!(packet, at);
}

/** The channels that an event is about; what they say of Linkedids decides whose event it is. */
export function channelsOf(event: CallEvent): ChannelSeen[] {
  switch (event.type) {
    case "dial.began":
    case "dial.rang":
    case "dial.ended":
      return event.from === null ? [event.to] : [event.from, event.to];
    case "local.paired":
      return [event.one, event.two];
    case "call.picked_up":
      return [event.by, event.target];
    case "call.transferred":
      return [event.by, ...event.others];
    case "sync.listed":
      return event.channels;
    default:
      return "channel" in event ? [event.channel] : [];
  }
}

/** A line of `CoreShowChannels`; null when it cannot be read. `at` is when it was asked for. */
export function decodeListed(packet: AmiPacket, at: number): ListedChannel | null {
  const channel = channelOf(packet, "");
  if (channel === null) return null;
  return {
    ...channel,
    bridge: id(packet.bridgeid),
    createdAt: at - seconds(packet.duration) * 1000,
    // The far end of a dial runs no application of its own.
    dialled: /^AppDial2?$/.test(packet.application ?? ""),
  };
}

function seen(created: boolean): Decoder {
  return withChannel((channel, _, at) => ({ type: "channel.seen", at, channel, created }));
}

function withChannel(
  make: (channel: ChannelSeen, packet: AmiPacket, at: number) => CallEvent | null,
): Decoder {
  return (packet, at) => {
    const channel = channelOf(packet, "");
    return channel === null ? null : make(channel, packet, at);
  };
}

function withDial(
  make: (
    ends: { from: ChannelSeen | null; to: ChannelSeen },
    packet: AmiPacket,
    at: number,
  ) => CallEvent | null,
): Decoder {
  return (packet, at) => {
    const to = channelOf(packet, "dest");
    return to === null ? null : make({ from: channelOf(packet, ""), to }, packet, at);
  };
}

function withBridge(
  make: (channel: ChannelSeen, bridge: string, packet: AmiPacket, at: number) => CallEvent,
): Decoder {
  return withChannel((channel, packet, at) => {
    const bridge = id(packet.bridgeuniqueid);
    return bridge === null ? null : make(channel, bridge, packet, at);
  });
}

function queue(make: (at: number, channel: ChannelSeen, name: string) => CallEvent): Decoder {
  return withChannel((channel, packet, at) => make(at, channel, text(packet.queue) ?? ""));
}

/** The one who transfers, and with the names that either kind of event has for them the others. */
function transfer(how: "blind" | "attended", transferer: string): Decoder {
  return (packet, at) => {
    const by = channelOf(packet, transferer);
    if (by === null) return null;
    const others = ["secondtransferer", "transferee", "transfertarget"].flatMap((prefix) =>
      channelOf(packet, prefix) ?? []
    );
    const to = text(packet.extension);
    return { type: "call.transferred", at, how, by, others, to, success: packet.result === "Success" };
  };
}

function channelOf(packet: AmiPacket, prefix: string): ChannelSeen | null {
  const uniqueid = id(packet[`${prefix}uniqueid`]);
  const name = text(packet[`${prefix}channel`]);
  if (uniqueid === null || name === null) return null;
  // Asterisk tells all of a channel. Who writes an event into a caller's number, which it prints as it came, has 80
  // bytes for it: too few for so many headers.
  const { event } = packet;
  if (event !== "Rename" && event !== "Answer" && SNAPSHOT.some((key) => !(`${prefix}${key}` in packet))) {
    return null;
  }
  return {
    uniqueid,
    // `Rename` names no Linkedid.
    linkedid: id(packet[`${prefix}linkedid`]) ?? "",
    name: text(packet.newname) ?? name,
    state: number(packet[`${prefix}channelstate`]),
    callerNumber: text(packet[`${prefix}calleridnum`]),
    callerName: personName(packet[`${prefix}calleridname`]),
    exten: text(packet[`${prefix}exten`]),
    context: text(packet[`${prefix}context`]),
  };
}

/** An id of a channel or a bridge. Each has a digit; a key such as `__proto__`, which means something else, has none. */
function id(value: string | undefined): string | null {
  return value !== undefined && /\d/.test(value) ? text(value) : null;
}

/** A name, which Asterisk writes as C would, `\"` for a quote, and nothing else so. A line break in it is a blank. */
function personName(value: string | undefined): string | null {
  if (value === undefined || !value.includes("\\")) return text(value);
  return text(value.replace(/\\([abfnrtv\\'"?])/g, (_, one: string) => /[a-z]/.test(one) ? " " : one).trim());
}

/** A text that can be stored: no NUL, and cut between characters if at all. */
function text(value: string | undefined): string | null {
  if (value === undefined || value === "" || value === UNKNOWN) return null;
  if (value.length <= LONGEST && !value.includes("\0")) return value;
  return value.replaceAll("\0", "").slice(0, LONGEST).toWellFormed() || null;
}

function number(value: string | undefined): number | null {
  return value !== undefined && /^-?\d{1,9}$/.test(value) ? Number(value) : null;
}

/** Of a bridge's technology and creator: `holding_bridge` by `Parking`, `softmix` by `ConfBridge`. */
function roomOf({ bridgetechnology, bridgecreator }: AmiPacket): Room {
  if (bridgecreator === "ConfBridge") return "conference";
  return bridgetechnology === "holding_bridge" ? "waiting" : "talk";
}

/** `CONTINUE` and `GOTO` mean that the dialplan goes on without the leg. */
function dialStatus(value: string | undefined): DialStatus {
  return DIAL_STATUSES.has(value ?? "") ? value as DialStatus : "NOANSWER";
}

/** Of `HH:MM:SS`. */
function seconds(duration: string | undefined): number {
  const match = /^(\d{1,5}):(\d\d):(\d\d)$/.exec(duration ?? "");
  return match === null ? 0 : Number(match[1]) * 3600 + Number(match[2]) * 60 + Number(match[3]);
}

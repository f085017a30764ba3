/**
 * @module
 * The vocabulary of calls: what any PBX can say about one, whichever way it came, and what a call states.
 * Times (`at`) are milliseconds of the service's steady clock.
 */
import type { ResumeEvent } from "./events.ts";

/** What an event tells of a channel beside its own news. Null: this event does not know. */
export interface ChannelSeen {
  /** Unique among the channels of one run of a PBX; it never changes while the channel lives. */
  uniqueid: string;
  /** Groups channels into calls; it can change when channels meet in a bridge. */
  linkedid: string;
  /** `PJSIP/777-ep-0000000a`; a Local channel's halves end in `;1` and `;2`. */
  name: string;
  /** Asterisk's channel state: 0 down, 4 ring, 5 ringing, 6 up. */
  state: number | null;
  callerNumber: string | null;
  callerName: string | null;
  /** Where the channel is in the dialplan; at its creation that is what was dialled. */
  exten: string | null;
  context: string | null;
}

/** How a dial attempt ended, in Asterisk's words; `CONTINUE` and `GOTO` count as no answer. */
export type DialStatus =
  | "ANSWER"
  | "ABORT"
  | "BUSY"
  | "CANCEL"
  | "CHANUNAVAIL"
  | "CONGESTION"
  | "NOANSWER";

/** What a bridge is for: `waiting` as in a parking lot, where nobody talks; in a conference one talks to whoever is there. */
export type Room = "talk" | "waiting" | "conference";

/** A channel that is up now, as a PBX lists it. */
export interface ListedChannel extends ChannelSeen {
  /** The bridge it is in. */
  bridge: string | null;
  /** Since when it exists. */
  createdAt: number;
  /** True for the far end of a dial. */
  dialled: boolean;
}

/** Who did something at a call from a page. */
export interface CallActor {
  userId: number;
  name: string;
  /** The number by which this person is party to the call; null for an operator who is not. */
  number: string | null;
}

/** What the call machine takes. Order and repetition do not matter but for `at`. */
export type CallEvent =
  /** A channel exists: it was created, or changed. `created`: this is its very first event, so `exten` is what was dialled. */
  | { type: "channel.seen"; at: number; channel: ChannelSeen; created: boolean }
  /** The literal `Answer` of some PBXs. */
  | { type: "channel.answered"; at: number; channel: ChannelSeen }
  /** The far side asked to end: a caller gave up, a phone declined. */
  | { type: "channel.hangup_requested"; at: number; channel: ChannelSeen; cause: number | null }
  | { type: "channel.hungup"; at: number; channel: ChannelSeen; cause: number | null }
  /** `from` is null where nobody's channel dials, as in an originated call. */
  | { type: "dial.began"; at: number; from: ChannelSeen | null; to: ChannelSeen }
  | { type: "dial.rang"; at: number; from: ChannelSeen | null; to: ChannelSeen }
  | { type: "dial.ended"; at: number; from: ChannelSeen | null; to: ChannelSeen; status: DialStatus }
  | {
    type: "bridge.entered";
    at: number;
    channel: ChannelSeen;
    bridge: string;
    room: Room;
  }
  | { type: "bridge.left"; at: number; channel: ChannelSeen; bridge: string }
  /** The two halves of a Local channel, which lead from one to the other. */
  | { type: "local.paired"; at: number; one: ChannelSeen; two: ChannelSeen }
  /** `by` took a call that rang at `target`. */
  | { type: "call.picked_up"; at: number; by: ChannelSeen; target: ChannelSeen }
  | {
    type: "call.transferred";
    at: number;
    how: "blind" | "attended";
    by: ChannelSeen;
    /** The other channels it is about. */
    others: ChannelSeen[];
    /** Where it goes: an extension; null when it is a channel. */
    to: string | null;
    success: boolean;
  }
  | { type: "queue.joined"; at: number; channel: ChannelSeen; queue: string }
  | { type: "queue.left"; at: number; channel: ChannelSeen; queue: string; abandoned: boolean }
  | { type: "call.parked"; at: number; channel: ChannelSeen; space: string }
  | { type: "conference.joined"; at: number; channel: ChannelSeen; conference: string }
  | { type: "operator.accepted"; at: number; by: CallActor }
  /** `uniqueids`: the legs that are hung up for it. */
  | { type: "operator.rejected"; at: number; by: CallActor; uniqueids: string[] }
  | { type: "operator.hungup"; at: number; by: CallActor }
  | { type: "operator.transferred"; at: number; by: CallActor; to: string }
  | { type: "operator.noted"; at: number; notes: string }
  /** What the PBX lists of this call after the link was down. `lostAt`: since when nothing was heard. */
  | { type: "sync.listed"; at: number; lostAt: number; channels: ListedChannel[] }
  /** Channels that the PBX does not know any more, or all of them. */
  | { type: "sync.gone"; at: number; lostAt: number; uniqueids: string[] | "all" }
  /** Another call turned out to be this one. `record` is its whole knowledge. */
  | { type: "call.merged"; at: number; record: unknown }
  | ResumeEvent;

/** What a call says happened. */
export type CallFact =
  | { type: "call.answered"; at: number; by: string | null }
  | { type: "call.ended"; at: number; status: "completed" | "missed" | "rejected" }
  /** It had ended, and went on: a leg came late. */
  | { type: "call.reopened"; at: number };

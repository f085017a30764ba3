/**
 * @module
 * Transfers as phones make them through an emulated Asterisk, blind and attended, with the events of real traces.
 */
import {
  bridgeLines,
  type Channel,
  type ChannelOwner,
  snapshot,
  type Switchboard,
} from "./asterisk_channels.ts";
import type { Leg } from "./asterisk_dial.ts";
import type { Walk } from "./asterisk_walk.ts";

/** Two who talk with each other, seen from a transfer. */
interface Sides {
  transferer: Channel;
  transferee: Channel;
}

/**
 * Sends one side of a talk to a number and takes the other away.
 * @returns the channel that has to walk to that number, and what makes it leave the other
 */
export function blindTransfer(
  walk: Walk,
  from: string,
  to: string,
  board: Switchboard,
): { channel: Channel; leave: () => void } {
  const { transferer, transferee } = sidesOf(walk, from);
  const { bridge } = transferer;
  if (bridge === null) throw new Error(`Cannot transfer: "${from}" is in no bridge`);
  board.say("Unhold", transferer);
  board.tell(
    "call",
    "BlindTransfer",
    "Result: Success\r\n" + snapshot(transferer, "Transferer") + snapshot(transferee, "Transferee") +
      bridgeLines({ ...bridge, technology: "native_rtp" }) +
      `IsExternal: Yes\r\nContext: internal\r\nExtension: ${to}\r\n`,
  );
  walk.release();
  Object.assign(transferee, { exten: to, context: "internal", priority: 1 });
  const leave = () => {
    board.leave(transferer);
    board.leave(transferee);
    board.destroyBridge(bridge);
    // One that walked the dialplan lets go of it first.
    if (transferer === walk.channel) board.softHangup(transferer);
    board.hangup(transferer, 16);
  };
  return { channel: transferee, leave };
}

/** What an attended transfer joins. */
export interface AttendedParts {
  /** The talk that is transferred. */
  walk: Walk;
  /** Who transfers. */
  from: string;
  /** The talk of the one who transfers with the third. */
  other: Walk;
  board: Switchboard;
  /** The call that goes on. */
  owner: ChannelOwner;
}

/**
 * Joins the one who is transferred with the third.
 * @returns them: the channel that stays, and whom it talks with now
 * @throws when the third has not answered
 */
export function attendedTransfer(parts: AttendedParts): { channel: Channel; peer: Leg } {
  const { walk, from, other, board } = parts;
  const { transferer, transferee } = sidesOf(walk, from);
  const second = other.channel;
  const target = other.peer;
  const [oldBridge, newBridge] = [transferer.bridge, second.bridge];
  if (target === null || oldBridge === null || newBridge === null) {
    throw new Error(`Cannot complete the transfer of "${from}": the third has not answered`);
  }
  board.say("Unhold", transferer);
  board.say("Unhold", second);
  board.leave(transferee);
  board.leave(second);
  board.hand(target.channel, parts.owner);
  board.enter(newBridge, transferee, second);
  board.say("SoftHangupRequest", second, "Cause: 1\r\n");
  board.tell(
    "call",
    "AttendedTransfer",
    "Result: Success\r\n" + snapshot(transferer, "OrigTransferer") + bridgeLines(oldBridge, "Orig") +
      snapshot(second, "SecondTransferer") + bridgeLines(newBridge, "Second") +
      snapshot(transferee, "Transferee") + snapshot(target.channel, "TransferTarget") +
      `IsExternal: No\r\nDestType: Bridge\r\nDestBridgeUniqueid: ${newBridge.id}\r\n`,
  );
  board.leave(transferer);
  board.connect(target.channel, transferee);
  board.connect(transferee, target.channel);
  board.softHangup(second);
  board.destroyBridge(oldBridge);
  walk.release();
  other.release();
  if (transferee === walk.channel) walk.adopt(target);
  board.hangup(transferer, 16);
  board.hangup(second, 16);
  return { channel: transferee, peer: target };
}

function sidesOf(walk: Walk, from: string): Sides {
  const { channel, peer } = walk;
  if (peer === null) throw new Error(`Cannot transfer: "${from}" does not talk`);
  return peer.number === from || peer.phone.number === from
    ? { transferer: peer.channel, transferee: channel }
    : { transferer: channel, transferee: peer.channel };
}

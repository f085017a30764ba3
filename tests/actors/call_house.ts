/**
 * @module
 * Calls put together over fakes: a clock that is moved by hand, a feed that keeps who was told what, a recorder that
 * commits when it is told, numbers that belong to people. And packets as an Asterisk would send them.
 */
import type { AmiPacket } from "../../actors/ami/packet.ts";
import type { NumberBook } from "../../actors/call_views.ts";
import type { PbxSnapshot } from "../../actors/call_sync.ts";
import { Calls } from "../../actors/calls.ts";
import type { Feed } from "../../actors/feed.ts";
import type { CallRow, WriteUnit } from "../../db/rows.ts";
import { CROWD } from "../../actors/crowd.ts";
import { type FakeClock, fakeClock, FakeWriter } from "./fakes.ts";
import { INTERNAL } from "../machines/call_sets.ts";
import type { CallView } from "../../machines/views.ts";

/** What was published, and to whom. */
export interface Told {
  event: string;
  // deno-lint-ignore no-explicit-any -- tests look into it as they need
  data: any;
  userIds: readonly number[] | null;
}

/** Keeps what is published with its audience. */
export class CallFeed {
  readonly told: Told[] = [];
  resyncs = 0;

  publish(_topic: string, event: string, data: unknown, audience?: { userIds: readonly number[] }): void {
    this.told.push({ event, data, userIds: audience?.userIds ?? null });
  }

  resync(): void {
    this.resyncs++;
  }

  /** Views of calls as somebody saw them, one after another. */
  seenBy(userId: number): CallView[] {
    return this.told.filter(({ event, userIds }) => event === "call.changed" && userIds!.includes(userId))
      .map(({ data }) => data);
  }
}

export const IVAN = { id: 1, name: "Ivan Ivanov" };
export const OTHER = { id: 2, name: "Somebody Else" };
export const COMPANY = { id: 5, name: "ООО Тестовая Компания" };

/** A book whose entries a test can change. */
export class FakeBook implements NumberBook {
  owners: Record<string, { id: number; name: string }> = { "777": IVAN, "888": OTHER };
  companies: Record<string, { id: number; name: string }> = { "74951234567": COMPANY };

  isInternal(number: string): boolean {
    return new RegExp(INTERNAL).test(number);
  }

  ownerOf(number: string): { id: number; name: string } | null {
    return this.owners[number] ?? null;
  }

  companyOf(number: string): { id: number; name: string } | null {
    return this.companies[number] ?? null;
  }
}

interface Logged {
  level: string;
  message: string;
  detail: Record<string, unknown>;
}

export const PBX = "main";

/** Calls of one PBX whose link is up, unless told otherwise. */
export function startCalls(options: { clock?: FakeClock; down?: boolean } = {}) {
  const clock = options.clock ?? fakeClock();
  const writer = new FakeWriter();
  const feed = new CallFeed();
  const book = new FakeBook();
  const logged: Logged[] = [];
  const log = (level: string) => (detail: Record<string, unknown>, message: string) =>
    void logged.push({ level, message, detail });
  const calls = new Calls({
    clock,
    internal: INTERNAL,
    book,
    feed: feed as unknown as Feed,
    record: async (unit: WriteUnit) => void await writer.commit(unit),
    log: { info: log("info"), warn: log("warn"), error: log("error") },
  });
  calls.addPbx(PBX);
  if (!options.down) calls.synced(PBX, snapshot(clock));
  return {
    clock,
    writer,
    feed,
    book,
    logged,
    calls,
    /** Has the PBX say something now. */
    say: (...packets: AmiPacket[]) => packets.forEach((packet) => calls.event(PBX, packet, clock.now())),
    /** The newest row of each call. */
    rows: () => newestRows(writer),
    /** Rows of calls that were not merged into others, the earliest first. */
    kept: () => [...newestRows(writer).values()].filter(({ merged_into }) => merged_into === null),
    settle: async () => {
      for (let i = 0; i < 30; i++) await Promise.resolve();
    },
  };
}

/** A house as `startCalls` makes it. */
export type CallHouse = ReturnType<typeof startCalls>;

/** What a PBX says when its link comes up. */
export function snapshot(clock: FakeClock, more: Partial<PbxSnapshot> = {}): PbxSnapshot {
  return { at: clock.now(), epoch: "first", channels: [], buffered: [], ...more };
}

function newestRows(writer: FakeWriter): Map<string, CallRow> {
  const rows = new Map<string, CallRow>();
  for (const unit of writer.units) for (const row of unit.calls ?? []) rows.set(row.id, row);
  return rows;
}

/** A channel of an Asterisk of tests. */
export interface Channel {
  name: string;
  uniqueid: string;
  linkedid: string;
  number: string;
  callerName?: string;
  exten: string;
  state?: string;
}

/** More calls at once than are told one by one. */
export const MANY = CROWD + 1;

let counter = 0;

/** A channel that nobody else has; the caller unless `linkedid` says whose call it is of. */
export function channel(endpoint: string, options: Partial<Channel> = {}): Channel {
  const uniqueid = options.uniqueid ?? `1795000000.${++counter}`;
  return {
    name: `PJSIP/${endpoint}-${counter.toString(16).padStart(8, "0")}`,
    uniqueid,
    linkedid: uniqueid,
    number: endpoint.replace(/-ep$/, ""),
    exten: "s",
    ...options,
  };
}

/** Headers of a channel, with a prefix such as `dest`. */
export function headers(one: Channel, prefix = "", state = one.state ?? "0"): AmiPacket {
  return {
    [`${prefix}channel`]: one.name,
    [`${prefix}channelstate`]: state,
    [`${prefix}calleridnum`]: one.number,
    [`${prefix}calleridname`]: one.callerName ?? "<unknown>",
    [`${prefix}exten`]: one.exten,
    [`${prefix}context`]: "internal",
    [`${prefix}priority`]: "1",
    [`${prefix}uniqueid`]: one.uniqueid,
    [`${prefix}linkedid`]: one.linkedid,
  };
}

/** What an Asterisk says of channels. */
export const SAYS = {
  newchannel: (one: Channel, state = "4"): AmiPacket => ({ event: "Newchannel", ...headers(one, "", state) }),
  state: (one: Channel, state: string): AmiPacket => ({ event: "Newstate", ...headers(one, "", state) }),
  dialBegin: (from: Channel | null, to: Channel): AmiPacket => ({
    event: "DialBegin",
    ...(from === null ? {} : headers(from)),
    ...headers(to, "dest"),
    dialstring: to.number,
  }),
  dialEnd: (from: Channel | null, to: Channel, status: string): AmiPacket => ({
    event: "DialEnd",
    ...(from === null ? {} : headers(from)),
    ...headers(to, "dest"),
    dialstatus: status,
  }),
  enter: (one: Channel, bridge: string, technology = "simple_bridge", creator = "<unknown>"): AmiPacket => ({
    event: "BridgeEnter",
    ...headers(one, "", "6"),
    bridgeuniqueid: bridge,
    bridgetechnology: technology,
    bridgecreator: creator,
  }),
  leave: (one: Channel, bridge: string): AmiPacket => ({
    event: "BridgeLeave",
    ...headers(one, "", "6"),
    bridgeuniqueid: bridge,
  }),
  hangupRequest: (one: Channel, cause?: string): AmiPacket => ({
    event: "HangupRequest",
    ...headers(one),
    ...(cause === undefined ? {} : { cause }),
  }),
  hangup: (one: Channel, cause = "16"): AmiPacket => ({ event: "Hangup", ...headers(one), cause }),
  /** A line of CoreShowChannels. */
  listed: (
    one: Channel,
    options: { bridge?: string; duration?: string; application?: string; state?: string } = {},
  ): AmiPacket => ({
    event: "CoreShowChannel",
    ...headers(one, "", options.state ?? "6"),
    bridgeid: options.bridge ?? "",
    duration: options.duration ?? "00:00:10",
    application: options.application ?? "Dial",
  }),
};

/** A call to a phone, from outside unless `line` says from where, as far as it is told. */
export function inbound(
  options: { to?: string; endpoint?: string; from?: string; line?: string; name?: string } = {},
) {
  const { to = "777", endpoint = `${to}-ep`, from = "74951234567", line = "trunk-ep", name } = options;
  const caller = channel(line, {
    number: from,
    exten: to,
    ...(name === undefined ? {} : { callerName: name }),
  });
  const phone = channel(endpoint, { linkedid: caller.linkedid });
  const bridge = `bridge-${caller.uniqueid}`;
  return {
    caller,
    phone,
    bridge,
    rings: [
      SAYS.newchannel(caller),
      SAYS.newchannel(phone, "0"),
      SAYS.dialBegin(caller, phone),
      SAYS.state(phone, "5"),
    ],
    answered: [
      SAYS.state(phone, "6"),
      SAYS.dialEnd(caller, phone, "ANSWER"),
      SAYS.state(caller, "6"),
      SAYS.enter(phone, bridge),
      SAYS.enter(caller, bridge),
    ],
    ended: [
      SAYS.hangupRequest(caller, "16"),
      SAYS.leave(caller, bridge),
      SAYS.leave(phone, bridge),
      SAYS.hangup(phone),
      SAYS.hangup(caller),
    ],
    declined: [
      SAYS.hangupRequest(phone, "21"),
      SAYS.dialEnd(caller, phone, "NOANSWER"),
      SAYS.hangup(phone, "21"),
      SAYS.hangup(caller, "21"),
    ],
    unanswered: [
      SAYS.dialEnd(caller, phone, "NOANSWER"),
      SAYS.hangup(phone, "0"),
      SAYS.hangup(caller, "16"),
    ],
  };
}

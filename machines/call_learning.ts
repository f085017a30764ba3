/**
 * @module
 * How a call's record grows: each event adds what it knows, and adding is such that neither order nor repetition of
 * events changes what comes out.
 */
import type { CallEvent, ChannelSeen, DialStatus, ListedChannel, Room } from "./call_events.ts";
import { earliest, isSame, joinChannels, joinDials, latest, least, lesser, stamped } from "./call_joins.ts";
import {
  bridgeNow,
  type CallNote,
  type CallRecord,
  type ChannelRecord,
  compareIds,
  type DialRecord,
  endOf,
  lastTold,
  type Stamped,
  type StayMark,
} from "./call_record.ts";

/** Marks and notes that are kept; a conference may go on for days. */
const MOST = 2000;
/** Channels that are kept. A caller may wait in a queue for hours, and every attempt at an agent is one. */
const MOST_CHANNELS = 1000;
/** How many of them are kept when there are too many: the newest. */
const KEPT_CHANNELS = 800;
/** How long after its end something may be told of a channel. */
const LATE_MS = 60_000;
/** Places in a dialplan that nobody dials. */
const NOT_DIALLED = new Set(["", "s", "h", "i", "t", "T", "o", "a", "e", "fax", "failed"]);

/** Adds what an event tells; the same object when that is nothing new. */
export function learn(record: CallRecord, event: CallEvent): CallRecord {
  const draft = new Draft(record);
  draft.take(event);
  return draft.result();
}

/** All that two records know, which turned out to be of one call. */
export function join(one: CallRecord, other: CallRecord): CallRecord {
  const draft = new Draft(one);
  draft.join(other);
  return draft.result();
}

/** Changes a copy, of what it touches only. */
class Draft {
  #record: CallRecord;
  #channels: Record<string, ChannelRecord> | null = null;
  #dials: Record<string, DialRecord> | null = null;
  #changed = false;
  #grew = false;

  constructor(record: CallRecord) {
    this.#record = record;
  }

  result(): CallRecord {
    if (!this.#changed) return this.#record;
    if (this.#grew) this.#forget();
    return {
      ...this.#record,
      channels: this.#channels ?? this.#record.channels,
      dials: this.#dials ?? this.#record.dials,
    };
  }

  take(event: CallEvent): void {
    switch (event.type) {
      case "channel.seen":
        this.#see(event.channel, event.at);
        if (event.created) this.#created(event.channel, event.at);
        return;
      case "channel.answered":
        this.#see(event.channel, event.at);
        return this.#change(event.channel, (old) => ({ answerAt: least(old.answerAt, event.at) }));
      case "channel.hangup_requested":
        this.#see(event.channel, event.at, false);
        return this.#change(event.channel, (old) => ({
          hangupRequest: earliest(old.hangupRequest, { at: event.at, value: event.cause }),
        }));
      case "channel.hungup":
        this.#see(event.channel, event.at, false);
        return this.#change(event.channel, (old) => ({
          hangup: earliest(old.hangup, { at: event.at, value: event.cause }),
        }));
      case "dial.began":
        this.#ends(event);
        return this.#dial(event, { beganAt: event.at });
      case "dial.rang":
        this.#ends(event);
        this.#change(event.to, (old) => ({ ringingAt: least(old.ringingAt, event.at) }));
        return this.#dial(event, {});
      case "dial.ended":
        this.#ends(event);
        return this.#dial(event, { end: { at: event.at, value: event.status } });
      case "bridge.entered":
        this.#see(event.channel, event.at);
        if (event.room !== "talk") this.#room(event.bridge, event.room);
        return this.#stay({
          channel: event.channel.uniqueid,
          bridge: event.bridge,
          at: event.at,
          enters: true,
        });
      case "bridge.left":
        this.#see(event.channel, event.at, false);
        return this.#stay({
          channel: event.channel.uniqueid,
          bridge: event.bridge,
          at: event.at,
          enters: false,
        });
      case "local.paired":
        this.#see(event.one, event.at);
        return this.#see(event.two, event.at);
      case "call.picked_up":
        this.#see(event.by, event.at);
        this.#see(event.target, event.at);
        return this.#note({
          kind: "picked_up",
          at: event.at,
          by: event.by.uniqueid,
          target: event.target.uniqueid,
        });
      case "call.transferred":
        for (const channel of [event.by, ...event.others]) this.#see(channel, event.at);
        return this.#note({
          kind: "transferred",
          at: event.at,
          how: event.how,
          by: event.by.uniqueid,
          to: event.to,
          success: event.success,
        });
      case "queue.joined":
      case "queue.left": {
        this.#see(event.channel, event.at);
        const kind = event.type === "queue.joined"
          ? "queued"
          : event.abandoned
          ? "queue_abandoned"
          : "dequeued";
        return this.#note({ kind, at: event.at, channel: event.channel.uniqueid, queue: event.queue });
      }
      case "call.parked":
        this.#see(event.channel, event.at);
        return this.#note({
          kind: "parked",
          at: event.at,
          channel: event.channel.uniqueid,
          space: event.space,
        });
      case "conference.joined":
        this.#see(event.channel, event.at);
        return this.#note({
          kind: "conference",
          at: event.at,
          channel: event.channel.uniqueid,
          conference: event.conference,
        });
      case "operator.accepted":
        return this.#note({ kind: "accepted", at: event.at, by: event.by });
      case "operator.rejected":
        return this.#note({ kind: "rejected", at: event.at, by: event.by, uniqueids: event.uniqueids });
      case "operator.hungup":
        return this.#note({ kind: "hangup_asked", at: event.at, by: event.by });
      case "operator.transferred":
        return this.#note({ kind: "transfer_asked", at: event.at, by: event.by, to: event.to });
      case "operator.noted":
        return this.#remark({ at: event.at, value: event.notes });
      case "sync.listed":
        return this.#listedAll(event);
      case "sync.gone":
        return this.#gone(event);
      case "call.merged":
        return this.join(event.record as CallRecord);
      case "resume":
        return;
      default:
        return event satisfies never;
    }
  }

  join(other: CallRecord): void {
    for (const id of other.linkedIds) this.#linked(id);
    for (const channel of Object.values(other.channels)) {
      const known = this.#channel(channel.uniqueid);
      this.#set(known === undefined ? channel : joinChannels(known, channel));
    }
    for (const dial of Object.values(other.dials)) {
      const known = (this.#dials ?? this.#record.dials)[dial.to];
      this.#setDial(known === undefined ? dial : joinDials(known, dial));
    }
    for (const mark of other.stays) this.#stay(mark);
    for (const [bridge, room] of Object.entries(other.rooms)) this.#room(bridge, room);
    for (const note of other.notes) this.#note(note);
    if (other.remarks !== null) this.#remark(other.remarks);
  }

  #see(seen: ChannelSeen, at: number, begun = true): void {
    this.#linked(seen.linkedid);
    const name = { at, value: seen.name };
    const news = {
      uniqueid: seen.uniqueid,
      name,
      nameNow: name,
      createdAt: at,
      begun,
      dialledExten: null,
      exten: seen.exten === null || NOT_DIALLED.has(seen.exten) ? null : { at, value: seen.exten },
      context: stamped(seen.context, at),
      callerNumber: stamped(seen.callerNumber, at),
      callerName: stamped(seen.callerName, at),
      upAt: seen.state === 6 ? at : null,
      ringingAt: seen.state === 5 ? at : null,
      answerAt: null,
      hangupRequest: null,
      hangup: null,
      lost: null,
      dialled: false,
    };
    const known = this.#channel(seen.uniqueid);
    this.#set(known === undefined ? news : joinChannels(known, news));
  }

  #created({ uniqueid, exten }: ChannelSeen, at: number): void {
    this.#change({ uniqueid }, (old) => ({
      createdAt: Math.min(old.createdAt, at),
      dialledExten: exten === null || NOT_DIALLED.has(exten)
        ? old.dialledExten
        : lesser(old.dialledExten, exten),
    }));
  }

  #ends({ from, to, at }: { from: ChannelSeen | null; to: ChannelSeen; at: number }): void {
    if (from !== null) this.#see(from, at);
    this.#see(to, at);
    if (from !== null) this.#change(to, () => ({ dialled: true }));
  }

  #dial(
    event: { from: ChannelSeen | null; to: ChannelSeen; at: number },
    news: { beganAt?: number; end?: Stamped<DialStatus> },
  ): void {
    const dial: DialRecord = {
      to: event.to.uniqueid,
      from: event.from?.uniqueid ?? null,
      // That it ends shows that it began; when, an event that comes late may tell.
      beganAt: news.beganAt ?? event.at,
      end: news.end ?? null,
    };
    const known = (this.#dials ?? this.#record.dials)[dial.to];
    this.#setDial(known === undefined ? dial : joinDials(known, dial));
  }

  #stay(mark: StayMark): void {
    const { stays } = this.#record;
    const known = stays.some((other) =>
      other.at === mark.at && other.channel === mark.channel && other.bridge === mark.bridge &&
      other.enters === mark.enters
    );
    if (known || stays.length >= MOST) return;
    this.#record = { ...this.#record, stays: [...stays, mark] };
    this.#changed = true;
  }

  #room(bridge: string, room: Exclude<Room, "talk">): void {
    if (this.#record.rooms[bridge] !== undefined) return;
    this.#record = { ...this.#record, rooms: { ...this.#record.rooms, [bridge]: room } };
    this.#changed = true;
  }

  #note(note: CallNote): void {
    const { notes } = this.#record;
    const text = JSON.stringify(note);
    if (notes.length >= MOST || notes.some((other) => JSON.stringify(other) === text)) return;
    this.#record = { ...this.#record, notes: [...notes, note] };
    this.#changed = true;
  }

  /** Of what people write, the newest counts. */
  #remark(remark: Stamped<string>): void {
    const known = this.#record.remarks;
    if (known !== null && latest(known, remark) === known) return;
    this.#record = { ...this.#record, remarks: remark };
    this.#changed = true;
  }

  #listedAll({ at, lostAt, channels }: { at: number; lostAt: number; channels: ListedChannel[] }): void {
    const since = this.#since(lostAt); // before the lists themselves count as heard
    for (const channel of channels) this.#listed(channel, { at, since });
  }

  #listed(listed: ListedChannel, { at, since }: { at: number; since: number }): void {
    const before = this.#channel(listed.uniqueid);
    this.#see(listed, at);
    this.#change(listed, (old) => ({
      createdAt: Math.min(old.createdAt, listed.createdAt),
      dialled: old.dialled || listed.dialled,
      lost: null,
    }));
    const bridge = bridgeNow(this.#record, listed.uniqueid);
    if (bridge === listed.bridge) return;
    const mark = { channel: listed.uniqueid };
    if (bridge !== null) this.#stay({ ...mark, bridge, at: since, enters: false });
    if (listed.bridge !== null) {
      this.#stay({
        ...mark,
        bridge: listed.bridge,
        at: before === undefined ? listed.createdAt : at,
        enters: true,
      });
    }
  }

  #gone({ lostAt, uniqueids }: { lostAt: number; uniqueids: string[] | "all" }): void {
    const since = this.#since(lostAt);
    for (const channel of Object.values(this.#channels ?? this.#record.channels)) {
      if (uniqueids !== "all" && !uniqueids.includes(channel.uniqueid)) continue;
      if (endOf(channel) === null) this.#set({ ...channel, lost: since });
    }
  }

  /** From when on nothing was heard: never before what was heard last, whatever a mark says that is written now and then. */
  #since(lostAt: number): number {
    return Math.max(
      lostAt,
      lastTold({ ...this.#record, channels: this.#channels ?? this.#record.channels }) + 1,
    );
  }

  #linked(id: string): void {
    if (id === "" || this.#record.linkedIds.includes(id)) return;
    this.#record = { ...this.#record, linkedIds: [...this.#record.linkedIds, id].sort(compareIds) };
    this.#changed = true;
  }

  #channel(uniqueid: string): ChannelRecord | undefined {
    return (this.#channels ?? this.#record.channels)[uniqueid];
  }

  #change({ uniqueid }: { uniqueid: string }, change: (old: ChannelRecord) => Partial<ChannelRecord>): void {
    const old = this.#channel(uniqueid)!;
    this.#set({ ...old, ...change(old) });
  }

  #set(channel: ChannelRecord): void {
    const known = this.#channel(channel.uniqueid);
    if (known !== undefined && isSame(known, channel)) return;
    this.#channels ??= { ...this.#record.channels };
    this.#channels[channel.uniqueid] = channel;
    this.#changed = true;
    if (known === undefined) this.#grew = true;
  }

  /** Lets go of the eldest attempts that came to nothing, when there are too many. */
  #forget(): void {
    const channels = Object.values(this.#channels!);
    if (channels.length <= MOST_CHANNELS) return;
    const newest = Math.max(...channels.map(({ createdAt }) => createdAt));
    const spent = channels.filter((channel) =>
      // What ended just now may be spoken of once more, and would come back as one that lives.
      (endOf(channel) ?? Infinity) < newest - LATE_MS && channel.upAt === null && channel.answerAt === null &&
      !this.#record.linkedIds.includes(channel.uniqueid)
    ).sort((one, other) => one.createdAt - other.createdAt || compareIds(one.uniqueid, other.uniqueid));
    this.#dials ??= { ...this.#record.dials };
    for (const { uniqueid } of spent.slice(0, channels.length - KEPT_CHANNELS)) {
      delete this.#channels![uniqueid];
      delete this.#dials[uniqueid];
    }
  }

  #setDial(dial: DialRecord): void {
    const known = (this.#dials ?? this.#record.dials)[dial.to];
    if (known !== undefined && isSame(known, dial)) return;
    this.#dials ??= { ...this.#record.dials };
    this.#dials[dial.to] = dial;
    this.#changed = true;
  }
}

/**
 * @module
 * The calls: one actor each. It routes what the PBXs say to the actors, makes one of two that turn out to be the
 * same, reconciles them with what a PBX lists, and tells the database and the feed what they come to.
 */
import { monotonicFactory } from "ulid";
import type { OpenCall } from "../db/calls.ts";
import type { AuditRow, WriteUnit } from "../db/rows.ts";
import { callMachine } from "../machines/call.ts";
import type { CallEvent, ChannelSeen } from "../machines/call_events.ts";
import { type CallRecord, compareIds } from "../machines/call_record.ts";
import type { Story } from "../machines/call_story.ts";
import type { CallDetailView, CallView } from "../machines/views.ts";
import { channelsOf, decodeCallEvent } from "./ami/decode.ts";
import type { AmiPacket } from "./ami/packet.ts";
import { isSameEpoch } from "./ami/sync.ts";
import { CallIndex } from "./call_index.ts";
import { type CallsLog, sayOf } from "./call_log.ts";
import { type CallPlace, callRow, restoreRecord } from "./call_rows.ts";
import { CallSaver } from "./call_saver.ts";
import { goneOf, type PbxSnapshot, readLists } from "./call_sync.ts";
import { callView, isSameView, type NumberBook, withoutCourse } from "./call_views.ts";
import type { Clock } from "./clock.ts";
import { CROWD } from "./crowd.ts";
import type { Feed } from "./feed.ts";
import { Hub, type Turn } from "./hub.ts";

interface CallsOptions {
  clock: Clock;
  /** Pattern of internal numbers. */
  internal: string;
  book: NumberBook;
  feed: Feed;
  record: (unit: WriteUnit) => Promise<void>;
  /** Whether so much waits for the database that rows are better made later. */
  isBehind?: () => boolean;
  log: CallsLog;
  /** Called with what a call shows when that changed. */
  onChanged?: (view: CallDetailView) => void;
  /** A call became part of another. */
  onGone?: (id: string, pbx: string) => void;
}

interface Entry {
  id: string;
  place: CallPlace;
  /** The last good record, should the actor fail. */
  record: CallRecord;
  story: Story;
  view: CallDetailView;
  /** Readers were told of it. */
  shown: boolean;
  /** It was said that nobody owns its number. */
  warned: boolean;
}

interface Pbx {
  name: string;
  up: boolean;
  epoch: string;
  lostAt: number;
  index: CallIndex;
}

type Turned = Turn<typeof callMachine>;

/** How long a call that is over is told to whoever begins to look. */
const SHOWN_AFTER_MS = 60_000;
const MOST_SHOWN = 1000;

/** Holds the calls' actors. `stop()` stops their timers. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #hub: Hub<typeof callMachine>;
  readonly #entries = new Map<string, Entry>();
  readonly #pbxs = new Map<string, Pbx>();
  /** Calls that are over for good, by when; the eldest first. */
  readonly #past = new Map<string, { view: CallDetailView; at: number }>();
  /** Calls that went into others. */
  readonly #merged = new Map<string, string>();
  readonly #quarantined = new Set<string>();
  readonly #saver: CallSaver;
  readonly #ulid = monotonicFactory();
  #taken = 0;
  #ignored = 0;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.#hub = new Hub({
      machine: callMachine,
      clock: options.clock,
      onTimer: (turn) => this.#turned(turn),
      onFailed: (id, error) => this.#quarantine(id, error),
    });
    this.#saver = new CallSaver(options.record, options.isBehind);
  }

  /** Calls that go on, and those that ended a moment ago. */
  get size(): number {
    return this.#entries.size;
  }

  /** Events that calls took, since the start. */
  get taken(): number {
    return this.#taken;
  }

  /** Events of calls that were over for good. */
  get ignored(): number {
    return this.#ignored;
  }

  /** Calls whose actor failed or whose stored state was damaged, since the start. */
  get quarantined(): string[] {
    return [...this.#quarantined];
  }

  /** Makes the PBXs known whose calls there are. */
  addPbx(name: string): void {
    const { clock } = this.#options;
    this.#pbxs.set(name, { name, up: false, epoch: "", lostAt: clock.now(), index: new CallIndex() });
  }

  /**
   * Takes up calls of a former run. `heardUntilOf` is until when that had been listening to a PBX; null when that is
   * not known, and then a call is known until the last that was heard of it. Call it after `addPbx`.
   */
  restore(rows: readonly OpenCall[], heardUntilOf: (pbx: string) => number | null): void {
    const { clock, log } = this.#options;
    for (const row of rows) {
      const heardUntil = heardUntilOf(row.pbx) ?? 0;
      const { record, damaged } = restoreRecord(row, clock);
      if (damaged !== null) {
        this.#quarantined.add(row.id);
        log.error({ call: row.id, damaged }, "A call's stored state was damaged and was rebuilt");
      }
      const pbx = this.#pbxs.get(row.pbx);
      const entry = this.#start(row.id, { pbx: row.pbx, epoch: row.epoch }, { record, view: row.view });
      if (pbx !== undefined) {
        // The eldest come first: only what is of the last run of the PBX may still be found by its ids.
        if (!isSameEpoch(pbx.epoch, row.epoch)) pbx.index.clear();
        pbx.epoch = row.epoch;
        pbx.lostAt = heardUntil;
        pbx.index.add(idsOf(entry.record), row.id);
      }
      const now = clock.now();
      // Nobody will ever tell of the calls of a PBX that is not asked any more.
      this.#deliver(
        row.id,
        pbx === undefined
          ? { type: "sync.gone", at: now, lostAt: heardUntil, uniqueids: "all" }
          : { type: "resume", at: now, heardUntil },
      );
    }
  }

  /** Takes what a PBX says while its link is up. */
  event(pbxName: string, packet: AmiPacket, at: number): void {
    const event = decodeCallEvent(packet, at);
    if (event !== null) this.#take(this.#pbx(pbxName), event);
  }

  /** Takes what a PBX lists when its link came up: what is gone has ended, what is new is shown. */
  synced(pbxName: string, snapshot: PbxSnapshot): void {
    const pbx = this.#pbx(pbxName);
    const { at, epoch, buffered } = snapshot;
    const mine = () => [...this.#entries.values()].filter(({ place }) => place.pbx === pbxName);
    const lostAt = pbx.up ? at : pbx.lostAt;
    pbx.up = true;
    // Ids that come again after a restart are of other calls.
    if (!isSameEpoch(pbx.epoch, epoch)) pbx.index.clear();
    pbx.epoch = epoch;
    for (const entry of mine()) {
      if (isSameEpoch(entry.place.epoch, epoch)) {
        entry.place = { ...entry.place, epoch };
        pbx.index.add(idsOf(entry.record), entry.id);
      } else {
        this.#deliver(entry.id, { type: "sync.gone", at, lostAt, uniqueids: "all" });
      }
    }
    const { calls, present } = readLists(snapshot);
    for (const { id, record, place } of mine()) {
      if (place.epoch !== epoch) continue;
      const uniqueids = goneOf(record, present);
      if (uniqueids.length > 0) this.#deliver(id, { type: "sync.gone", at, lostAt, uniqueids });
    }
    for (const channels of calls) this.#take(pbx, { type: "sync.listed", at, lostAt, channels });
    for (const { packet, at: heardAt } of buffered) this.event(pbxName, packet, heardAt);
    this.#shownAgain(pbxName);
  }

  /** The link to a PBX went down: what is shown of its calls may be over. */
  down(pbxName: string, at: number): void {
    const pbx = this.#pbx(pbxName);
    if (!pbx.up) return;
    pbx.up = false;
    pbx.lostAt = at;
    this.#shownAgain(pbxName);
  }

  /** Names or owners changed: what is shown of live calls is made anew. */
  namesChanged(): void {
    this.#shownAgain(null);
  }

  /** Calls that go on, and those that ended less than a minute ago; newest first. */
  list(): CallView[] {
    const since = this.#options.clock.now() - SHOWN_AFTER_MS;
    const past = [...this.#past.values()].filter(({ at }) => at >= since).map(({ view }) => view);
    return [...this.#shown().map(({ view }) => view), ...past].map(withoutCourse)
      .sort((one, other) => one.started_at < other.started_at ? 1 : -1);
  }

  /** One call that is in memory, under its own id or one that it took in; or null. */
  get(id: string): CallDetailView | null {
    const own = this.#merged.get(id) ?? id;
    const entry = this.#entries.get(own);
    if (entry !== undefined) return entry.story.isWorthTelling ? entry.view : null;
    return this.#past.get(own)?.view ?? null;
  }

  /** The story of a call that goes on, for whoever acts on it; or null. */
  storyOf(id: string): { id: string; pbx: string; isUp: boolean; story: Story; record: CallRecord } | null {
    const entry = this.#entries.get(this.#merged.get(id) ?? id);
    if (entry === undefined) return null;
    const { pbx } = entry.place;
    return {
      id: entry.id,
      pbx,
      isUp: this.#pbxs.get(pbx)?.up ?? false,
      story: entry.story,
      record: entry.record,
    };
  }

  /** Has a call take what somebody did to it. Resolves when that is committed, with its line in the audit log. */
  async act(id: string, event: CallEvent, audit: AuditRow): Promise<void> {
    // While the PBX was asked it may have become part of another, or be over for good: it was done all the same.
    const own = this.#merged.get(id) ?? id;
    const turn = this.#hub.send(own, event);
    const entry = this.#entries.get(own);
    if (turn === null || entry === undefined) return await this.#options.record({ audit: [audit] });
    this.#learned(entry, turn);
    this.#show(entry);
    await this.#save(entry, { audit: [audit] });
  }

  /** A call that is over was written to beside its actor. */
  noted(view: CallDetailView): void {
    const past = this.#past.get(view.id);
    if (past !== undefined) this.#past.set(view.id, { ...past, view });
    this.#options.feed.publish("calls", "call.changed", withoutCourse(view), { userIds: view.party_ids });
  }

  /** Calls by status, for metrics. */
  counts(): Record<"incoming" | "answered", number> {
    const counts = { incoming: 0, answered: 0 };
    for (const { story: { status } } of this.#entries.values()) {
      if (status === "incoming" || status === "answered") counts[status]++;
    }
    return counts;
  }

  /** Writes what was held back; call it when the database is back. */
  catchUp(): void {
    this.#saver.release();
  }

  /** Stops all timers, and hands over what waits to be written. */
  stop(): void {
    this.#hub.stop();
    this.#saver.flush();
  }

  #take(pbx: Pbx, event: CallEvent): void {
    const channels = channelsOf(event);
    const found = pbx.index.find(channels);
    if (found.length === 0) {
      if (pbx.index.areOver(channels, this.#options.clock.now())) return void this.#ignored++;
      const { id } = this.#begin(pbx, event.at);
      found.push(id);
    }
    const id = found.length === 1 ? found[0]! : this.#merge(pbx, found, event.at);
    pbx.index.add(channels.flatMap(({ uniqueid, linkedid }: ChannelSeen) => [uniqueid, linkedid]), id);
    this.#taken++;
    this.#deliver(id, event);
  }

  #begin(pbx: Pbx, at: number): Entry {
    const id = this.#ulid(this.#options.clock.toWall(at));
    return this.#start(id, { pbx: pbx.name, epoch: pbx.epoch });
  }

  #start(id: string, place: CallPlace, from?: { record: CallRecord; view: CallDetailView }): Entry {
    const { clock, internal } = this.#options;
    const input = { id, internal, at: clock.now(), ...(from === undefined ? {} : { record: from.record }) };
    this.#hub.start(id, { input });
    const { context } = this.#hub.get(id)!;
    const entry: Entry = {
      id,
      place,
      record: context.record,
      story: context.story,
      view: this.#view(id, place, context.story, from?.view ?? null),
      shown: false,
      warned: false,
    };
    this.#entries.set(id, entry);
    return entry;
  }

  /** Makes one call of several; the one that began first goes on. */
  #merge(pbx: Pbx, ids: string[], at: number): string {
    const entries = ids.map((id) => this.#entries.get(id)!);
    const rank = ({ record }: Entry) => record.linkedIds[0] ?? "";
    const [kept, ...others] = entries.sort((one, other) => compareIds(rank(one), rank(other)));
    const { id } = kept!;
    const rows = others.filter(({ story }) => story.isWorthTelling).map((other) =>
      callRow({ ...other, record: null, mergedInto: id }, this.#options.clock)
    );
    for (const other of others) {
      this.#hub.remove(other.id);
      this.#entries.delete(other.id);
      this.#remember(other.id, id);
      pbx.index.add(idsOf(other.record), id);
      this.#options.onGone?.(other.id, pbx.name);
    }
    for (const other of others) {
      this.#deliver(id, { type: "call.merged", at, record: other.record });
      if (!other.story.isWorthTelling) continue;
      const audience = { userIds: other.view.party_ids };
      this.#options.feed.publish("calls", "call.removed", { id: other.id, into: id }, audience);
    }
    if (rows.length > 0) {
      const row = callRow({ ...kept!, record: kept!.record }, this.#options.clock);
      this.#saver.merge(row, rows).catch((err) =>
        this.#options.log.error({ err, call: id }, "Calls that are one could not be recorded")
      );
    }
    return id;
  }

  #remember(id: string, into: string): void {
    for (const [old, target] of this.#merged) if (target === id) this.#merged.set(old, into);
    this.#merged.set(id, into);
    if (this.#merged.size > MOST_SHOWN) this.#merged.delete(this.#merged.keys().next().value!);
  }

  #deliver(id: string, event: CallEvent): void {
    const turn = this.#hub.send(id, event);
    if (turn !== null) this.#turned(turn);
  }

  #turned(turn: Turned): void {
    const entry = this.#entries.get(turn.key);
    if (entry === undefined) return;
    const changed = this.#learned(entry, turn);
    if (turn.after.status === "done") return this.#close(entry);
    if (!changed || !entry.story.isWorthTelling) return;
    this.#show(entry);
    // What is not shown may be what the rest of the call is told by, should another run take it up.
    this.#quietly(entry);
  }

  #learned(entry: Entry, { after }: Turned): boolean {
    const { record, story } = after.context;
    if (record === entry.record) return false;
    Object.assign(entry, { record, story });
    return true;
  }

  /** Tells readers what changed, if anything that is shown did. */
  #show(entry: Entry): void {
    const view = this.#view(entry.id, entry.place, entry.story, entry.view);
    if (entry.shown && isSameView(view, entry.view)) return;
    const before = entry.view;
    Object.assign(entry, { view, shown: true });
    this.#options.onChanged?.(view);
    const { feed } = this.#options;
    const left = before.party_ids.filter((userId) => !view.party_ids.includes(userId));
    // It is theirs no more. Who reads all calls hears this too, and the next message gives it back to them.
    if (left.length > 0) {
      feed.publish("calls", "call.removed", { id: entry.id, into: null }, { userIds: left });
    }
    feed.publish("calls", "call.changed", withoutCourse(view), { userIds: view.party_ids });
    const { book, log } = this.#options;
    sayOf(view, { before, warned: entry.warned, book, log });
    entry.warned ||= view.unknown_number;
  }

  #close(entry: Entry): void {
    const { clock } = this.#options;
    const now = clock.now();
    this.#hub.remove(entry.id);
    this.#entries.delete(entry.id);
    const pbx = this.#pbxs.get(entry.place.pbx);
    // After a restart of the PBX the same ids may be of calls that go on.
    if (pbx !== undefined && isSameEpoch(pbx.epoch, entry.place.epoch)) {
      pbx.index.remove(idsOf(entry.record), entry.id, now);
    }
    if (!entry.story.isWorthTelling) return;
    this.#past.set(entry.id, { view: entry.view, at: now });
    for (const [id, { at }] of this.#past) {
      if (at >= now - SHOWN_AFTER_MS && this.#past.size <= MOST_SHOWN) break;
      this.#past.delete(id);
    }
    this.#quietly(entry);
  }

  #quietly(entry: Entry, extra: WriteUnit = {}): void {
    this.#save(entry, extra).catch((err) =>
      this.#options.log.error({ err, call: entry.id }, "A call could not be recorded")
    );
  }

  #save(entry: Entry, extra: WriteUnit = {}): Promise<void> {
    const row = () => {
      const live = this.#entries.get(entry.id);
      return callRow({ ...live ?? entry, record: live?.record ?? null }, this.#options.clock);
    };
    return this.#saver.save(entry.id, row, extra);
  }

  #view(id: string, { pbx }: CallPlace, story: Story, before: CallDetailView | null): CallDetailView {
    const { book, clock } = this.#options;
    return callView(story, { id, pbx, book, clock, before, uncertain: !(this.#pbxs.get(pbx)?.up ?? false) });
  }

  /** Of one PBX, or of all. */
  #shownAgain(pbxName: string | null): void {
    const entries = this.#shown().filter(({ place }) => pbxName === null || place.pbx === pbxName);
    for (const entry of entries) this.#show(entry);
    if (entries.length > CROWD) this.#options.feed.resync("calls");
  }

  #shown(): Entry[] {
    return [...this.#entries.values()].filter(({ story }) => story.isWorthTelling);
  }

  #quarantine(id: string, err: unknown): void {
    this.#options.log.error({ err, call: id }, "A call's actor failed and was started anew");
    this.#quarantined.add(id);
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#start(id, entry.place, entry);
  }

  #pbx(name: string): Pbx {
    const pbx = this.#pbxs.get(name);
    if (pbx === undefined) throw new Error(`Cannot take calls of ${name}: it is not known`);
    return pbx;
  }
}

/** All ids that a call's channels are known by. */
function idsOf(record: CallRecord): string[] {
  return [...record.linkedIds, ...Object.keys(record.channels)];
}

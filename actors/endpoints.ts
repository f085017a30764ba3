/**
 * @module
 * The SIP endpoints: one actor each. It routes what the PBXs say to the actors, reconciles them with what a PBX lists,
 * and tells the database and the feed what they come to. Which calls an endpoint is in is derived from the calls.
 */
import { monotonicFactory } from "ulid";
import type { StoredAlert, StoredEndpoint, StoredGap } from "../db/endpoints.ts";
import type { EndpointChangeRow, WriteUnit } from "../db/rows.ts";
import { alertDueAt, calmAt, endpointMachine, type EndpointSettings } from "../machines/endpoint.ts";
import type { EndpointEvent, EndpointFact } from "../machines/endpoint_events.ts";
import type { EndpointAlertView, EndpointStatus, EndpointView } from "../machines/endpoint_views.ts";
import type { CallDetailView } from "../machines/views.ts";
import { decodeEndpointEvent } from "./ami/decode_endpoint.ts";
import type { AmiPacket } from "./ami/packet.ts";
import type { AmiSnapshot } from "./ami/sync.ts";
import type { NumberBook } from "./call_views.ts";
import { type Clock, toIso } from "./clock.ts";
import { CROWD } from "./crowd.ts";
import { EndpointAlerts } from "./endpoint_alerts.ts";
import { EndpointCalls, keyOf } from "./endpoint_calls.ts";
import { type EndpointDetails, type ListedState, readEndpointLists } from "./endpoint_lists.ts";
import { type AskList, EndpointReader } from "./endpoint_reader.ts";
import { endpointRow, restoreEndpoint } from "./endpoint_rows.ts";
import { type EndpointPlace, endpointView, isSameEndpoint } from "./endpoint_views.ts";
import type { Feed } from "./feed.ts";
import { Hub, type Turn } from "./hub.ts";
import type { Logger } from "./logger.ts";
import { PbxGaps } from "./pbx_gaps.ts";

interface EndpointsOptions {
  clock: Clock;
  settings: EndpointSettings;
  book: Pick<NumberBook, "ownerOf">;
  feed: Pick<Feed, "publish" | "resync">;
  record: (unit: WriteUnit) => Promise<void>;
  /** Whether so much waits for the database that rows are better made later. */
  isBehind?: () => boolean;
  ask: AskList;
  log: Pick<Logger, "info" | "warn" | "error">;
  /** Called when endpoints came or went, or are made of something else. */
  onNames?: () => void;
}

interface Entry {
  place: EndpointPlace;
  view: EndpointView;
  /** What its row says, but for times of looking. */
  stored: string;
}

type Turned = Turn<typeof endpointMachine>;

const NOTHING: EndpointDetails = { aors: [], auths: [], transport: null };

/** Several PBXs have an endpoint of that name. */
export class AmbiguousEndpoint extends Error {
  override name = "AmbiguousEndpoint";
  readonly pbxs: string[];

  constructor(endpoint: string, pbxs: string[]) {
    super(`Cannot tell which ${JSON.stringify(endpoint)} is meant: ${pbxs.join(", ")} have one`);
    this.pbxs = pbxs;
  }
}

/** The machine with timers that ask the clock: by itself it knows the time of its last event only. */
function exactMachine(clock: Clock) {
  return endpointMachine.provide({
    delays: {
      tooLong: ({ context }) => Math.max(0, alertDueAt(context) - clock.now()),
      calm: ({ context }) => Math.max(0, calmAt(context) - clock.now()),
    },
  });
}

/** Holds the endpoints' actors. `stop()` stops their timers. */
export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #hub: Hub<typeof endpointMachine>;
  readonly #entries = new Map<string, Entry>();
  readonly #pbxs: PbxGaps;
  readonly #calls = new EndpointCalls();
  readonly #alerts: EndpointAlerts;
  readonly #reader: EndpointReader;
  readonly #ulid = monotonicFactory();
  readonly #quarantined = new Set<string>();
  /** Endpoints whose row is to be made when the database is back. */
  readonly #held = new Set<string>();
  /** What changes while many do at once, told at the end of it. */
  #crowd: Set<string> | null = null;
  /** Names or AORs changed since that was last told. */
  #named = false;
  #taken = 0;

  constructor(options: EndpointsOptions) {
    this.#options = options;
    this.#pbxs = new PbxGaps({
      clock: options.clock,
      write: (pbxGap) => this.#record(pbxGap.pbx, { pbxGap }),
    });
    this.#hub = new Hub({
      machine: exactMachine(options.clock),
      clock: options.clock,
      onTimer: (turn) => this.#turned(turn),
      onFailed: (key, error) => this.#quarantine(key, error),
    });
    this.#alerts = new EndpointAlerts(options);
    this.#reader = new EndpointReader({
      ...options,
      onDetail: (pbx, name, state) => this.#detail(pbx, name, state),
      onLists: (pbx, states) => this.#lists(pbx, states, { sync: false }),
    });
  }

  /** Endpoints that are known. */
  get size(): number {
    return this.#entries.size;
  }

  /** Events that endpoints took, since the start. */
  get taken(): number {
    return this.#taken;
  }

  /** Endpoints whose actor failed or whose stored state was damaged, since the start. */
  get quarantined(): string[] {
    return [...this.#quarantined];
  }

  /** Makes the PBXs known whose endpoints there are. */
  addPbx(name: string): void {
    this.#pbxs.add(name);
  }

  /** Whether there is such a PBX. */
  hasPbx(name: string): boolean {
    return this.#pbxs.has(name);
  }

  /** Names of the PBXs. */
  get pbxs(): string[] {
    return this.#pbxs.names;
  }

  /**
   * Takes up endpoints, alerts and gaps of a former run. `heardUntilOf` is until when that had been listening to a PBX;
   * null when that is not known. Call it after `addPbx`.
   */
  restore(
    { endpoints, alerts, gaps }: { endpoints: StoredEndpoint[]; alerts: StoredAlert[]; gaps: StoredGap[] },
    heardUntilOf: (pbx: string) => number | null,
  ): void {
    const { clock, settings, log } = this.#options;
    this.#pbxs.restore(gaps, heardUntilOf);
    this.#alerts.restore(alerts);
    for (const row of endpoints) {
      const key = keyOf(row.pbx, row.name);
      const { place, snapshot, damaged } = restoreEndpoint(row, settings, clock);
      if (damaged !== null) {
        this.#quarantined.add(key);
        log.error({ endpoint: key, damaged }, "An endpoint's stored state was damaged and was rebuilt");
      }
      // Nobody will ever tell of the endpoints of a PBX that is not asked any more.
      if (!this.#pbxs.has(row.pbx)) continue;
      const { known, lastOnlineAt } = snapshot.context;
      const now = clock.now();
      // A run that was killed may have written one of the two and not the other.
      if (known?.status !== "offline") this.#alerts.back(row.pbx, row.name, now);
      else if (this.#alerts.idOf(row.pbx, row.name) === null) snapshot.context.alerted = false;
      this.#hub.start(key, { snapshot });
      const heardUntil = this.#pbxs.silentSince(row.pbx) ?? lastOnlineAt ?? now;
      this.#hub.send(key, { type: "resume", at: now, heardUntil });
      const entry: Entry = { place, view: null!, stored: "" };
      entry.view = this.#view(key, entry);
      entry.stored = this.#essence(key, entry);
      this.#entries.set(key, entry);
    }
    this.#alerts.forgetAllBut((pbx, name) => this.#entries.has(keyOf(pbx, name)));
    this.#options.onNames?.();
  }

  /** Takes what a PBX says while its link is up. */
  event(pbx: string, packet: AmiPacket, at: number): void {
    // An endpoint that is new in the configuration is told by nothing else.
    if (packet.event === "Reload") return this.#reader.wantAll(pbx);
    const said = decodeEndpointEvent(packet, at);
    if (said === null) return;
    const { name, event } = said;
    const key = keyOf(pbx, name);
    this.#taken++;
    if (!this.#entries.has(key)) {
      // One that was taken out of the configuration is still spoken of, until its last contact ran out.
      if (event.type !== "contact.changed" || event.status === "removed") {
        return this.#reader.want(pbx, name);
      }
      this.#start(pbx, name, NOTHING);
      this.#reader.want(pbx, name);
      this.#tellNames();
    } else if (event.type === "device.changed" && event.state === "INVALID") {
      this.#reader.want(pbx, name);
    }
    const turn = this.#deliver(key, event);
    // Events do not say what phone it is, nor when its registration runs out.
    const isStranger = event.type === "contact.changed" &&
      turn?.after.context.reach.contacts.some(({ uri, userAgent }) =>
        uri === event.uri && userAgent === null
      );
    if (isStranger) this.#reader.want(pbx, name);
  }

  /** Takes what a PBX lists when its link came up, and now and then. */
  synced(name: string, snapshot: AmiSnapshot): void {
    const { clock } = this.#options;
    const { at, endpoints, aors, contacts, buffered } = snapshot;
    const sync = this.#pbxs.opened(name, at);
    const toSteady = (wall: number) => clock.fromWall(wall);
    this.#together(() => {
      if (endpoints !== null) {
        this.#lists(name, readEndpointLists({ endpoints, aors, contacts, toSteady }), { sync, at });
      }
      // It is told after the lists, so that it is not before them in any history.
      for (const { packet, at: heardAt } of buffered) this.event(name, packet, Math.max(heardAt, at));
    });
  }

  /** The link to a PBX went down: nothing is known of its endpoints. */
  down(name: string, at: number): void {
    if (!this.#pbxs.lost(name, at)) return;
    this.#reader.forget(name);
    this.#together(() => {
      for (const [key, { place }] of this.#entries) {
        if (place.pbx === name) this.#deliver(key, { type: "link.down", at });
      }
    });
  }

  /** Takes what a call says of itself now; what it means to endpoints is derived from that. */
  callChanged(view: CallDetailView): void {
    for (const name of this.#calls.take(view)) this.#show(keyOf(view.pbx, name));
  }

  /** A call is no more, or became part of another. */
  callGone(id: string, pbx: string): void {
    for (const name of this.#calls.forget(id)) this.#show(keyOf(pbx, name));
  }

  /** Names or owners changed: what is shown is made anew. */
  namesChanged(): void {
    this.#together(() => {
      for (const key of this.#entries.keys()) this.#show(key);
    });
  }

  /** All endpoints, by PBX and name. */
  list(): EndpointView[] {
    const { compare } = new Intl.Collator("en", { numeric: true });
    return Array.from(this.#entries.values(), ({ view }) => view)
      .sort((one, other) => compare(one.pbx, other.pbx) || compare(one.name, other.name));
  }

  /** One endpoint, or null. @throws AmbiguousEndpoint when several PBXs have it and none is named */
  find(name: string, pbx?: string): EndpointView | null {
    if (pbx !== undefined) return this.#entries.get(keyOf(pbx, name))?.view ?? null;
    const found = this.pbxs.filter((one) => this.#entries.has(keyOf(one, name)));
    if (found.length > 1) throw new AmbiguousEndpoint(name, found);
    return found.length === 0 ? null : this.#entries.get(keyOf(found[0]!, name))!.view;
  }

  /** Alerts that are not over, the newest first. */
  alerts(): EndpointAlertView[] {
    return this.#alerts.list();
  }

  /** Since when a PBX has not been heard, on the steady clock; null while it is, or when it never was. */
  silentSince(pbx: string): number | null {
    return this.#pbxs.silentSince(pbx);
  }

  /** Asks a PBX for one endpoint and takes what it says. @throws what the question throws */
  async reread(pbx: string, name: string): Promise<EndpointView | null> {
    const state = await this.#reader.read(pbx, name);
    if (!this.#pbxs.isUp(pbx)) return this.find(name, pbx);
    this.#detail(pbx, name, state);
    return this.find(name, pbx);
  }

  /** Has a PBX asked for all its endpoints soon: something was changed there. */
  look(pbx: string): void {
    if (this.#pbxs.isUp(pbx)) this.#reader.wantAll(pbx);
  }

  /** Endpoints by status, for metrics. */
  counts(): Record<EndpointStatus, number> {
    const counts = { online: 0, offline: 0, unknown: 0 };
    for (const { view } of this.#entries.values()) counts[view.status]++;
    return counts;
  }

  /** Names and AORs, for those who look for them in texts. */
  names(): { pbx: string; name: string; aors: string[] }[] {
    return Array.from(this.#entries.values(), ({ place: { pbx, name, details } }) => ({
      pbx,
      name,
      aors: details.aors,
    }));
  }

  /** Writes what was held back; call it when the database is back. */
  catchUp(): void {
    const held = [...this.#held];
    this.#held.clear();
    for (const key of held) this.#save(key, []);
  }

  /** Stops all timers, and hands over what waits to be written. */
  stop(): void {
    this.#reader.stop();
    this.#alerts.stop();
    this.#hub.stop();
  }

  #lists(
    pbx: string,
    states: Map<string, ListedState>,
    { sync, at = this.#options.clock.now() }: { sync: boolean; at?: number },
  ): void {
    this.#together(() => {
      for (const [key, { place }] of [...this.#entries]) {
        if (place.pbx === pbx && !states.has(place.name)) this.#remove(key, at);
      }
      for (const state of states.values()) {
        this.#listed(pbx, state, { sync, at });
        if (state.incomplete) this.#reader.want(pbx, state.name, { detail: true });
      }
    });
    this.#tellNames();
  }

  #detail(pbx: string, name: string, state: ListedState | null): void {
    const at = this.#options.clock.now();
    if (state === null) this.#remove(keyOf(pbx, name), at);
    else this.#listed(pbx, state, { sync: false, at });
    this.#tellNames();
  }

  #listed(pbx: string, { name, details, listing }: ListedState, { sync, at }: { sync: boolean; at: number }) {
    const key = keyOf(pbx, name);
    const entry = this.#entries.get(key);
    if (entry === undefined) this.#start(pbx, name, details);
    else {
      this.#named ||= `${entry.place.details.aors}` !== `${details.aors}`;
      entry.place = { ...entry.place, details };
    }
    this.#deliver(key, { type: "endpoint.listed", at, sync, listing });
  }

  #start(pbx: string, name: string, details: EndpointDetails): void {
    const { clock, settings } = this.#options;
    const key = keyOf(pbx, name);
    const now = clock.now();
    this.#hub.start(key, { input: { at: now, settings } });
    const entry: Entry = { place: { pbx, name, details, updatedAt: now }, view: null!, stored: "" };
    entry.view = this.#view(key, entry);
    this.#entries.set(key, entry);
    this.#named = true;
  }

  #remove(key: string, at: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const { pbx, name } = entry.place;
    // Or its history would go on as it was, until one of that name comes back.
    const fact = { type: "endpoint.became_unknown", at, reason: "no_data" } as const;
    const endpointChanges = this.#hub.get(key)?.context.known == null
      ? []
      : [this.#changeRow(pbx, name, fact)!];
    this.#hub.remove(key);
    this.#entries.delete(key);
    this.#held.delete(key);
    this.#named = true;
    this.#alerts.back(pbx, name, at);
    this.#options.feed.publish("endpoints", "endpoint.removed", { pbx, name });
    this.#record(key, { removeEndpoint: { pbx, name }, endpointChanges });
  }

  #deliver(key: string, event: EndpointEvent): Turned | null {
    const turn = this.#hub.send(key, event);
    if (turn !== null) this.#turned(turn);
    return turn;
  }

  #turned({ key, facts }: Turned): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const { pbx, name } = entry.place;
    for (const fact of facts) this.#say(key, entry, fact);
    const changes = facts.flatMap((fact) => this.#changeRow(pbx, name, fact) ?? []);
    this.#show(key);
    if (changes.length > 0 || this.#essence(key, entry) !== entry.stored) this.#save(key, changes);
  }

  /** What a fact means to others than the endpoint's readers. */
  #say(key: string, { place: { pbx, name } }: Entry, fact: EndpointFact): void {
    const { log } = this.#options;
    switch (fact.type) {
      case "endpoint.offline_too_long": {
        const { reach, known } = this.#hub.get(key)!.context;
        const { at, since } = fact;
        return this.#alerts.add({
          pbx,
          name,
          since,
          address: reach.lastAddress,
          bySync: known?.bySync ?? false,
        }, at);
      }
      case "endpoint.came_online":
      case "endpoint.became_unknown":
        return this.#alerts.back(pbx, name, fact.at);
      case "endpoint.began_flapping":
        return log.warn({ endpoint: key }, "An endpoint comes and goes too often");
      case "endpoint.doubted":
        return this.#pbxs.isUp(pbx) ? this.#reader.want(pbx, name, { detail: true }) : undefined;
      default:
        return;
    }
  }

  #changeRow(pbx: string, name: string, fact: EndpointFact): EndpointChangeRow | null {
    const { clock } = this.#options;
    const change = (status: EndpointStatus, reason: string | null): EndpointChangeRow => ({
      id: this.#ulid(clock.toWall(fact.at)),
      pbx,
      name,
      at: toIso(clock, fact.at),
      status,
      reason,
    });
    switch (fact.type) {
      case "endpoint.came_online":
        return change("online", null);
      case "endpoint.went_offline":
        return change("offline", fact.reason);
      case "endpoint.became_unknown":
        return change("unknown", fact.reason);
      default:
        return null;
    }
  }

  /** Tells readers what changed, if anything that is shown did. */
  #show(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const view = this.#view(key, entry);
    if (isSameEndpoint(view, entry.view)) {
      // Round trips and expiries are there for whoever looks next.
      entry.view = { ...view, updated_at: entry.view.updated_at };
      return;
    }
    entry.place.updatedAt = this.#options.clock.now();
    entry.view = { ...view, updated_at: toIso(this.#options.clock, entry.place.updatedAt) };
    if (this.#crowd !== null) this.#crowd.add(key);
    else this.#options.feed.publish("endpoints", "endpoint.changed", entry.view);
  }

  /** Does what changes many endpoints; readers are told at the end, each once, or to begin anew. */
  #together(work: () => void): void {
    if (this.#crowd !== null) return work();
    const crowd = this.#crowd = new Set<string>();
    try {
      work();
    } finally {
      this.#crowd = null;
      const { feed } = this.#options;
      if (crowd.size > CROWD) feed.resync("endpoints");
      else {
        for (const key of crowd) {
          const entry = this.#entries.get(key);
          if (entry !== undefined) feed.publish("endpoints", "endpoint.changed", entry.view);
        }
      }
    }
  }

  #view(key: string, { place }: Pick<Entry, "place">): EndpointView {
    const { clock, book } = this.#options;
    const { pbx, name } = place;
    const snapshot = this.#hub.get(key)!;
    const view = endpointView(place, {
      context: snapshot.context,
      flapping: snapshot.matches({ steadiness: "flapping" }),
      calls: this.#calls.of(pbx, name),
      alertId: this.#alerts.idOf(pbx, name),
      owner: null,
      clock,
    });
    return { ...view, owner: book.ownerOf(view.display_name) };
  }

  /** What of an endpoint is worth writing when it changes. */
  #essence(key: string, { place }: Entry): string {
    const snapshot = this.#hub.get(key)!;
    const { known, reach, alerted, turns } = snapshot.context;
    const contacts = reach.contacts.map(({ roundtripMs: _rtt, expiresAt: _expires, ...contact }) => contact);
    return JSON.stringify([place.details, known, contacts, alerted, turns, snapshot.value.steadiness]);
  }

  #save(key: string, changes: EndpointChangeRow[]): void {
    const entry = this.#entries.get(key)!;
    entry.stored = this.#essence(key, entry);
    const isBehind = this.#options.isBehind?.() ?? false;
    if (isBehind) this.#held.add(key);
    else if (this.#held.size > 0) this.catchUp();
    if (isBehind && changes.length === 0) return;
    const row = isBehind ? {} : {
      endpoint: endpointRow(entry.place, this.#hub.get(key)!, this.#options.clock),
    };
    this.#record(key, { ...row, ...(changes.length === 0 ? {} : { endpointChanges: changes }) });
  }

  #record(key: string, unit: WriteUnit): void {
    this.#options.record(unit).catch((err) =>
      this.#options.log.error({ err, endpoint: key }, "An endpoint could not be recorded")
    );
  }

  #quarantine(key: string, err: unknown): void {
    this.#options.log.error({ err, endpoint: key }, "An endpoint's actor failed and was started anew");
    this.#quarantined.add(key);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    const { pbx, name, details } = entry.place;
    this.#start(pbx, name, details);
    if (this.#pbxs.isUp(pbx)) this.#reader.want(pbx, name, { detail: true });
  }

  /** Tells that endpoints came or went, if they did since it was last told. */
  #tellNames(): void {
    if (!this.#named) return;
    this.#named = false;
    this.#options.onNames?.();
  }
}

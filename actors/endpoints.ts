/**
 * @module
 * The SIP endpoints: one actor each. It routes what the PBXs say to the actors, reconciles them with what a PBX lists,
 * and tells the database and the feed what they come to. Which calls an endpoint is in is derived from the calls.
 */
import type { StoredAlert, StoredEndpoint, StoredGap } from "../db/endpoints.ts";
import type { WriteUnit } from "../db/rows.ts";
import { alertDueAt, calmAt, endpointMachine, type EndpointSettings } from "../machines/endpoint.ts";
import type { EndpointEvent, EndpointFact } from "../machines/endpoint_events.ts";
import type { EndpointAlertView, EndpointStatus, EndpointView } from "../machines/endpoint_views.ts";
import type { CallDetailView } from "../machines/views.ts";
import { decodeEndpointEvent } from "./ami/decode_endpoint.ts";
import type { AmiPacket } from "./ami/packet.ts";
import type { AmiSnapshot } from "./ami/sync.ts";
import type { NumberBook } from "./call_views.ts";
import type { Clock } from "./clock.ts";
import { EndpointAlerts } from "./endpoint_alerts.ts";
import { EndpointCalls, keyOf } from "./endpoint_calls.ts";
import { type EndpointDetails, type ListedState, readEndpointLists } from "./endpoint_lists.ts";
import { type AskList, EndpointReader } from "./endpoint_reader.ts";
import { restoreEndpoint } from "./endpoint_rows.ts";
import { EndpointSaver, type EndpointState } from "./endpoint_saver.ts";
import { EndpointScreen } from "./endpoint_screen.ts";
import { type EndpointPlace, endpointView } from "./endpoint_views.ts";
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
  readonly #places = new Map<string, EndpointPlace>();
  readonly #pbxs: PbxGaps;
  readonly #calls = new EndpointCalls();
  readonly #alerts: EndpointAlerts;
  readonly #reader: EndpointReader;
  readonly #screen: EndpointScreen;
  readonly #saver: EndpointSaver;
  readonly #quarantined = new Set<string>();
  /** Which of the events was the last of each endpoint: what was asked before it says less. */
  readonly #heard = new Map<string, number>();
  /** Names or AORs changed since that was last told. */
  #named = false;
  #taken = 0;

  constructor(options: EndpointsOptions) {
    this.#options = options;
    this.#screen = new EndpointScreen(options);
    this.#saver = new EndpointSaver(options, (key) => this.#state(key));
    this.#pbxs = new PbxGaps({
      clock: options.clock,
      write: (pbxGap) => this.#saver.write(pbxGap.pbx, { pbxGap }),
    });
    this.#hub = new Hub({
      machine: exactMachine(options.clock),
      clock: options.clock,
      onTimer: (turn) => this.#turned(turn),
      onFailed: (key, error) => this.#quarantine(key, error),
    });
    this.#alerts = new EndpointAlerts({ ...options, offlineOf: (pbx) => this.#offlineOf(pbx) });
    this.#reader = new EndpointReader({
      ...options,
      now: () => this.#taken,
      onDetail: (pbx, name, state, asked) => this.#detail(pbx, name, state, asked),
      onLists: (pbx, states, asked) => this.#lists(pbx, states, { sync: false, asked }),
    });
  }

  /** Endpoints that are known. */
  get size(): number {
    return this.#places.size;
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
      this.#places.set(key, place);
      this.#screen.begin(key, this.#view(key, place));
      this.#saver.isStored(key);
    }
    this.#alerts.forgetAllBut((pbx, name) => this.#places.has(keyOf(pbx, name)));
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
    this.#heard.set(key, ++this.#taken);
    if (!this.#places.has(key)) {
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
    this.#screen.together(() => {
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
    this.#screen.together(() => {
      for (const [key, place] of this.#places) {
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
    this.#screen.together(() => {
      for (const key of this.#places.keys()) this.#show(key);
    });
  }

  /** All endpoints, by PBX and name. */
  list(): EndpointView[] {
    const { compare } = new Intl.Collator("en", { numeric: true });
    return this.#screen.views()
      .sort((one, other) => compare(one.pbx, other.pbx) || compare(one.name, other.name));
  }

  /** One endpoint, or null. @throws AmbiguousEndpoint when several PBXs have it and none is named */
  find(name: string, pbx?: string): EndpointView | null {
    if (pbx !== undefined) return this.#screen.get(keyOf(pbx, name));
    const found = this.pbxs.filter((one) => this.#places.has(keyOf(one, name)));
    if (found.length > 1) throw new AmbiguousEndpoint(name, found);
    return found.length === 0 ? null : this.#screen.get(keyOf(found[0]!, name));
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
    const asked = this.#taken;
    const state = await this.#reader.read(pbx, name);
    if (!this.#pbxs.isUp(pbx)) return this.find(name, pbx);
    this.#detail(pbx, name, state, asked);
    return this.find(name, pbx);
  }

  /** Has a PBX asked for all its endpoints soon: something was changed there. */
  look(pbx: string): void {
    if (this.#pbxs.isUp(pbx)) this.#reader.wantAll(pbx);
  }

  /** Endpoints by status, for metrics. */
  counts(): Record<EndpointStatus, number> {
    const counts = { online: 0, offline: 0, unknown: 0 };
    for (const { status } of this.#screen.views()) counts[status]++;
    return counts;
  }

  /** Names and AORs, for those who look for them in texts. */
  names(): { pbx: string; name: string; aors: string[] }[] {
    return Array.from(this.#places.values(), ({ pbx, name, details }) => ({
      pbx,
      name,
      aors: details.aors,
    }));
  }

  /** Writes what was held back; call it when the database is back. */
  catchUp(): void {
    this.#saver.catchUp();
    this.#alerts.catchUp();
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
    { sync, at = this.#options.clock.now(), asked = Infinity }: {
      sync: boolean;
      at?: number;
      asked?: number;
    },
  ): void {
    this.#screen.together(() => {
      for (const [key, place] of [...this.#places]) {
        if (place.pbx !== pbx || states.has(place.name)) continue;
        if (!this.#isOutdated(pbx, place.name, asked)) this.#remove(key, at);
      }
      for (const state of states.values()) {
        if (!this.#isOutdated(pbx, state.name, asked)) this.#listed(pbx, state, { sync, at });
        if (state.incomplete) this.#reader.want(pbx, state.name, { detail: true });
      }
    });
    this.#tellNames();
  }

  #detail(pbx: string, name: string, state: ListedState | null, asked: number): void {
    const at = this.#options.clock.now();
    if (this.#isOutdated(pbx, name, asked)) return;
    if (state === null) this.#remove(keyOf(pbx, name), at);
    else this.#listed(pbx, state, { sync: false, at });
    this.#tellNames();
  }

  /**
   * Whether an endpoint was heard of after something was asked: its event came by before the answer, which is older.
   * Then it is asked for again.
   */
  #isOutdated(pbx: string, name: string, asked: number): boolean {
    const isOutdated = (this.#heard.get(keyOf(pbx, name)) ?? 0) > asked;
    if (isOutdated) this.#reader.want(pbx, name, { detail: true });
    return isOutdated;
  }

  #listed(pbx: string, { name, details, listing }: ListedState, { sync, at }: { sync: boolean; at: number }) {
    const key = keyOf(pbx, name);
    const place = this.#places.get(key);
    if (place === undefined) this.#start(pbx, name, details);
    else {
      this.#named ||= `${place.details.aors}` !== `${details.aors}`;
      place.details = details;
    }
    this.#deliver(key, { type: "endpoint.listed", at, sync, listing });
  }

  #start(pbx: string, name: string, details: EndpointDetails): void {
    const { clock, settings } = this.#options;
    const key = keyOf(pbx, name);
    const now = clock.now();
    this.#hub.start(key, { input: { at: now, settings } });
    const place = { pbx, name, details, updatedAt: now };
    this.#places.set(key, place);
    if (this.#screen.get(key) === null) this.#screen.begin(key, this.#view(key, place));
    this.#named = true;
  }

  #remove(key: string, at: number): void {
    const state = this.#state(key);
    if (state === null) return;
    const { pbx, name } = state.place;
    this.#hub.remove(key);
    this.#places.delete(key);
    this.#heard.delete(key);
    this.#named = true;
    this.#alerts.back(pbx, name, at);
    this.#screen.remove(key);
    this.#saver.removed(key, state, at);
  }

  #deliver(key: string, event: EndpointEvent): Turned | null {
    const turn = this.#hub.send(key, event);
    if (turn !== null) this.#turned(turn);
    return turn;
  }

  #turned({ key, facts }: Turned): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    for (const fact of facts) this.#say(key, place, fact);
    this.#show(key);
    this.#saver.turned(key, facts);
  }

  /** What a fact means to others than the endpoint's readers. */
  #say(key: string, { pbx, name }: EndpointPlace, fact: EndpointFact): void {
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

  /** Tells readers what changed, if anything that is shown did. */
  #show(key: string): void {
    const place = this.#places.get(key);
    if (place === undefined) return;
    if (this.#screen.show(key, this.#view(key, place))) place.updatedAt = this.#options.clock.now();
  }

  *#offlineOf(pbx: string): Iterable<{ since: number; address: string | null }> {
    for (const [key, place] of this.#places) {
      if (place.pbx !== pbx) continue;
      const { shown, known, reach } = this.#hub.get(key)!.context;
      if (shown === "offline" && known !== null) yield { since: known.since, address: reach.lastAddress };
    }
  }

  #state(key: string): EndpointState | null {
    const place = this.#places.get(key);
    return place === undefined ? null : { place, snapshot: this.#hub.get(key)! };
  }

  #view(key: string, place: EndpointPlace): EndpointView {
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

  #quarantine(key: string, err: unknown): void {
    this.#options.log.error({ err, endpoint: key }, "An endpoint's actor failed and was started anew");
    this.#quarantined.add(key);
    const place = this.#places.get(key);
    if (place === undefined) return;
    const { pbx, name, details } = place;
    this.#start(pbx, name, details);
    this.#show(key);
    if (this.#pbxs.isUp(pbx)) this.#reader.want(pbx, name, { detail: true });
  }

  /** Tells that endpoints came or went, if they did since it was last told. */
  #tellNames(): void {
    if (!this.#named) return;
    this.#named = false;
    this.#options.onNames?.();
  }
}

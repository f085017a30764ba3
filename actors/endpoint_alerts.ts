/**
 * @module
 * Alerts of endpoints that have been offline for too long: one for each cause. What went in the same network has one,
 * and so has what went in many networks at once, or was found offline when the link came up. Readers and the database
 * are told a moment later, once for all that came together, and of large alerts less often.
 */
import { monotonicFactory } from "ulid";
import type { StoredAlert } from "../db/endpoints.ts";
import type { EndpointAlertRow, WriteUnit } from "../db/rows.ts";
import type { EndpointAlertView } from "../machines/endpoint_views.ts";
import { type Clock, toIso } from "./clock.ts";
import { keyOf } from "./endpoint_calls.ts";
import { siteOf } from "./endpoint_sites.ts";
import { displayName } from "./endpoint_views.ts";
import type { Feed } from "./feed.ts";
import type { Logger } from "./logger.ts";

/** What has been offline for too long. Times on the steady clock, in milliseconds. */
export interface Missing {
  pbx: string;
  name: string;
  since: number;
  /** Where it was last seen; null where nobody knows. */
  address: string | null;
  /** It was found so: when the link came up, or when it was first listed. */
  bySync: boolean;
}

interface Member {
  name: string;
  since: number;
  backAt: number | null;
}

interface Alert {
  id: string;
  pbx: string;
  site: string | null;
  /** It is of the whole PBX: its network, or what it was told anew. */
  wide: boolean;
  members: Map<string, Member>;
  /** Of the members' `since`. */
  first: number;
  last: number;
  /** Members that are not back. */
  offline: number;
  raisedAt: number;
  endedAt: number | null;
  /** That it was raised is in the log: who joins it is no further alert. */
  logged: boolean;
}

interface AlertsOptions {
  clock: Clock;
  feed: Pick<Feed, "publish">;
  record: (unit: WriteUnit) => Promise<void>;
  /** Whether so much waits for the database that rows are better made later. */
  isBehind?: () => boolean;
  log: Pick<Logger, "warn" | "info" | "error">;
  /** Endpoints of a PBX that are offline now, for however long. */
  offlineOf: (pbx: string) => Iterable<{ since: number; address: string | null }>;
}

/**
 * What went within this time in many networks at once has one cause, in milliseconds: a phone is missed when Asterisk
 * next asks it, which by default is once a minute.
 */
export const SAME_CAUSE_MS = 120_000;
/** The same for one network, where a phone that nobody asks is missed when its registration runs out. */
export const SAME_SITE_MS = 900_000;
/** So many networks that lose a phone at once have it in common. */
const MANY_SITES = 3;
/** How long changes are gathered, in milliseconds. */
const GATHER_MS = 100;
/** An alert that was told is told again no sooner than this, and than its members take, in milliseconds. */
const PACE_MS = 1000;
const PACE_MEMBER_MS = 2;

/** Holds the alerts that are not over. `stop()` ends its timer after telling what waits. */
export class EndpointAlerts {
  readonly #options: AlertsOptions;
  readonly #open = new Map<string, Alert>();
  /** The alert that an endpoint is in, by the endpoint's key. */
  readonly #of = new Map<string, Alert>();
  readonly #ulid = monotonicFactory();
  /** When each that changed is to be told. */
  readonly #changed = new Map<Alert, number>();
  /** Alerts whose row is to be made when the database is back. */
  readonly #held = new Set<Alert>();
  #timer: { id: unknown; dueAt: number } | null = null;

  constructor(options: AlertsOptions) {
    this.#options = options;
  }

  /** Takes up alerts of a former run. */
  restore(rows: readonly StoredAlert[]): void {
    const { clock } = this.#options;
    const steady = (iso: string | Date) => clock.fromWall(new Date(iso).getTime());
    for (const row of rows) {
      const members = row.endpoints.map(({ name, since, back_at }) => ({
        name,
        since: steady(since),
        backAt: back_at === null ? null : steady(back_at),
      }));
      const alert: Alert = {
        id: row.id,
        pbx: row.pbx,
        site: row.site,
        wide: row.wide,
        members: new Map(members.map((member) => [member.name, member])),
        first: Math.min(...members.map(({ since }) => since)),
        last: Math.max(...members.map(({ since }) => since)),
        offline: members.filter(({ backAt }) => backAt === null).length,
        raisedAt: steady(row.raised_at),
        endedAt: null,
        logged: true,
      };
      this.#open.set(row.id, alert);
      for (const { name, backAt } of members) if (backAt === null) this.#of.set(keyOf(row.pbx, name), alert);
    }
  }

  /** The alert that an endpoint is in; null when it is in none. */
  idOf(pbx: string, name: string): string | null {
    return this.#of.get(keyOf(pbx, name))?.id ?? null;
  }

  /** Alerts that are not over, the newest first. */
  list(): EndpointAlertView[] {
    return [...this.#open.values()].map((alert) => this.#view(alert)).reverse();
  }

  /** An endpoint has been offline for too long: it joins what has the same cause, or an alert is raised. */
  add(missing: Missing, at: number): void {
    const { pbx, name, since } = missing;
    const key = keyOf(pbx, name);
    if (this.#of.has(key)) return;
    const alert = this.#sameCause(missing) ?? this.#raise(missing, at);
    alert.members.set(name, { name, since, backAt: null });
    alert.first = Math.min(alert.first, since);
    alert.last = Math.max(alert.last, since);
    alert.offline++;
    this.#of.set(key, alert);
    this.#tellSoon(alert);
  }

  /** An endpoint came back, or is no more. */
  back(pbx: string, name: string, at: number): void {
    const key = keyOf(pbx, name);
    const alert = this.#of.get(key);
    if (alert === undefined) return;
    this.#of.delete(key);
    alert.members.get(name)!.backAt = at;
    if (--alert.offline === 0) {
      alert.endedAt = at;
      this.#open.delete(alert.id);
    }
    this.#tellSoon(alert);
  }

  /** Endpoints that are not there any more will not come back: for their alerts they have. */
  forgetAllBut(isThere: (pbx: string, name: string) => boolean): void {
    const now = this.#options.clock.now();
    for (const { pbx, members } of [...this.#open.values()]) {
      for (const name of members.keys()) if (!isThere(pbx, name)) this.back(pbx, name, now);
    }
  }

  /** Writes what was held back; call it when the database is back. */
  catchUp(): void {
    const held = [...this.#held];
    this.#held.clear();
    if (held.length > 0) this.#write(held);
  }

  /** Tells what waits to be told, and ends the timer. */
  stop(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer.id);
    this.#timer = null;
    this.#tell(Infinity);
    this.catchUp();
  }

  #sameCause(missing: Missing): Alert | undefined {
    const { pbx, name, since, address, bySync } = missing;
    const site = bySync ? null : siteOf(address);
    const isNear = ({ first, last }: Alert, ms: number) => since >= first - ms && since <= last + ms;
    // The same endpoint again is another outage.
    const candidates = [...this.#open.values()].filter((one) => one.pbx === pbx && !one.members.has(name));
    return candidates.find((one) =>
      !one.wide && site !== null && one.site === site && isNear(one, SAME_SITE_MS)
    ) ?? candidates.find((one) => one.wide && isNear(one, SAME_CAUSE_MS));
  }

  #raise({ pbx, since, address, bySync }: Missing, at: number): Alert {
    const wide = bySync || this.#isWide(pbx, since);
    const alert: Alert = {
      id: this.#ulid(this.#options.clock.toWall(at)),
      pbx,
      site: wide ? null : siteOf(address),
      wide,
      members: new Map(),
      first: since,
      last: since,
      offline: 0,
      raisedAt: at,
      endedAt: null,
      logged: false,
    };
    this.#open.set(alert.id, alert);
    return alert;
  }

  /** Whether phones went in many networks at the time, be it that they have not been away for too long yet. */
  #isWide(pbx: string, since: number): boolean {
    const sites = new Set<unknown>();
    for (const other of this.#options.offlineOf(pbx)) {
      if (Math.abs(other.since - since) > SAME_CAUSE_MS) continue;
      // Nobody knows where it was: a place of its own.
      sites.add(siteOf(other.address) ?? other);
      if (sites.size >= MANY_SITES) return true;
    }
    return false;
  }

  #tellSoon(alert: Alert): void {
    const { clock } = this.#options;
    const isNews = !alert.logged || alert.endedAt !== null;
    const waitMs = isNews ? GATHER_MS : Math.max(PACE_MS, alert.members.size * PACE_MEMBER_MS);
    const dueAt = clock.now() + waitMs;
    this.#changed.set(alert, Math.min(this.#changed.get(alert) ?? Infinity, dueAt));
    this.#arm();
  }

  #arm(): void {
    const { clock } = this.#options;
    const dueAt = Math.min(...this.#changed.values());
    if (dueAt === Infinity || (this.#timer !== null && this.#timer.dueAt <= dueAt)) return;
    if (this.#timer !== null) clock.clearTimeout(this.#timer.id);
    const id = clock.setTimeout(() => {
      this.#timer = null;
      this.#tell(clock.now());
      this.#arm();
    }, Math.max(0, dueAt - clock.now()));
    this.#timer = { id, dueAt };
  }

  #tell(until: number): void {
    const changed = [...this.#changed].filter(([, dueAt]) => dueAt <= until).map(([alert]) => alert);
    const { feed, isBehind, log } = this.#options;
    for (const alert of changed) {
      this.#changed.delete(alert);
      feed.publish("endpoints", "endpoint_alert.changed", this.#view(alert));
      const { id, pbx, site, members, endedAt } = alert;
      const endpoints = [...members.keys()].slice(0, 20);
      const detail = { alert: id, pbx, site, count: members.size, endpoints };
      if (!alert.logged) log.warn(detail, "Endpoints are offline for too long");
      alert.logged = true;
      if (endedAt !== null) log.info(detail, "Endpoints that were offline for too long are back");
    }
    if (changed.length === 0) return;
    if (isBehind?.() ?? false) { for (const alert of changed) this.#held.add(alert); }
    else this.#write(changed);
  }

  #write(alerts: readonly Alert[]): void {
    const { record, log } = this.#options;
    record({ endpointAlerts: alerts.map((alert) => rowOf(alert, this.#view(alert))) }).catch((err) =>
      log.error({ err }, "Alerts of endpoints could not be recorded")
    );
  }

  #view(alert: Alert): EndpointAlertView {
    const { clock } = this.#options;
    const members = [...alert.members.values()];
    return {
      id: alert.id,
      pbx: alert.pbx,
      site: alert.site,
      endpoints: members.map(({ name, since, backAt }) => ({
        name,
        display_name: displayName(name),
        since: toIso(clock, since),
        back_at: toIso(clock, backAt),
      })),
      since: toIso(clock, alert.first),
      raised_at: toIso(clock, alert.raisedAt),
      ended_at: toIso(clock, alert.endedAt),
    };
  }
}

function rowOf({ wide }: Alert, view: EndpointAlertView): EndpointAlertRow {
  const { endpoints, ...row } = view;
  return { ...row, wide, endpoints: endpoints.map(({ display_name: _, ...member }) => member) };
}

/**
 * @module
 * Alerts of endpoints that have been offline for too long: one for each cause. What went offline at about the same time
 * in the same network, or was found offline when the same link came up, has one cause. It tells readers and the
 * database a moment later, once for all that came together.
 */
import { isIPv4, isIPv6 } from "node:net";
import { monotonicFactory } from "ulid";
import type { StoredAlert } from "../db/endpoints.ts";
import type { EndpointAlertRow, WriteUnit } from "../db/rows.ts";
import type { EndpointAlertView } from "../machines/endpoint_views.ts";
import { type Clock, toIso } from "./clock.ts";
import { keyOf } from "./endpoint_calls.ts";
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
  /** It was found so when the link came up. */
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
  bySync: boolean;
  members: Map<string, Member>;
  raisedAt: number;
  endedAt: number | null;
  /** That it was raised is in the log: who joins it is no further alert. */
  logged: boolean;
}

interface AlertsOptions {
  clock: Clock;
  feed: Pick<Feed, "publish">;
  record: (unit: WriteUnit) => Promise<void>;
  log: Pick<Logger, "warn" | "info" | "error">;
}

/**
 * What went offline within this time of another may have the same cause, in milliseconds: a phone is missed when
 * Asterisk next asks it, which by default is once a minute, or when its registration is next looked at.
 */
export const SAME_CAUSE_MS = 120_000;
/** How long changes are gathered, in milliseconds. */
const GATHER_MS = 100;

/** Holds the alerts that are not over. `stop()` ends its timer after telling what waits. */
export class EndpointAlerts {
  readonly #options: AlertsOptions;
  readonly #open = new Map<string, Alert>();
  /** The alert that an endpoint is in, by the endpoint's key. */
  readonly #of = new Map<string, Alert>();
  readonly #ulid = monotonicFactory();
  readonly #changed = new Set<Alert>();
  #timer: unknown = null;

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
        bySync: row.site === null && members.length > 1,
        members: new Map(members.map((member) => [member.name, member])),
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
    const { pbx, name, since, address, bySync } = missing;
    const key = keyOf(pbx, name);
    if (this.#of.has(key)) return;
    const site = siteOf(address);
    const alert = [...this.#open.values()].find((one) => hasCause(one, missing, site)) ??
      this.#raise({ pbx, site: bySync ? null : site, bySync }, at);
    alert.members.set(name, { name, since, backAt: null });
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
    if ([...alert.members.values()].every(({ backAt }) => backAt !== null)) {
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

  /** Tells what waits to be told, and ends the timer. */
  stop(): void {
    if (this.#timer !== null) this.#options.clock.clearTimeout(this.#timer);
    this.#tell();
  }

  #raise(cause: Pick<Alert, "pbx" | "site" | "bySync">, at: number): Alert {
    const id = this.#ulid(this.#options.clock.toWall(at));
    const alert: Alert = { ...cause, id, members: new Map(), raisedAt: at, endedAt: null, logged: false };
    this.#open.set(id, alert);
    return alert;
  }

  #tellSoon(alert: Alert): void {
    this.#changed.add(alert);
    this.#timer ??= this.#options.clock.setTimeout(() => this.#tell(), GATHER_MS);
  }

  #tell(): void {
    this.#timer = null;
    const changed = [...this.#changed];
    this.#changed.clear();
    if (changed.length === 0) return;
    const { feed, record, log } = this.#options;
    const views = changed.map((alert) => this.#view(alert));
    for (const view of views) feed.publish("endpoints", "endpoint_alert.changed", view);
    for (const alert of changed) {
      const { id, pbx, site, members, endedAt } = alert;
      const detail = {
        alert: id,
        pbx,
        site,
        count: members.size,
        endpoints: [...members.keys()].slice(0, 20),
      };
      if (!alert.logged) log.warn(detail, "Endpoints are offline for too long");
      alert.logged = true;
      if (endedAt !== null) log.info(detail, "Endpoints that were offline for too long are back");
    }
    record({ endpointAlerts: views.map(rowOf) }).catch((err) =>
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
      since: toIso(clock, members.reduce((least, { since }) => Math.min(least, since), Infinity)),
      raised_at: toIso(clock, alert.raisedAt),
      ended_at: toIso(clock, alert.endedAt),
    };
  }
}

/** The network of an address with or without a port: /24, or /64 of IPv6. Null when it is none of these. */
export function siteOf(address: string | null): string | null {
  if (address === null) return null;
  const host = /^\[([^\]]+)\](?::\d+)?$/.exec(address)?.[1] ??
    (isIPv6(address) ? address : address.replace(/:\d+$/, ""));
  const mapped = /^::ffff:([\d.]+)$/i.exec(host)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return siteOf(mapped);
  if (isIPv4(host)) return `${host.split(".").slice(0, 3).join(".")}.0/24`;
  // One with a zone, such as `fe80::1%eth0`, is in no network that has a name elsewhere, nor in a URL.
  if (!isIPv6(host) || host.includes("%")) return null;
  // What the URL parser makes of it is the short form; the long one is cut at half.
  const [head = "", tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split("::");
  const front = head === "" ? [] : head.split(":");
  const back = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  return `${[...front, ...Array(zeros).fill("0"), ...back].slice(0, 4).join(":")}::/64`;
}

function hasCause(alert: Alert, missing: Missing, site: string | null): boolean {
  if (alert.pbx !== missing.pbx || alert.bySync !== missing.bySync) return false;
  if (!missing.bySync && (site === null || alert.site !== site)) return false;
  // The same endpoint again is another outage.
  if (alert.members.has(missing.name)) return false;
  return [...alert.members.values()].some(({ since }) => Math.abs(since - missing.since) <= SAME_CAUSE_MS);
}

function rowOf(
  { id, pbx, site, endpoints, since, raised_at, ended_at }: EndpointAlertView,
): EndpointAlertRow {
  const members = endpoints.map(({ display_name: _, ...member }) => member);
  return { id, pbx, site, endpoints: members, since, raised_at, ended_at };
}

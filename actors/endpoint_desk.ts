/**
 * @module
 * What people ask of endpoints: to look again, and how it was. The actors hold how it is now.
 */
import type { Database } from "../db/client.ts";
import { changesSince, gapsSince, listChanges } from "../db/endpoints.ts";
import type {
  EndpointAlertView,
  EndpointHistoryView,
  EndpointReason,
  EndpointView,
} from "../machines/endpoint_views.ts";
import type { AmiLinks } from "./ami/links.ts";
import { AmiNotUp, AmiRefused, AmiTimeout } from "./ami/packet.ts";
import type { Clock } from "./clock.ts";
import { availabilityOf, type Change, type Gap, type Stretch, stretchesOf } from "./endpoint_history.ts";
import { keyOf } from "./endpoint_calls.ts";
import type { Endpoints } from "./endpoints.ts";

/** What was asked cannot be had now. */
export class EndpointRefused extends Error {
  override name = "EndpointRefused";
  readonly kind: "link-down" | "pbx-refused" | "gone";

  constructor(kind: "link-down" | "pbx-refused" | "gone", message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

interface DeskOptions {
  endpoints: Endpoints;
  pbx: Pick<AmiLinks, "action">;
  database: Database;
  clock: Clock;
}

/**
 * When it is looked whether a phone has answered, in milliseconds after one another. Asterisk says that it will ask, and
 * nothing more unless the answer changes something; by default it waits three seconds for one.
 */
const LOOKS_MS = [250, 500, 1000, 1500, 750];
const DAY_MS = 86_400_000;
const SPANS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS };

/** How old the share of a month may be that pages of one history come with, in milliseconds. */
const SHARES_MS = 30_000;

/** Answers what is asked of endpoints. */
export class EndpointDesk {
  readonly #options: DeskOptions;
  /** Phones that are being asked: who asks for one of them too, waits for the same answer. */
  readonly #asking = new Map<string, Promise<EndpointView>>();
  /** Of the history that was read last: all of its pages have it. */
  #shares: { key: string; at: number; shares: EndpointHistoryView["availability"] } | null = null;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** All endpoints, by PBX and name. */
  list(): EndpointView[] {
    return this.#options.endpoints.list();
  }

  /** One endpoint, or null. @throws AmbiguousEndpoint when several PBXs have it and none is named */
  find(name: string, pbx?: string): EndpointView | null {
    return this.#options.endpoints.find(name, pbx);
  }

  /** Alerts that are not over, the newest first. */
  alerts(): EndpointAlertView[] {
    return this.#options.endpoints.alerts();
  }

  /**
   * Has Asterisk ask the phone whether it is there, and looks how it is then.
   *
   * @throws EndpointRefused
   */
  refresh(pbx: string, name: string): Promise<EndpointView> {
    const key = keyOf(pbx, name);
    const asking = this.#asking.get(key) ?? this.#refresh(pbx, name).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #refresh(pbx: string, name: string): Promise<EndpointView> {
    const { endpoints, pbx: links, clock } = this.#options;
    try {
      const isAsked = await links.action(pbx, "PJSIPQualify", { Endpoint: name }).then(
        () => true,
        (error) => {
          // Without an AOR there is nobody to ask; one that is unknown is found to be so below.
          if (error instanceof AmiRefused && /aor|unable to retrieve/i.test(error.reason)) return false;
          throw error;
        },
      );
      const before = endpoints.find(name, pbx);
      let view: EndpointView | null = null;
      for (const waitMs of isAsked ? LOOKS_MS : [0]) {
        if (waitMs > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, waitMs));
        view = await endpoints.reread(pbx, name);
        if (view === null) throw new EndpointRefused("gone", `Asterisk does not know the endpoint ${name}`);
        if (haveAnswered(before, view)) break;
      }
      return view!;
    } catch (error) {
      if (error instanceof AmiNotUp) {
        throw new EndpointRefused("link-down", "the link to Asterisk is down", { cause: error });
      }
      if (error instanceof AmiRefused || error instanceof AmiTimeout) {
        throw new EndpointRefused("pbx-refused", error.message, { cause: error });
      }
      throw error;
    }
  }

  /**
   * When an endpoint was there: stretches from the newest on, those before a time of ISO 8601 where one is given, and
   * how much of the last month. @throws DatabaseAway
   */
  async history(
    pbx: string,
    name: string,
    page: { limit: number; before?: string | undefined },
  ): Promise<EndpointHistoryView> {
    const { database, clock } = this.#options;
    const { limit } = page;
    const before = page.before === undefined ? null : new Date(page.before);
    const now = clock.toWall(clock.now());
    const since = new Date(now - SPANS.month);
    const changes = await database.query((sql) =>
      listChanges(sql, { pbx, name }, { before, limit: limit + 1 })
    );
    const shown = changes.slice(0, limit);
    const oldest = shown.at(-1)?.at ?? since;
    const from = oldest < since ? oldest : since;
    const gaps = await this.#gaps(pbx, from);
    const stretches = stretchesOf(shown.toReversed().map(changeOf), gaps, before?.getTime() ?? now);
    return {
      items: stretches.map((stretch) => shownStretch(stretch, before)).reverse(),
      next: changes.length > limit ? oldest.toISOString() : null,
      availability: await this.#availability(pbx, name, { gaps, now, fresh: before === null }),
    };
  }

  async #availability(
    pbx: string,
    name: string,
    { gaps, now, fresh }: { gaps: readonly Gap[]; now: number; fresh: boolean },
  ): Promise<EndpointHistoryView["availability"]> {
    const key = keyOf(pbx, name);
    const known = this.#shares;
    if (!fresh && known?.key === key && now - known.at < SHARES_MS) return known.shares;
    const changes = await this.#options.database.query((sql) =>
      changesSince(sql, { pbx, name }, new Date(now - SPANS.month))
    );
    const month = stretchesOf(changes.map(changeOf), gaps, now);
    const share = (ms: number) => availabilityOf(month, now - ms, now);
    const shares = { day: share(SPANS.day), week: share(SPANS.week), month: share(SPANS.month) };
    this.#shares = { key, at: now, shares };
    return shares;
  }

  async #gaps(pbx: string, since: Date): Promise<Gap[]> {
    const { database, endpoints, clock } = this.#options;
    const rows = await database.query((sql) => gapsSince(sql, pbx, since));
    const gaps = rows.map(({ began_at, ended_at }) => ({
      from: began_at.getTime(),
      to: ended_at?.getTime() ?? null,
    }));
    // What goes on may not have been written yet.
    const silent = endpoints.silentSince(pbx);
    return silent === null ? gaps : [...gaps, { from: clock.toWall(silent), to: null }];
  }
}

/** Whether each contact that Asterisk asks has answered, or was found not to: its round trip is another each time. */
function haveAnswered(before: EndpointView | null, after: EndpointView): boolean {
  return after.contacts.every((contact) => {
    if (contact.status === "non_qualified" && contact.usable) return true;
    const then = before?.contacts.find(({ uri, aor }) => uri === contact.uri && aor === contact.aor);
    return then?.status !== contact.status || then.roundtrip_ms !== contact.roundtrip_ms;
  });
}

function changeOf(row: { at: Date; status: Change["status"]; reason: string | null }): Change {
  return { at: row.at.getTime(), status: row.status, reason: row.reason as EndpointReason | null };
}

/** The last stretch of a page that does not begin now ends where the page before it begins. */
function shownStretch({ from, to, status, reason }: Stretch, before: Date | null) {
  const until = to === null ? before : new Date(to);
  return { status, reason, at: new Date(from).toISOString(), until: until?.toISOString() ?? null };
}

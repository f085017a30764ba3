/**
 * @module
 * An endpoint as it is stored, and how its actor is rebuilt from that. A stored state that is damaged costs no more than
 * itself: the endpoint is rebuilt from the plain columns, and is asked for at the next sync anyway.
 */
import { z } from "zod";
import type { SnapshotFrom } from "xstate";
import type { StoredEndpoint } from "../db/endpoints.ts";
import type { EndpointRow } from "../db/rows.ts";
import {
  type EndpointContext,
  endpointMachine,
  type EndpointSettings,
  newEndpointContext,
} from "../machines/endpoint.ts";
import { nowhere } from "../machines/endpoint_contacts.ts";
import { type Clock, toIso } from "./clock.ts";
import type { EndpointDetails } from "./endpoint_lists.ts";
import type { EndpointPlace } from "./endpoint_views.ts";

/** Raised when the shape of the state changes so that an old one cannot be read. */
const VERSION = 1;

type Snapshot = SnapshotFrom<typeof endpointMachine>;

/** The row of an endpoint: what is known of it, whatever is shown. */
export function endpointRow(place: EndpointPlace, snapshot: Snapshot, clock: Clock): EndpointRow {
  const { context } = snapshot;
  const { reach, known, lastOnlineAt, alerted, turns } = context;
  return {
    pbx: place.pbx,
    name: place.name,
    status: known?.status ?? "unknown",
    status_since: toIso(clock, known?.since ?? context.shownSince),
    last_online_at: toIso(clock, lastOnlineAt),
    // With times of this run's clock, and how that differs from the wall.
    state: {
      v: VERSION,
      wall: clock.toWall(0),
      details: place.details,
      reach: { contacts: reach.contacts, aors: reach.aors, lastAddress: reach.lastAddress },
      bySync: known?.bySync ?? false,
      alerted,
      flapping: snapshot.matches({ steadiness: "flapping" }),
      turns,
    },
    updated_at: toIso(clock, place.updatedAt),
  };
}

/** What an endpoint's actor goes on from. `damaged` says why the stored state was put aside, if it was. */
export function restoreEndpoint(
  row: StoredEndpoint,
  settings: EndpointSettings,
  clock: Clock,
): { place: EndpointPlace; snapshot: Snapshot; damaged: string | null } {
  const now = clock.now();
  const past = (at: number) => Math.min(at, now);
  const steady = (date: Date) => past(clock.fromWall(date.getTime()));
  const parsed = stored.safeParse(row.state);
  const state = parsed.success ? shifted(parsed.data, clock) : null;
  const since = steady(row.status_since);
  const context: EndpointContext = {
    ...newEndpointContext({ at: now, settings }),
    reach: state === null ? nowhere() : { ...nowhere(), ...state.reach },
    known: row.status === "unknown" ? null : { status: row.status, since, bySync: state?.bySync ?? false },
    lastOnlineAt: row.last_online_at === null ? null : steady(row.last_online_at),
    alerted: row.status === "offline" && (state?.alerted ?? false),
    turns: (state?.turns ?? []).map(past),
  };
  const details: EndpointDetails = state?.details ?? { aors: [], auths: [], transport: null };
  const issue = parsed.success ? null : parsed.error.issues[0]!;
  return {
    place: { pbx: row.pbx, name: row.name, details, updatedAt: steady(row.updated_at) },
    snapshot: endpointMachine.resolveState({
      value: {
        presence: { unknown: "unheard" },
        steadiness: state?.flapping ? "flapping" : "steady",
        trust: "sure",
      },
      context,
    }),
    damaged: issue === null ? null : `${issue.path.join(".")}: ${issue.message}`,
  };
}

type Stored = z.infer<typeof stored>;

/** Times of the wall as times of this run's clock. */
function shifted(state: Stored, clock: Clock): Stored {
  const by = state.wall + clock.fromWall(0);
  return {
    ...state,
    turns: state.turns.map((at) => at + by),
    reach: {
      ...state.reach,
      contacts: state.reach.contacts.map((contact) => ({
        ...contact,
        since: contact.since + by,
        expiresAt: contact.expiresAt === null ? null : contact.expiresAt + by,
      })),
    },
  };
}

const MOST = Date.UTC(2100, 0);
const at = z.number().min(-MOST).max(MOST);
const text = z.string().max(1000);
const stored = z.object({
  v: z.literal(VERSION),
  /** What the wall clock showed at the steady clock's zero. */
  wall: at,
  details: z.object({ aors: z.array(text), auths: z.array(text), transport: text.nullable() }),
  reach: z.object({
    contacts: z.array(z.object({
      uri: text,
      aor: text,
      status: z.enum(["reachable", "unreachable", "non_qualified", "unknown"]),
      address: text.nullable(),
      userAgent: text.nullable(),
      roundtripMs: z.number().nullable(),
      expiresAt: at.nullable(),
      since: at,
    })).max(100),
    aors: z.array(z.object({ name: text, qualified: z.boolean().nullable() })).nullable(),
    lastAddress: text.nullable(),
  }),
  bySync: z.boolean(),
  alerted: z.boolean(),
  flapping: z.boolean(),
  turns: z.array(at).max(1000),
});

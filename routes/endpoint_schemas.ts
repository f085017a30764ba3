/**
 * @module
 * Shapes of endpoints, their history, alerts and log lines in the HTTP API, checked against
 * `machines/endpoint_views.ts`.
 */
import { z } from "@hono/zod-openapi";
import type {
  AvailabilityView,
  ContactView,
  EndpointAlertView,
  EndpointCallView,
  EndpointChangeView,
  EndpointHistoryView,
  EndpointReason,
  EndpointStatus,
  EndpointView,
  LogLineView,
} from "../machines/endpoint_views.ts";
import { named, time } from "./schemas.ts";

/** Whether endpoints can be called. */
export const ENDPOINT_STATUSES = [
  "online",
  "offline",
  "unknown",
] as const satisfies readonly EndpointStatus[];

const REASONS = [
  "no_contact",
  "unreachable",
  "link_down",
  "no_data",
  "qualifying",
  "no_aor",
] as const satisfies readonly EndpointReason[];

const Contact = z.object({
  uri: z.string().openapi({ example: "sip:777@192.0.2.7:5060" }),
  aor: z.string(),
  status: z.enum(["reachable", "unreachable", "non_qualified", "unknown"]),
  usable: z.boolean().openapi({ description: "A call can go there." }),
  address: z.string().nullable(),
  user_agent: z.string().nullable(),
  roundtrip_ms: z.number().nullable(),
  expires_at: time.nullable(),
  since: time,
}).openapi("Contact") satisfies z.ZodType<ContactView>;

const EndpointCall = z.object({
  call_id: z.string(),
  channel: z.string(),
  state: z.enum(["waiting", "ringing", "talking", "up"]),
  direction: z.enum(["in", "out"]).openapi({ description: "As the phone sees it." }),
  number: z.string().nullable(),
  name: z.string().nullable(),
  since: time,
}).openapi("EndpointCall") satisfies z.ZodType<EndpointCallView>;

/** A SIP endpoint of one Asterisk. */
export const Endpoint = z.object({
  pbx: z.string(),
  name: z.string().openapi({ example: "777-ep" }),
  display_name: z.string(),
  owner: named.nullable(),
  status: z.enum(ENDPOINT_STATUSES),
  status_since: time,
  status_reason: z.enum(REASONS).nullable(),
  last_online_at: time.nullable(),
  flapping: z.boolean().openapi({ description: "It came and went too often of late." }),
  alert_id: z.string().nullable(),
  contacts: z.array(Contact),
  device_state: z.string().nullable(),
  active_calls: z.array(EndpointCall),
  aors: z.array(z.string()),
  auths: z.array(z.string()),
  transport: z.string().nullable(),
  updated_at: time,
}).openapi("Endpoint") satisfies z.ZodType<EndpointView>;

const EndpointChange = z.object({
  status: z.enum(ENDPOINT_STATUSES),
  reason: z.enum(REASONS).nullable(),
  at: time,
  until: time.nullable(),
}).openapi("EndpointChange") satisfies z.ZodType<EndpointChangeView>;

const Availability = z.object({
  online_s: z.number(),
  offline_s: z.number(),
  unknown_s: z.number(),
  ratio: z.number().nullable().openapi({ description: "Share of the known time that it was online." }),
}).openapi("Availability") satisfies z.ZodType<AvailabilityView>;

/** How an endpoint came and went, newest first, and what that comes to. */
export const EndpointHistory = z.object({
  items: z.array(EndpointChange),
  next: z.string().nullable(),
  availability: z.object({ day: Availability, week: Availability, month: Availability }),
}).openapi("EndpointHistory") satisfies z.ZodType<EndpointHistoryView>;

/** Endpoints that have been offline for too long by one cause. */
export const EndpointAlert = z.object({
  id: z.string(),
  pbx: z.string(),
  site: z.string().nullable().openapi({ example: "192.0.2.0/24" }),
  endpoints: z.array(
    z.object({ name: z.string(), display_name: z.string(), since: time, back_at: time.nullable() }),
  ),
  since: time,
  raised_at: time,
  ended_at: time.nullable(),
}).openapi("EndpointAlert") satisfies z.ZodType<EndpointAlertView>;

/** A message in Asterisk's log. */
export const LogLine = z.object({
  id: z.int(),
  timestamp: time.nullable(),
  level: z.string().openapi({ example: "WARNING" }),
  source: z.string().nullable(),
  call: z.string().nullable().openapi({ example: "C-0000000a" }),
  message: z.string(),
  file: z.string(),
  pbx: z.string(),
  endpoints: z.array(z.string()),
}).openapi("LogLine") satisfies z.ZodType<LogLineView>;

/** How much of a log is held, and how much comes. */
export const LogStats = z.object({
  lines: z.int(),
  per_minute: z.number(),
  levels: z.record(z.string(), z.int()),
  sources: z.array(z.string()),
}).openapi("LogStats");

/** A log file that is followed, or waited for. */
export const LogFile = z.object({
  name: z.string(),
  pbx: z.string(),
  state: z.enum(["following", "missing", "unreadable"]),
  lines: z.int(),
  error: z.string().nullable(),
}).openapi("LogFile");

/**
 * @module
 * Shapes of the HTTP API as zod schemas, from which OpenAPI is made.
 * Shapes that the streams share are checked against `machines/views.ts`.
 */
import { z } from "@hono/zod-openapi";
import type { CompanyView } from "../actors/directory.ts";
import type { CommandView, EventType, EventView, IntercomView, LinkView } from "../machines/views.ts";

/** RFC 9457 problem. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  /** Names of what was wrong, where it was the input. */
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
}).loose().openapi("Problem");

/** A moment in an answer. */
export const time = z.iso.datetime({ offset: true }).openapi({ example: "2026-01-01T12:00:00.000Z" });

/** A remote opening. */
export const Command = z.object({
  id: z.string(),
  mac: z.string(),
  apartment: z.string().nullable(),
  status: z.enum(["requested", "sent", "confirmed", "closed", "expired", "failed"]),
  requested_by: z.object({ id: z.int(), name: z.string() }),
  issued_at: time,
  expires_at: time,
  sent_at: time.nullable(),
  confirmed_at: time.nullable(),
  closed_at: time.nullable(),
  late: z.boolean().openapi({ description: "The panel confirmed after the deadline." }),
  failed_reason: z.string().nullable(),
}).openapi("Command") satisfies z.ZodType<CommandView>;

/** A panel with its door. */
export const Intercom = z.object({
  mac: z.string(),
  name: z.string(),
  address: z.string(),
  status: z.enum(["online", "offline", "unknown"]),
  status_since: time,
  status_reason: z.enum(["silence", "last_will", "never_heard", "link_down", "restarted"]).nullable(),
  door: z.enum(["open", "closed", "unknown"]),
  door_since: time.nullable(),
  door_source: z.enum(["remote", "key", "button", "call"]).nullable(),
  last_seen_at: time.nullable(),
  adopted: z.boolean(),
  alarm: z.object({ kind: z.enum(["forced", "held_open", "tamper"]), since: time }).nullable(),
  last_call: z.object({ apartment: z.string(), at: time }).nullable(),
  command: Command.nullable(),
}).openapi("Intercom") satisfies z.ZodType<IntercomView>;

/** Types of rows in a panel's history. */
export const EVENT_TYPES = [
  "call",
  "key",
  "door_opened",
  "door_closed",
  "open_command",
  "online",
  "offline",
  "alarm",
] as const satisfies readonly EventType[];

/** A row of a panel's history. */
export const IntercomEvent = z.object({
  id: z.string(),
  mac: z.string(),
  type: z.enum(EVENT_TYPES),
  apartment: z.string().nullable(),
  key_id: z.string().nullable(),
  command_id: z.string().nullable(),
  payload: z.record(z.string(), z.unknown()),
  occurred_at: time,
  received_at: time,
}).openapi("IntercomEvent") satisfies z.ZodType<EventView>;

/** A connection to something outside. */
export const Link = z.object({
  id: z.string(),
  state: z.enum(["connecting", "up", "down"]),
  phase: z.enum(["connecting", "logging_in", "syncing", "up", "backing_off", "refused"]).nullable(),
  warning: z.string().nullable(),
  since: time,
  last_error: z.string().nullable(),
  target: z.string(),
}).openapi("Link") satisfies z.ZodType<LinkView>;

/** A text that PostgreSQL can store as text and in JSON: no NUL, no half of a surrogate pair. */
export function storable(text: z.ZodString): z.ZodString {
  return text.refine(
    (value) => !value.includes("\0") && value.isWellFormed(),
    "expected no character that cannot be stored",
  );
}

/** Who is asking. */
export const Me = z.object({
  id: z.int(),
  login: z.string(),
  name: z.string(),
  role: z.enum(["admin", "operator", "employee"]),
  /** False after the one-time link: the pages then ask for one. */
  has_password: z.boolean(),
  /** One's own numbers: calls to them ring on one's screen. */
  phones: z.array(z.string()),
}).openapi("Me");

/** A person who may log in. */
export const User = z.object({
  id: z.int(),
  login: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  role: z.enum(["admin", "operator", "employee"]),
  status: z.enum(["active", "disabled"]),
  has_password: z.boolean(),
  created_at: time,
  phones: z.array(z.string()).openapi({ description: "Numbers that are theirs, as they were written" }),
}).openapi("User");

const password = z.string().min(10, "expected at least 10 characters").max(200);

/** What makes a new person. */
export const NewUser = z.object({
  login: z.string().regex(
    /^[a-z0-9][a-z0-9._-]{1,62}$/,
    "expected 2 to 63 of a-z, 0-9, dot, dash, underscore",
  ),
  first_name: storable(z.string().trim().max(100)).default(""),
  last_name: storable(z.string().trim().max(100)).default(""),
  role: z.enum(["admin", "operator", "employee"]),
  password,
}).strict().openapi("NewUser");

/** What may change in a person. */
export const UserChange = z.object({
  first_name: storable(z.string().trim().max(100)),
  last_name: storable(z.string().trim().max(100)),
  role: z.enum(["admin", "operator", "employee"]),
  status: z.enum(["active", "disabled"]),
  password,
}).partial().strict().openapi("UserChange");

/** Change of one's own password. */
export const PasswordChange = z.object({
  /** Not needed by somebody who has none yet. */
  current: z.string().max(200).optional(),
  password,
}).strict().openapi("PasswordChange");

/** An API token, without its secret. */
export const Token = z.object({
  id: z.int(),
  name: z.string(),
  user_id: z.int(),
  created_at: time,
  expires_at: time.nullable(),
  last_used_at: time.nullable(),
}).openapi("Token");

/** An API token with its secret, shown once. */
export const NewTokenAnswer = Token.extend({ token: z.string() }).openapi("NewTokenAnswer");

/** What makes a new API token. */
export const NewToken = z.object({
  name: storable(z.string().trim().min(1).max(100)),
  expires_in_days: z.int().min(1).max(3650).optional(),
}).strict().openapi("NewToken");

/** A message from the wire that was refused. */
export const DeadLetter = z.object({
  id: z.string(),
  source: z.string(),
  reason: z.string(),
  topic: z.string(),
  /** At most 1,024 characters; what is not text is escaped. */
  payload: z.string(),
  received_at: time,
}).openapi("DeadLetter");

/** A line of the audit log. */
export const AuditEntry = z.object({
  id: z.string(),
  at: time,
  user_id: z.int().nullable(),
  actor: z.string(),
  action: z.string(),
  target: z.string().nullable(),
  address: z.string().nullable(),
  result: z.string(),
  detail: z.record(z.string(), z.unknown()),
}).openapi("AuditEntry");

/** Somebody, or a company, by name. */
export const named = z.object({ id: z.int(), name: z.string() });

/** A number as somebody wrote it. */
export const phone = storable(z.string().trim().min(1).max(64));

/** A company whose numbers are known. */
export const Company = z.object({
  id: z.int(),
  name: z.string(),
  notes: z.string(),
  phones: z.array(z.string()),
  created_at: time,
}).openapi("Company") satisfies z.ZodType<CompanyView>;

const companyFields = {
  name: storable(z.string().trim().min(1).max(200)),
  notes: storable(z.string().trim().max(4000)),
  phones: z.array(phone).max(500),
};

/** What makes a new company. */
export const NewCompany = z.object({
  ...companyFields,
  notes: companyFields.notes.default(""),
  phones: companyFields.phones.default([]),
}).strict().openapi("NewCompany");

/** What may change in a company. */
export const CompanyChange = z.object(companyFields).partial().strict().openapi("CompanyChange");

/** All numbers of a person. */
export const UserPhones = z.object({ phones: z.array(phone).max(50) }).strict().openapi("UserPhones");

/** What is known of a number. */
export const NumberInfo = z.object({
  number: z.string(),
  shown: z.string().openapi({ description: "As people write it" }),
  key: z.string().nullable().openapi({
    description: "As it is compared; null where there is nothing to compare",
  }),
  internal: z.boolean(),
  owner: named.nullable(),
  company: named.nullable(),
}).openapi("NumberInfo");

/** What an operator may change in a panel. */
export const IntercomChange = z.object({
  name: storable(z.string().trim().max(100)),
  address: storable(z.string().trim().max(200)),
  /** True is the operator's yes to a panel that waits for one. */
  adopted: z.literal(true),
}).partial().strict().openapi("IntercomChange");

/** Body of an open request. */
export const OpenRequest = z.object({
  apartment: z.union([storable(z.string().trim().min(1).max(16)), z.int().min(0)]).optional(),
}).strict().openapi("OpenRequest");

/** A page of a list. `next` is the cursor of the following page, null at the end. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable() });
}

/** Settings that pages show. Durations in seconds. */
export const ShownSettings = z.object({
  version: z.string(),
  offline_after: z.number(),
  heartbeat_every: z.number(),
  held_open_after: z.number(),
  adopt: z.enum(["auto", "approve"]),
  broker: z.enum(["embedded", "external"]),
}).openapi("Settings");

/**
 * @module
 * MQTT bytes become a typed panel message here, or a refusal with its reason. Past this file nothing is `unknown`.
 * Topics and payloads are those of panels in the field; what a panel sends beside them is kept with the event.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import type { IntercomEvent } from "../../machines/events.ts";

/** Largest payload that is taken, in bytes. */
export const MAX_PAYLOAD = 64 * 1024;

/** How deep JSON may nest: no panel needs more, and a parser's stack is not for the sender to fill. */
const MAX_DEPTH = 32;

/** Why a message was refused. */
export type Refusal =
  | "bad_topic"
  | "bad_mac"
  | "unknown_topic"
  | "oversize"
  | "not_utf8"
  | "not_json"
  | "not_object"
  | "too_deep"
  | "wrong_type"
  | "retained"
  | "not_allowed"
  | "too_many_unknown"
  | "not_storable";

/** An event of the intercom machine whose time is given by whoever delivers it. */
export type Untimed<E> = E extends { at: number } ? Omit<E, "at"> : never;

/** What a panel said. */
export interface PanelMessage {
  /** Upper case: the panel's key. */
  mac: string;
  /** As the panel writes it: topics are case-sensitive. */
  topicMac: string;
  event: Untimed<Extract<IntercomEvent, { type: `panel.${string}` }>>;
  /** The panel's own time in milliseconds, when it gave one that can be understood. */
  occurredAt: number | null;
  /** What makes the event count once: the panel's id, else a fingerprint for a message that may be delivered again. */
  onceKey: string;
  /** True when a message with this key counts only once; else only a redelivery of it is refused. */
  hasId: boolean;
  /** Fields beside the known ones. */
  extra: Record<string, unknown>;
}

/** What came of a message. */
export type Decoded =
  | { ok: true; message: PanelMessage }
  /** `mac` is given where the topic is good: the panel is alive, whatever it says. */
  | { ok: false; reason: Refusal; detail: string; mac: string | null; topicMac: string | null };

const MAC = /^[0-9A-Fa-f]{2}(?:[:-]?[0-9A-Fa-f]{2}){2,7}$/;

/** Whether a text can be the MAC of a panel: 3 to 8 pairs of hexadecimal digits, with `:`, `-` or nothing between. */
export function isMac(text: string): boolean {
  return MAC.test(text);
}

const word = z.union([z.string().max(64), z.int()]).transform((value) => clean(String(value)).trim());
const optional = word.optional().nullable().transform((value) => value ? value : null);
const common = { timestamp: z.union([z.string().max(64), z.number()]).optional().nullable(), id: optional };
const source = z.enum(["remote", "key", "button", "call"]).optional().nullable().transform((value) =>
  value ?? null
);
const nonEmpty = word.refine((value) => value !== "", "expected an apartment, got nothing");

const shapes = {
  heartbeat: z.looseObject({ ...common, door_status: z.enum(["open", "closed"]) }),
  call: z.looseObject({ ...common, apartment: nonEmpty }),
  key: z.looseObject({ ...common, apartment: optional, key_id: optional }),
  door_opened: z.looseObject({ ...common, source, apartment: optional, command_id: optional }),
  door_closed: z.looseObject({ ...common, source, apartment: optional, command_id: optional }),
  alarm: z.looseObject({ ...common, kind: z.enum(["forced", "held_open", "tamper"]) }),
  status: z.looseObject({ ...common, status: z.enum(["online", "offline"]) }),
};

type Kind = keyof typeof shapes;

/** Topics below `intercom/{mac}/` that panels publish. */
export const PANEL_TOPICS = Object.keys(shapes) as Kind[];

/** Said again and again, and taken each time: a fingerprint of each would cost a tenth of taking it. */
const REPEATABLE: ReadonlySet<string> = new Set<Kind>(["heartbeat", "status"]);

const KNOWN_FIELDS = new Set([
  "timestamp",
  "id",
  "door_status",
  "apartment",
  "key_id",
  "source",
  "command_id",
  "kind",
  "status",
  "__proto__",
]);

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Decodes one publish. `retained` says that the broker kept it from before. */
export function decode(topic: string, payload: Uint8Array, retained: boolean): Decoded {
  const parts = topic.split("/");
  if (parts.length !== 3 || parts[0] !== "intercom") {
    return refuse("bad_topic", "expected intercom/{mac}/{what}");
  }
  const [, topicMac, kind] = parts as [string, string, string];
  if (!isMac(topicMac)) return refuse("bad_mac", "expected 3 to 8 pairs of hexadecimal digits");
  const mac = topicMac.toUpperCase();
  const no = (reason: Refusal, detail: string): Decoded => ({
    ok: false,
    reason,
    detail,
    mac: retained ? null : mac,
    topicMac,
  });
  if (!Object.hasOwn(shapes, kind)) return no("unknown_topic", `expected one of ${PANEL_TOPICS.join(", ")}`);
  if (retained && kind !== "status") return no("retained", "expected only status to be retained");
  if (payload.length > MAX_PAYLOAD) {
    return no("oversize", `expected at most ${MAX_PAYLOAD} bytes, got ${payload.length}`);
  }

  let text: string;
  try {
    text = utf8.decode(payload);
  } catch {
    return no("not_utf8", "expected UTF-8");
  }
  if (nestsDeeper(payload, MAX_DEPTH)) return no("too_deep", `expected at most ${MAX_DEPTH} levels`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return no("not_json", "expected JSON");
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    return no("not_object", "expected a JSON object");
  }

  const parsed = shapes[kind as Kind].safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return no("wrong_type", `${issue.path.join(".")}: ${issue.message}`);
  }
  const fields = parsed.data as z.output<typeof shapes[Kind]>;
  return {
    ok: true,
    message: {
      mac,
      topicMac,
      event: eventOf(kind as Kind, fields, retained),
      occurredAt: parseTime(fields.timestamp ?? null),
      // No id of a panel's can look like a fingerprint, which holds for minutes only.
      onceKey: fields.id?.replace(/^#/, "id #") ?? (REPEATABLE.has(kind) ? "#" : fingerprint(topic, payload)),
      hasId: fields.id !== null,
      extra: extraOf(fields),
    },
  };
}

function fingerprint(topic: string, payload: Uint8Array): string {
  return `#${createHash("sha256").update(topic).update("\0").update(payload).digest("base64url")}`;
}

function refuse(reason: Refusal, detail: string): Decoded {
  return { ok: false, reason, detail, mac: null, topicMac: null };
}

function eventOf(kind: Kind, fields: Record<string, unknown>, retained: boolean): PanelMessage["event"] {
  switch (kind) {
    case "heartbeat":
      return { type: "panel.heartbeat", door: (fields as z.output<typeof shapes.heartbeat>).door_status };
    case "call":
      return { type: "panel.call", apartment: (fields as z.output<typeof shapes.call>).apartment };
    case "key": {
      const { apartment, key_id } = fields as z.output<typeof shapes.key>;
      return { type: "panel.key", apartment, keyId: key_id };
    }
    case "door_opened": {
      const { source, apartment, command_id } = fields as z.output<typeof shapes.door_opened>;
      return { type: "panel.door_opened", source, apartment, commandId: command_id };
    }
    case "door_closed": {
      const { source, apartment } = fields as z.output<typeof shapes.door_closed>;
      return { type: "panel.door_closed", source, apartment };
    }
    case "alarm":
      return { type: "panel.alarm", kind: (fields as z.output<typeof shapes.alarm>).kind };
    case "status":
      return { type: "panel.status", status: (fields as z.output<typeof shapes.status>).status, retained };
  }
}

/** ISO 8601, in UTC when it names no zone, or seconds or milliseconds since 1970. Null when it is none of these. */
export function parseTime(value: string | number | null): number | null {
  if (value === null) return null;
  if (typeof value === "number") {
    const ms = value < 1e11 ? value * 1000 : value;
    return sane(Math.round(ms));
  }
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)\s*(Z|[+-]\d\d:?\d\d)?$/i.exec(
    value.trim(),
  );
  if (match === null) return null;
  const zone = (match[3] ?? "Z").toUpperCase().replace(/^([+-]\d\d)(\d\d)$/, "$1:$2");
  const time = match[2]!.replace(/(\.\d{3})\d+$/, "$1");
  const ms = Date.parse(`${match[1]}T${time}${zone}`);
  return sane(ms);
}

/** A panel's clock may stand at 1970 after a power cut, or anywhere. */
function sane(ms: number): number | null {
  return ms >= Date.UTC(2000, 0) && ms < Date.UTC(2100, 0) ? ms : null;
}

/** Fields that the contract does not name, as the database can keep them. */
function extraOf(fields: Record<string, unknown>): Record<string, unknown> {
  const extra = Object.entries(fields).filter(([name]) => !KNOWN_FIELDS.has(clean(name)));
  return extra.length === 0 ? {} : cleanDeep(Object.fromEntries(extra)) as Record<string, unknown>;
}

/** Text that PostgreSQL takes: it refuses NUL, and halves of surrogate pairs. */
function clean(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

function cleanDeep(value: unknown): unknown {
  if (typeof value === "string") return clean(value);
  if (Array.isArray(value)) return value.map(cleanDeep);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [clean(name), cleanDeep(item)])
      .filter(([name]) => name !== "__proto__"),
  );
}

/** Counts brackets outside strings, in the bytes: cheaper than parsing, and it has no stack. */
function nestsDeeper(bytes: Uint8Array, limit: number): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inString) {
      if (byte === 0x5c) i++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > limit) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return false;
}

/**
 * @module
 * What a panel writes and reads on MQTT, in the words of the field protocol `intercom/{mac}/…`.
 * It shares nothing with the service's decoder, so that one mistake cannot hide on both sides.
 */
import { Buffer } from "node:buffer";

/** The messages that a panel sends. */
export type PanelMessage = "heartbeat" | "status" | PanelEventType;

/** The messages of a panel that state an event, each sent with an `id`. */
export type PanelEventType = "call" | "key" | "door_opened" | "door_closed" | "alarm";

/** Why a door opened, as a panel says it. */
export type OpeningSource = "remote" | "key" | "button" | "call";

/** Kinds of alarms that a panel raises. */
export type PanelAlarm = "forced" | "held_open" | "tamper";

/** An order to open the door. */
export interface OpenOrder {
  /** Empty where the server sent none. */
  commandId: string | null;
  apartment: number | string | null;
  /** Milliseconds since 1970; null where the server set no limit. */
  expiresAtMs: number | null;
}

/** Names the topic of a message of one panel. */
export function panelTopic(mac: string, message: PanelMessage | "cmd"): string {
  return `intercom/${mac}/${message}`;
}

/** Writes a payload; a key whose value is undefined is left out. */
export function encodePayload(fields: Record<string, unknown>): Buffer {
  return Buffer.from(JSON.stringify(fields));
}

/** Writes a moment as ISO 8601 in UTC. */
export function panelTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/**
 * Reads a payload of `cmd`.
 * @returns null when it is no order to open that a panel could understand
 */
export function decodeOrder(payload: Uint8Array): OpenOrder | null {
  const fields = parseObject(payload);
  if (fields === null || fields.action !== "open") return null;
  const { command_id: commandId, apartment, expires_at: expiresAt } = fields;
  const expiresAtMs = expiresAt === undefined || expiresAt === null ? null : timeOf(expiresAt);
  if (Number.isNaN(expiresAtMs)) return null;
  return {
    commandId: typeof commandId === "string" ? commandId : null,
    apartment: typeof apartment === "string" || typeof apartment === "number" ? apartment : null,
    expiresAtMs,
  };
}

function parseObject(payload: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(payload));
    return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
  } catch {
    return null;
  }
}

function timeOf(value: unknown): number {
  if (typeof value !== "string") return NaN;
  // The field protocol reads a time without a zone as UTC; Date would take it for local time.
  const hasZone = /(?:[zZ]|[+-]\d\d:?\d\d)$/.test(value);
  return Date.parse(hasZone ? value : `${value}Z`);
}

/**
 * @module
 * Topics of log lines as the feed names them, read back.
 */
import type { LogScope } from "./logs.ts";

/** Whose lines a topic is: `logs:*`, `logs:PBX/NAME` or `logs:[C-0000000a]`; null when it is none of these. */
export function scopeOfTopic(topic: string): LogScope | null {
  const what = topic.replace(/^logs:/, "");
  if (what === topic) return null;
  if (what === "*") return { kind: "all" };
  const call = /^\[(C-[0-9a-f]+)\]$/i.exec(what)?.[1];
  if (call !== undefined) return { kind: "call", call };
  const slash = what.indexOf("/");
  return slash < 0 ? null : { kind: "endpoint", pbx: what.slice(0, slash), name: what.slice(slash + 1) };
}

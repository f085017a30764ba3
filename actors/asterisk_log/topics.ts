/**
 * @module
 * Topics of log lines as the feed names them, read back.
 */
import type { LogScope } from "./logs.ts";

/** Whose lines a topic is: `logs:*`, `logs:PBX/NAME` or `logs:[PBX/C-0000000a]`; null when it is none of these. */
export function scopeOfTopic(topic: string): LogScope | null {
  const what = topic.replace(/^logs:/, "");
  if (what === topic) return null;
  if (what === "*") return { kind: "all" };
  const [, pbx, call] = /^\[([^/]+)\/(C-[0-9a-f]+)\]$/i.exec(what) ?? [];
  if (pbx !== undefined && call !== undefined) return { kind: "call", pbx, call };
  const slash = what.indexOf("/");
  return slash < 0 ? null : { kind: "endpoint", pbx: what.slice(0, slash), name: what.slice(slash + 1) };
}

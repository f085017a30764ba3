/**
 * @module
 * Which messages a reader wants to see.
 */
import type { Kept } from "./ring.ts";

/** What a message must have; what is not given is not asked for. */
export interface Filter {
  levels?: readonly string[];
  /** A source, `res_pjsip/pjsip_distributor.c`, or a module, `pjsip_distributor` or `res_pjsip`. */
  source?: string;
  /** Text within the message, in whatever case. */
  q?: string;
  /** `C-0000000a`, of whichever PBX. */
  call?: string;
  /** The name of a PBX. */
  pbx?: string;
  /** What is left out with `call`: an Asterisk that was started anew counts its calls anew. */
  isPast?: (message: Kept) => boolean;
  /** Milliseconds since 1970, both inclusive. */
  from?: number;
  to?: number;
}

/** Whether a message has what a filter asks for. */
export function passes(message: Kept, filter: Filter): boolean {
  if (filter.levels !== undefined && filter.levels.length > 0 && !filter.levels.includes(message.level)) {
    return false;
  }
  if (filter.call !== undefined && (message.call !== filter.call || filter.isPast?.(message))) return false;
  if (filter.pbx !== undefined && message.pbx !== filter.pbx) return false;
  if (filter.source !== undefined && !isOf(message.source, filter.source)) return false;
  // Of one without a time it is only known when it came.
  const at = message.at ?? message.seenAt;
  if (filter.from !== undefined && at < filter.from) return false;
  if (filter.to !== undefined && at > filter.to) return false;
  return filter.q === undefined || filter.q === "" ||
    message.text.toLowerCase().includes(filter.q.toLowerCase());
}

function isOf(source: string | null, wanted: string): boolean {
  if (source === null) return false;
  if (source === wanted) return true;
  const [file = "", ...folders] = source.split("/").reverse();
  return file === wanted || file.replace(/\.\w+$/, "") === wanted || folders.includes(wanted);
}

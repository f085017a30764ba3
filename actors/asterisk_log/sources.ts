/**
 * @module
 * Which log files are read, as the setting says: paths and globs, each of one PBX. It opens nothing.
 */
import { resolve } from "node:path";

/** A log file, or a glob of them, of one PBX. */
export interface LogSource {
  pbx: string;
  /** Absolute. `*`, `?` and `[…]` stand for parts of one name. */
  path: string;
}

/**
 * Reads entries of `[PBX=]PATH_OR_GLOB`; one without a PBX is of `defaultPbx`. The same file twice is one.
 *
 * @throws Error naming the entry that has no path
 */
export function parseLogSources(entries: readonly string[], defaultPbx: string): LogSource[] {
  const sources = new Map<string, LogSource>();
  for (const entry of entries) {
    const [, pbx = defaultPbx, path = ""] = /^(?:([\w.:-]{1,64})=)?(.*)$/s.exec(entry.trim())!;
    if (path === "" || path.includes("\0")) {
      throw new Error(`Cannot read log source ${JSON.stringify(entry)}: expected [PBX=]PATH_OR_GLOB`);
    }
    const source = { pbx, path: resolve(path) };
    if (!sources.has(source.path)) sources.set(source.path, source);
  }
  return [...sources.values()];
}

/** Whether a path stands for several files. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}

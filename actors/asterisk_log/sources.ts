/**
 * @module
 * Which log files are read, as the setting says: paths and globs, each of one PBX. It opens nothing.
 */
/** A log file, or a glob of them, of one PBX. */
export interface LogSource {
  pbx: string;
  /** Absolute. `*`, `?` and `[…]` stand for parts of one name. */
  path: string;
}

/** Whether a path stands for several files. */
export function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}

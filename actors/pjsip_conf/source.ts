/**
 * @module
 * Where pjsip.conf is: a file here, or behind AMI. Both read all of it, and write a changed one only if it is still the
 * one that was read.
 */
import type { LoadedConf } from "./apply.ts";

/** Reads and writes one PBX's configuration. */
export interface ConfSource {
  kind: "file" | "ami";
  /** @throws ConfigRefused `not-editable` where it cannot even be read, `link-down` */
  load(): Promise<LoadedConf>;
  /**
   * Why this change cannot be written there though it makes sense; null when it can.
   */
  obstacle(before: LoadedConf, after: LoadedConf): string | null;
  /**
   * Writes `after` where `before` still is, and gives what is there then.
   *
   * @throws ConfigRefused, when nothing was written: `conflict` when it changed meanwhile, `not-editable`,
   *   `pbx-refused`, `link-down`
   * @throws SaveUncertain when some of it may have been
   */
  save(before: LoadedConf, after: LoadedConf): Promise<LoadedConf>;
  /**
   * Brings back what `after` changed of `before`, and leaves alone what others changed since. It may be tried again.
   *
   * @throws ConfigRefused `conflict` when others changed the same since, and as `save` does
   */
  takeBack(before: LoadedConf, after: LoadedConf): Promise<LoadedConf>;
}

/**
 * @module
 * The files of an emulated Asterisk in a folder of its own: pjsip.conf, which it reads at the start and at a reload, and
 * its log.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { AsteriskLog, THREADS } from "./asterisk_log.ts";
import { CallLog } from "./asterisk_log_calls.ts";
import type { EmulatedClock } from "./emulated_clock.ts";
import { confOf, type EndpointSpec, type PjsipStore } from "./pjsip_store.ts";

const CONF = "pjsip.conf";

/** The files, open. */
export class AsteriskFiles {
  readonly log: AsteriskLog;
  readonly calls: CallLog;
  readonly #path: string;

  constructor(options: { dir: string; clock: EmulatedClock; mostLogBytes?: number }) {
    const { dir, clock, mostLogBytes } = options;
    mkdirSync(dir, { recursive: true });
    this.#path = `${dir}/${CONF}`;
    this.log = new AsteriskLog({ dir, clock, mostBytes: mostLogBytes });
    this.calls = new CallLog(this.log);
  }

  /** Reads pjsip.conf for the first time; where there is none, one with these endpoints is written. */
  read(store: PjsipStore, specs: readonly EndpointSpec[]): void {
    // It has passwords in it, be they made up.
    if (!existsSync(this.#path)) writeFileSync(this.#path, confOf(specs), { mode: 0o600 });
    this.start(store);
  }

  /** Reads pjsip.conf as at a start, and says that it is up. */
  start(store: PjsipStore): void {
    this.#take(store);
    this.log.write("VERBOSE", "asterisk.c", "Asterisk Ready.", { thread: THREADS.main });
  }

  /** Reads pjsip.conf again. */
  reread(store: PjsipStore): void {
    const message = "Reloading module 'res_pjsip.so' (Basic SIP resource)";
    this.log.write("VERBOSE", "loader.c", message, { thread: THREADS.manager });
    this.#take(store);
    this.log.write("NOTICE", "sorcery.c", "Type 'system' is not reloadable, maintaining previous values");
  }

  #take(store: PjsipStore): void {
    const text = existsSync(this.#path) ? readFileSync(this.#path, "utf8") : "";
    for (const { level, source, message } of store.load(text, CONF)) this.log.write(level, source, message);
  }
}

/**
 * @module
 * What became of a change of configuration, and what the service says of it in English, as words that these pages have.
 * Pure: nothing is called verified that the service did not call so.
 */
import { ApiError } from "../api.ts";
import type { ConfigChange } from "../types.ts";

/** What came back when a change was sent; `unanswered` where nothing did. */
export type ConfigDone = ConfigChange | "unanswered";

/**
 * `verified` Asterisk has it. `unchanged` there was nothing to do. `unverified` it is written, and what Asterisk made of
 * it is not known. `stuck` Asterisk did not take it, and it is written still. `unknown` nobody knows whether it was written.
 * `rolled_back` all is as before. `rolled_back_file` the file is as before, and Asterisk perhaps not. `unanswered` as
 * `unknown`: the answer never came.
 */
export type ConfigOutcome =
  | "verified"
  | "unchanged"
  | "unverified"
  | "stuck"
  | "unknown"
  | "rolled_back"
  | "rolled_back_file"
  | "unanswered";

/** What became of a change. */
export function outcomeOf(done: ConfigDone): ConfigOutcome {
  if (done === "unanswered") return "unanswered";
  const { result, failure, version } = done;
  if (result === "rolled_back") return isWhollyBack(failure) ? "rolled_back" : "rolled_back_file";
  if (failure !== null) return ofFailure(failure);
  return version === null ? "unchanged" : "verified";
}

/** What a version in the history came to; null where all is well. */
export function versionTrouble(
  { result, failure }: Pick<ConfigChange, "failure"> & { result: "saved" | "rolled_back" },
): "refused" | "unverified" | "stuck" | "unknown" | null {
  if (result === "rolled_back") return "refused";
  return failure === null ? null : ofFailure(failure);
}

/** Whether a request may have been carried out although no answer came: the line, or a proxy on it, gave up. */
export function isUnanswered(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return error.status === 0 || error.problem === null && (error.status === 502 || error.status === 504);
}

/** Whether a failure says by itself, in English, what became of a change: what these pages say of it would say it twice. */
export function saysItself(failure: string | null): boolean {
  return /^(asterisk did not take|it is not known whether|it is saved, and could not)/i.test(failure ?? "");
}

/** A text of the service, which is a part of a sentence, as a sentence. */
export function asSentence(text: string): string {
  const said = text.trim();
  if (said === "") return "";
  // The name of an option or of a section stays as it is written in pjsip.conf.
  const first = /^[a-z]+(?=[ ,])/.test(said) ? said[0]!.toUpperCase() + said.slice(1) : said;
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

function ofFailure(failure: string): "unverified" | "stuck" | "unknown" {
  if (/not be taken back/i.test(failure)) return "stuck";
  return /not known whether/i.test(failure) ? "unknown" : "unverified";
}

function isWhollyBack(failure: string | null): boolean {
  return !/former configuration is back|not .*as before|not be taken back|has to be reloaded/i.test(
    failure ?? "",
  );
}

/**
 * @module
 * Why a change of configuration is not done, by what the caller does about it. No message has a secret in it.
 */
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";

/** What a refusal is about. */
export type RefusalKind =
  | "not-found"
  | "exists"
  | "conflict"
  | "invalid"
  | "not-editable"
  | "link-down"
  | "pbx-refused"
  | "unsafe";

/** A change, or a question, that is refused; nothing was written unless the message says so. */
export class ConfigRefused extends Error {
  override name = "ConfigRefused";
  readonly kind: RefusalKind;
  /** What is wrong, where it is `invalid` or `unsafe`. */
  readonly problems: ConfigProblemView[];

  constructor(kind: RefusalKind, message: string, problems: ConfigProblemView[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.problems = problems;
  }
}

/** Something may have been written, and nobody knows how much: the file has to be looked at. */
export class SaveUncertain extends Error {
  override name = "SaveUncertain";
  /** What it is if nothing was written after all. */
  readonly kind: RefusalKind;

  constructor(kind: RefusalKind, message: string, cause: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** Says that nothing has a name. */
export function notFound(name: string): ConfigRefused {
  return new ConfigRefused(
    "not-found",
    `There is no endpoint or template ${name.slice(0, 80)} in the configuration`,
  );
}

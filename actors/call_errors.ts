/**
 * @module
 * Why something that somebody asked of a call is not done: one class for each answer that the edge gives.
 */

/** There is no such call, in memory or in the table. */
export class NoSuchCall extends Error {
  override name = "NoSuchCall";
}

/** Why it is not done; also the last part of the problem's type. */
export type CallRefusal =
  /** Who asked is not party to the call. */
  | "not-party"
  /** It does not ring, or not any more. */
  | "not-ringing"
  /** It has ended. */
  | "over"
  /** The link to its PBX is not up. */
  | "link-down"
  /** The number to transfer to cannot be one. */
  | "bad-number"
  /** The PBX said no; the message is its own. */
  | "pbx-refused";

/** What was asked of a call is refused; nothing was done. */
export class CallRefused extends Error {
  override name = "CallRefused";

  constructor(readonly kind: CallRefusal, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

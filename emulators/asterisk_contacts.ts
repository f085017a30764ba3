/**
 * @module
 * A place where an endpoint can be reached, and what Asterisk knows of it.
 */
import { createHash } from "node:crypto";

/** States of a contact, in Asterisk's words. */
export type ContactState = "Reachable" | "Unreachable" | "NonQualified";

/** What a phone registers with. */
export interface Registration {
  host: string;
  port: number;
  userAgent: string;
  expiresSeconds: number;
}

/** One contact. */
export class Contact {
  readonly uri: string;
  /** As `PJSIPShowContacts` and `ContactStatusDetail` name it. */
  readonly id: string;
  readonly callId: string;
  state: ContactState = "NonQualified";
  roundtripMicroseconds = 0;
  /** Whether a phone is there, whatever Asterisk believes. */
  answers = true;
  /** What removes it when its registration runs out. */
  timer: unknown = null;
  #since: number;
  #seconds: number;

  constructor(readonly aor: string, readonly at: Registration, nowMs: number) {
    this.uri = `sip:${aor}@${at.host}:${at.port}`;
    this.id = contactId(aor, this.uri);
    this.callId = `${aor}-${at.port}@${at.host}`;
    this.#since = Math.floor(nowMs / 1_000);
    this.#seconds = at.expiresSeconds;
  }

  /** Whether a call would go there. */
  get usable(): boolean {
    return this.state !== "Unreachable";
  }

  /** Registers anew for as long. */
  refresh(nowMs: number): void {
    this.#since = Math.floor(nowMs / 1_000);
  }

  /** Is as it was last registered from now on: nobody refreshes it any more. */
  freeze(nowMs: number): void {
    this.#since = this.expiresAt(nowMs) - this.#seconds;
    this.answers = false;
  }

  /** When the registration runs out, in seconds. A phone that is there renews it halfway, without a timer of its own. */
  expiresAt(nowMs: number): number {
    if (!this.answers) return this.#since + this.#seconds;
    const half = Math.max(1, Math.floor(this.#seconds / 2));
    const renewals = Math.max(0, Math.floor((nowMs / 1_000 - this.#since) / half));
    return this.#since + renewals * half + this.#seconds;
  }
}

/** A contact's id: the AOR and a hash of the URI; one that is configured has `@@` there. */
export function contactId(aor: string, uri: string, between = ";@"): string {
  return `${aor}${between}${createHash("md5").update(uri).digest("hex")}`;
}

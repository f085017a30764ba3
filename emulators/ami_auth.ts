/**
 * @module
 * The one account of an emulated Asterisk: plain and MD5 login, and the rights that come with it.
 */
import { createHash } from "node:crypto";
import type { AmiAction } from "./ami_codec.ts";
import { readRights, type Rights } from "./ami_rights.ts";
import type { AmiSession } from "./ami_server.ts";
import { type Random, wholeBetween } from "./random.ts";

/** An account as manager.conf has it. */
export interface AmiAccount {
  user: string;
  secret: string;
  /** Classes with commas, or `all`. */
  read: string;
  /** Classes with commas, or `all`. */
  write: string;
}

/** Says who may come in. */
export class AmiAuth {
  readonly #account: AmiAccount;
  readonly #random: Random;

  constructor(account: AmiAccount, random: Random) {
    this.#account = account;
    this.#random = random;
  }

  /** Answers `Challenge`; the number is good for this session's next login. */
  challenge(session: AmiSession, action: AmiAction): void {
    if (action.get("AuthType").toUpperCase() !== "MD5") return session.fail(action, "Must specify AuthType");
    session.challenge ??= String(wholeBetween(this.#random, 100_000_000, 999_999_999));
    session.respond(action, "Success", ["Challenge", session.challenge]);
  }

  /** Gives the account's rights, or null when the login is wrong. */
  accept(session: AmiSession, action: AmiAction): { user: string; read: Rights; write: Rights } | null {
    const { user, secret, read, write } = this.#account;
    if (action.get("Username") !== user || !this.#proves(session, action, secret)) return null;
    return { user, read: readRights(read), write: readRights(write) };
  }

  #proves(session: AmiSession, action: AmiAction, secret: string): boolean {
    if (action.get("AuthType").toUpperCase() !== "MD5") return action.get("Secret") === secret;
    if (session.challenge === null) return false;
    const digest = createHash("md5").update(session.challenge + secret).digest("hex");
    return action.get("Key").toLowerCase() === digest;
  }
}

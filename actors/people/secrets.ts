/**
 * @module
 * Random secrets and their hashes. A secret of 128 random bits or more cannot be guessed, so one round of
 * SHA-256 is enough to keep it out of the database; passwords need `passwords.ts`.
 */
import { createHash } from "node:crypto";

/** Makes a secret of the given number of random bytes, 16 at least, in base64url. */
export function newSecret(bytes = 32): string {
  return crypto.getRandomValues(new Uint8Array(bytes)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** The SHA-256 of a secret in hexadecimal; looking it up in a map tells nothing of the secret by time. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

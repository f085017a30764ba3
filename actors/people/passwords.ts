/**
 * @module
 * Passwords: Argon2id, a bound on how many are hashed at once, and the same work for a user who does
 * not exist, so that the time of an answer tells nothing. It knows no users.
 */
import { argon2id, argon2Verify } from "hash-wasm";

/** OWASP's first choice for Argon2id: 19 MiB, two passes, one lane (password storage cheat sheet). */
const MEMORY_KIB = 19_456;
const ITERATIONS = 2;
const PARALLELISM = 1;

/** Each hash takes 19 MiB and about 40 ms of the one thread. */
const AT_ONCE = 2;
/** More than these in line means a flood, and a second of waiting. */
const IN_LINE = 24;

/** Too many passwords are being checked; trying again in a second or two may help. */
export class PasswordsBusy extends Error {
  override name = "PasswordsBusy";
}

/** What turns a password into a hash and compares the two. Tests bring a quick one. */
export interface Hasher {
  hash(password: string): Promise<string>;
  verify(password: string, encoded: string): Promise<boolean>;
}

/** Argon2id with a random salt of 128 bits, in the PHC string format. */
export const argon2: Hasher = {
  hash(password) {
    return argon2id({
      password,
      salt: crypto.getRandomValues(new Uint8Array(16)),
      memorySize: MEMORY_KIB,
      iterations: ITERATIONS,
      parallelism: PARALLELISM,
      hashLength: 32,
      outputType: "encoded",
    });
  },
  verify(password, encoded) {
    return argon2Verify({ password, hash: encoded });
  },
};

/** Hashes and checks passwords, a few at a time. */
export class Passwords {
  readonly #hasher: Hasher;
  readonly #line: (() => void)[] = [];
  #running = 0;
  #dummy: Promise<string> | null = null;

  constructor(hasher: Hasher = argon2) {
    this.#hasher = hasher;
  }

  /** Makes the hash of a new password. @throws PasswordsBusy */
  hash(password: string): Promise<string> {
    return this.#inTurn(() => this.#hasher.hash(same(password)));
  }

  /**
   * Whether the password is the one of the hash. Null, for a user who does not exist or has none,
   * costs the same and is always false.
   *
   * @throws PasswordsBusy
   */
  verify(password: string, encoded: string | null): Promise<boolean> {
    return this.#inTurn(async () => {
      const right = await this.#hasher.verify(same(password), encoded ?? await this.prepare());
      return right && encoded !== null;
    });
  }

  /** Makes the hash that stands in for a missing one, so that the first login need not. */
  prepare(): Promise<string> {
    this.#dummy ??= this.#hasher.hash(crypto.randomUUID());
    return this.#dummy;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      if (this.#line.length >= IN_LINE) {
        throw new PasswordsBusy(`Cannot check a password: ${this.#line.length} are in line`);
      }
      // Who leaves hands the place over, so the count stays.
      await new Promise<void>((resolve) => this.#line.push(resolve));
    } else {
      this.#running++;
    }
    try {
      return await work();
    } finally {
      const next = this.#line.shift();
      if (next) next();
      else this.#running--;
    }
  }
}

/** The same characters may be typed as different code points on different keyboards. */
function same(password: string): string {
  return password.normalize("NFC");
}

/**
 * @module
 * How often a login may be tried: per account and per address, in windows that end by themselves, so
 * that nobody is ever locked out for good. Counts are in memory and bounded. Its clock is the library's.
 */
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** Failed tries that an account allows in a window. */
export const PER_ACCOUNT = 10;
/** Failed tries that an address allows in a window: an office may sit behind one. */
export const PER_ADDRESS = 50;
/** Length of a window. */
export const WINDOW_SECONDS = 15 * 60;
/** Accounts, and addresses, that are counted at most. */
const MAX_KEYS = 10_000;
/** Pairs of account and address that are remembered at most. */
const MAX_KNOWN = 2_000;

/** Whether a try may go on; `giveBack` takes it out of the counts again. */
export type Permit = { ok: true; giveBack: () => void } | { ok: false; retryAfterSeconds: number };

/**
 * Limits on logins. A try counts before its password is looked at, so that parallel tries count too.
 * An address that an account has logged in from has a count of its own for that account: a stranger
 * who keeps an account blocked does not block its owner.
 */
export class LoginLimits {
  readonly #accounts: Counter;
  readonly #addresses: Counter;
  readonly #known = new Set<string>();

  constructor(options: { maxKeys?: number } = {}) {
    const maxKeys = options.maxKeys ?? MAX_KEYS;
    this.#accounts = new Counter(PER_ACCOUNT, maxKeys);
    this.#addresses = new Counter(PER_ADDRESS, maxKeys);
  }

  /** How many accounts and addresses are counted now. */
  get tracked(): number {
    return this.#accounts.size + this.#addresses.size;
  }

  /** Counts a try, or says when the next one may be made. */
  async take(login: string, address: string): Promise<Permit> {
    const from = network(address);
    const byAddress = await this.#addresses.take(from);
    // A blocked address does not count against the account, or it could keep that blocked.
    if (byAddress !== null) return { ok: false, retryAfterSeconds: byAddress };
    const account = this.#accountKey(login, from);
    const byAccount = await this.#accounts.take(account);
    if (byAccount !== null) return { ok: false, retryAfterSeconds: byAccount };
    return {
      ok: true,
      giveBack: () => {
        this.#addresses.giveBack(from);
        this.#accounts.giveBack(account);
      },
    };
  }

  /** Remembers that the account logged in from there, and forgets its failed tries from there. */
  succeeded(login: string, address: string): void {
    const from = network(address);
    this.#accounts.forget(this.#accountKey(login, from));
    this.#known.delete(pair(login, from));
    this.#known.add(pair(login, from));
    if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.values().next().value!);
  }

  /** Forgets everything; with it go the library's timers. */
  stop(): void {
    this.#accounts.clear();
    this.#addresses.clear();
    this.#known.clear();
  }

  #accountKey(login: string, from: string): string {
    return this.#known.has(pair(login, from)) ? pair(login, from) : login;
  }
}

/** One of the library's limiters with a bound on its keys. */
class Counter {
  readonly #limiter: RateLimiterMemory;
  readonly #maxKeys: number;
  /** Keys from the longest untouched to the last touched, with whether they are blocked. */
  readonly #keys = new Map<string, boolean>();

  constructor(points: number, maxKeys: number) {
    this.#limiter = new RateLimiterMemory({ points, duration: WINDOW_SECONDS });
    this.#maxKeys = maxKeys;
  }

  get size(): number {
    return this.#keys.size;
  }

  /** Counts; returns null, or the seconds to wait. */
  async take(key: string): Promise<number | null> {
    this.#keys.delete(key);
    if (this.#keys.size >= this.#maxKeys) this.forget(this.#leastNeeded());
    this.#keys.set(key, false);
    try {
      await this.#limiter.consume(key);
      return null;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      this.#keys.set(key, true);
      return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
    }
  }

  giveBack(key: string): void {
    // Rewarding a key that is gone would start it below zero.
    if (this.#keys.has(key)) void this.#limiter.reward(key);
  }

  forget(key: string): void {
    this.#keys.delete(key);
    void this.#limiter.delete(key);
  }

  clear(): void {
    for (const key of [...this.#keys.keys()]) this.forget(key);
  }

  /** A blocked key goes last, or a flood of new names would lift blocks. */
  #leastNeeded(): string {
    for (const [key, blocked] of this.#keys) if (!blocked) return key;
    return this.#keys.keys().next().value!;
  }
}

function pair(login: string, from: string): string {
  return `${login} ${from}`;
}

/** One IPv6 customer owns a /64 at least, so its addresses count as one. */
function network(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.toLowerCase().split("%")[0]!.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill("0"), ...right];
  return `${groups.slice(0, 4).map((group) => group.replace(/^0+(?=.)/, "")).join(":")}::/64`;
}

/**
 * @module
 * Messages in bounded memory: a ring of all, one of each endpoint and one of each of the newest calls, so that a busy
 * phone does not push out what a quiet one said. When all together are too large, the largest give.
 */
import { type Filter, passes } from "./filter.ts";
import { type Kept, Ring } from "./ring.ts";

/** How much is kept. */
export interface Bounds {
  /** Messages of all. */
  all: number;
  /** Messages of each endpoint. */
  endpoint: number;
  /** Messages of each call. */
  call: number;
  /** Calls that have a ring of their own. */
  calls: number;
  /** Bytes of all messages, estimated. */
  bytes: number;
}

/** What is kept unless told. */
export const BOUNDS: Bounds = { all: 20_000, endpoint: 2000, call: 2000, calls: 500, bytes: 64_000_000 };

/** What one kept message takes beside its text (measured: 110 MB of V8's heap with 96 MB reckoned so). */
const BESIDE_TEXT = 200;
/** When there is too much, this share of the bound is left, so that there is not too much at once again. */
const LEFT = 0.95;

/** Share of the bytes that the ring of all may have in any case; it is one among thousands. */
const SHARE_OF_ALL = 0.25;

/** One page of messages. */
export interface Page {
  /** Oldest first. */
  items: Kept[];
  /** Id to ask for older ones with; null when there are none. */
  next: number | null;
}

/** Keeps messages. Rings have names; that of all is empty. */
export class Store {
  readonly #bounds: Bounds;
  readonly #rings = new Map<string, Ring>();
  readonly #all: Ring;
  /** Names of the rings of calls, the one that spoke last at the end. */
  readonly #calls = new Map<string, { ring: Ring; movedAt: number }>();
  #bytes = 0;
  #hand: Iterator<Ring> | null = null;

  constructor(bounds: Bounds = BOUNDS) {
    this.#bounds = bounds;
    this.#all = this.#ring("", bounds.all);
  }

  /** Bytes of all messages, estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many rings there are. */
  get rings(): number {
    return this.#rings.size;
  }

  /** The ring of an endpoint, made when it is first asked for. */
  endpoint(name: string): Ring {
    return this.#rings.get(name) ?? this.#ring(name, this.#bounds.endpoint);
  }

  /** The ring of a call, which takes the place of that of the call that was silent for longest; `now` is steady. */
  call(name: string, now: number): Ring {
    const known = this.#calls.get(name);
    if (known !== undefined) {
      // The order need not be exact, and to move it for each line takes as long as all else here.
      if (now - known.movedAt < 1000) return known.ring;
      this.#calls.delete(name);
      this.#calls.set(name, { ring: known.ring, movedAt: now });
      return known.ring;
    }
    const ring = this.#ring(name, this.#bounds.call);
    this.#calls.set(name, { ring, movedAt: now });
    if (this.#calls.size > this.#bounds.calls) this.forget(this.#calls.keys().next().value!);
    return ring;
  }

  /** Lets go of what a ring holds. */
  forget(name: string): void {
    const ring = this.#rings.get(name);
    if (ring === undefined || ring === this.#all) return;
    while (ring.length > 0) this.#drop(ring);
    this.#rings.delete(name);
    this.#calls.delete(name);
  }

  /** Lets go of messages of calls whose names begin so. */
  dropOfCalls(prefix: string, isGone: (message: Kept) => boolean): void {
    for (const [name, { ring }] of [...this.#calls]) {
      if (!name.startsWith(prefix)) continue;
      // Each is taken out once, and what stays is put in again behind the others: the order is as before.
      for (let left = ring.length; left > 0; left--) {
        const message = ring.at(0)!;
        if (isGone(message)) this.#drop(ring);
        else ring.push(ring.shift()!);
      }
      if (ring.length === 0) this.forget(name);
    }
  }

  /** Keeps a message in the ring of all and in these; `now`, of a steady clock, where it is to be counted as new. */
  add(message: Kept, rings: readonly Ring[], now: number | null): void {
    this.#bytes += costOf(message);
    this.#hold(this.#all, message, now);
    for (const ring of rings) this.#hold(ring, message, now);
    if (this.#bytes > this.#bounds.bytes) this.#shrink();
  }

  /** The newest messages of a ring that pass, before an id if one is given. */
  list(name: string, filter: Filter, page: { limit: number; before?: number }): Page {
    const ring = this.#rings.get(name);
    const items: Kept[] = [];
    if (ring === undefined) return { items, next: null };
    let index = page.before === undefined ? ring.length : ring.before(page.before);
    while (--index >= 0) {
      const item = ring.at(index)!;
      if (!passes(item, filter)) continue;
      // There is one more.
      if (items.length >= page.limit) return { items: items.reverse(), next: items[0]?.id ?? null };
      items.push(item);
    }
    return { items: items.reverse(), next: null };
  }

  /** What a ring holds, in numbers. */
  stats(name: string, now: number) {
    const ring = this.#rings.get(name);
    const levels: Record<string, number> = {};
    const sources = new Set<string>();
    for (let index = 0; index < (ring?.length ?? 0); index++) {
      const { level, source } = ring!.at(index)!;
      levels[level] = (levels[level] ?? 0) + 1;
      if (source !== null) sources.add(source);
    }
    return {
      lines: ring?.length ?? 0,
      per_minute: ring?.perMinute(now) ?? 0,
      levels,
      sources: [...sources].sort(),
    };
  }

  #ring(name: string, most: number): Ring {
    const ring = new Ring(most);
    this.#rings.set(name, ring);
    return ring;
  }

  #hold(ring: Ring, message: Kept, now: number | null): void {
    if (ring.length >= ring.most) this.#drop(ring);
    ring.push(message);
    ring.bytes += costOf(message);
    message.held++;
    if (now !== null) ring.count(now);
  }

  #drop(ring: Ring): void {
    const message = ring.shift();
    if (message === undefined) return;
    const cost = costOf(message);
    ring.bytes -= cost;
    if (--message.held === 0) this.#bytes -= cost;
  }

  /** Whoever has more than a fair share gives half of what is too much, one after another. */
  #shrink(): void {
    const goal = this.#bounds.bytes * LEFT;
    const ofAll = goal * SHARE_OF_ALL;
    const ofOthers = (goal - ofAll) / Math.max(1, this.#rings.size - 1);
    // As long as there is too much, some ring has more than its share: together the shares are the goal.
    while (this.#bytes > goal) {
      const ring = this.#nextRing();
      const fair = ring === this.#all ? ofAll : ofOthers;
      const keep = fair + (ring.bytes - fair) / 2;
      while (ring.bytes > fair && ring.bytes >= keep && this.#bytes > goal) this.#drop(ring);
    }
  }

  #nextRing(): Ring {
    let next = this.#hand?.next();
    if (next === undefined || next.done) next = (this.#hand = this.#rings.values()).next();
    return next.value as Ring;
  }
}

function costOf(message: Kept): number {
  // V8 takes a byte for each character of Latin-1, and two when there is any other; reckoned with the worst.
  return BESIDE_TEXT + 2 * message.text.length;
}

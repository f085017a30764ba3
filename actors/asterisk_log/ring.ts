/**
 * @module
 * The newest messages of one scope, and how many of late.
 */

/** A message that is kept. Rings share it. */
export interface Kept {
  id: number;
  /** Milliseconds since 1970; null where it cannot be told. */
  at: number | null;
  /** When it came, on the wall clock. */
  seenAt: number;
  level: string;
  source: string | null;
  call: string | null;
  text: string;
  file: string;
  pbx: string;
  endpoints: readonly string[];
  /** Rings that hold it. */
  held: number;
}

/** Rates are of the last minute, in parts of this many milliseconds. */
const PART_MS = 5000;
const PARTS = 12;
const NONE: number[] = [];

/** Holds at most so many messages; what is beyond falls out at the old end, into the hands of whoever asks. */
export class Ring {
  readonly most: number;
  /** Estimated; kept up by the store. */
  bytes = 0;
  #items: (Kept | undefined)[] = new Array(8);
  #first = 0;
  #length = 0;
  /** Made when the first comes: most rings of calls are short. */
  #parts: number[] = NONE;
  #part = 0;

  constructor(most: number) {
    this.most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** The message at a place, the oldest at 0. */
  at(index: number): Kept | undefined {
    return index < 0 || index >= this.#length ? undefined : this.#items[this.#wrap(this.#first + index)];
  }

  push(item: Kept): void {
    if (this.#length === this.#items.length) this.#grow();
    this.#items[this.#wrap(this.#first + this.#length)] = item;
    this.#length++;
  }

  /** Takes the oldest out. */
  shift(): Kept | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#items[this.#first];
    this.#items[this.#first] = undefined;
    this.#first = this.#wrap(this.#first + 1);
    this.#length--;
    return item;
  }

  /** How many are older than an id. */
  before(id: number): number {
    let [low, high] = [0, this.#length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle)!.id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Counts one that came now, by a steady clock. */
  count(now: number): void {
    if (this.#parts === NONE) this.#parts = new Array<number>(PARTS).fill(0);
    this.#turn(now);
    this.#parts[this.#part % PARTS]!++;
  }

  /** How many came within the last minute. */
  perMinute(now: number): number {
    if (this.#parts === NONE) return 0;
    this.#turn(now);
    return this.#parts.reduce((sum, part) => sum + part, 0);
  }

  #turn(now: number): void {
    const part = Math.floor(now / PART_MS);
    if (part === this.#part) return;
    if (part - this.#part >= PARTS || part < this.#part) this.#parts.fill(0);
    else for (let past = this.#part + 1; past <= part; past++) this.#parts[past % PARTS] = 0;
    this.#part = part;
  }

  #wrap(index: number): number {
    // Lengths are powers of two.
    return index & (this.#items.length - 1);
  }

  #grow(): void {
    const grown: (Kept | undefined)[] = new Array(this.#items.length * 2);
    for (let index = 0; index < this.#length; index++) grown[index] = this.at(index);
    this.#items = grown;
    this.#first = 0;
  }
}

/**
 * @module
 * Since when each PBX is heard, or is not: the times in which nothing could be known of its endpoints, each written
 * once for the PBX and not for every endpoint.
 */
import { monotonicFactory } from "ulid";
import type { StoredGap } from "../db/endpoints.ts";
import type { PbxGapRow } from "../db/rows.ts";
import { type Clock, toIso } from "./clock.ts";

interface Pbx {
  up: boolean;
  /** Until when it was heard, while it is not; null when it never was. */
  lostAt: number | null;
  /** The row of the gap that goes on. */
  gap: string | null;
}

/** Holds what is known of the PBXs. Times on the steady clock, in milliseconds. */
export class PbxGaps {
  readonly #pbxs = new Map<string, Pbx>();
  readonly #clock: Clock;
  readonly #write: (row: PbxGapRow) => void;
  readonly #ulid = monotonicFactory();

  constructor(options: { clock: Clock; write: (row: PbxGapRow) => void }) {
    this.#clock = options.clock;
    this.#write = options.write;
  }

  /** Names of the PBXs. */
  get names(): string[] {
    return [...this.#pbxs.keys()];
  }

  /** Makes a PBX known; it is not heard yet. */
  add(name: string): void {
    this.#pbxs.set(name, { up: false, lostAt: null, gap: null });
  }

  /** Whether there is such a PBX. */
  has(name: string): boolean {
    return this.#pbxs.has(name);
  }

  /** Takes up what a former run left; `heardUntilOf` is until when that had been listening, null when not known. */
  restore(gaps: readonly StoredGap[], heardUntilOf: (pbx: string) => number | null): void {
    for (const [name, pbx] of this.#pbxs) {
      const open = gaps.find((gap) => gap.pbx === name);
      pbx.gap = open?.id ?? null;
      pbx.lostAt = open === undefined ? heardUntilOf(name) : this.#clock.fromWall(open.began_at.getTime());
    }
  }

  /** Whether a PBX is heard. @throws Error when it is not known */
  isUp(name: string): boolean {
    return this.#pbx(name).up;
  }

  /** Since when a PBX has not been heard; null while it is, or when it never was. */
  silentSince(name: string): number | null {
    const pbx = this.#pbxs.get(name);
    return pbx === undefined || pbx.up ? null : pbx.lostAt;
  }

  /** A PBX is heard; says whether it was not before. @throws Error when it is not known */
  opened(name: string, at: number): boolean {
    const pbx = this.#pbx(name);
    if (pbx.up) return false;
    const { gap, lostAt } = pbx;
    Object.assign(pbx, { up: true, gap: null, lostAt: null });
    if (lostAt !== null) {
      const id = gap ?? this.#ulid(this.#clock.toWall(lostAt));
      this.#write(this.#row(id, name, Math.min(lostAt, at), at));
    }
    return true;
  }

  /** A PBX is not heard any more; says whether it was before. @throws Error when it is not known */
  lost(name: string, at: number): boolean {
    const pbx = this.#pbx(name);
    if (!pbx.up) return false;
    Object.assign(pbx, { up: false, lostAt: at, gap: this.#ulid(this.#clock.toWall(at)) });
    this.#write(this.#row(pbx.gap!, name, at, null));
    return true;
  }

  #row(id: string, pbx: string, beganAt: number, endedAt: number | null): PbxGapRow {
    return { id, pbx, began_at: toIso(this.#clock, beganAt), ended_at: toIso(this.#clock, endedAt) };
  }

  #pbx(name: string): Pbx {
    const pbx = this.#pbxs.get(name);
    if (pbx === undefined) throw new Error(`Cannot take endpoints of ${name}: it is not known`);
    return pbx;
  }
}

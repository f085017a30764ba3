/**
 * @module
 * Running calls as the edge sees them, held by the test: which there are, and what becomes of what is asked.
 */
import { NoSuchCall } from "../../actors/call_errors.ts";
import type { Database } from "../../db/client.ts";
import { noteCall } from "../../db/calls.ts";
import type { CallDetailView, CallView } from "../../machines/views.ts";
import type { CallBy, CallsEdge } from "../../routes/calls.ts";

/** Calls in memory. */
export class FakeCalls implements CallsEdge {
  /** By id, newest last. */
  readonly held = new Map<string, CallDetailView>();
  /** What was asked, oldest first. */
  readonly asked: { what: string; id: string; by: CallBy; given?: string }[] = [];
  /** What everything that is asked comes to, if it is refused. */
  refusal: Error | null = null;
  /** Whether the phone can be told to answer. */
  phone: "answering" | "not_supported" = "answering";
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(): CallView[] {
    return [...this.held.values()].reverse().map(listed);
  }

  get(id: string): CallDetailView | null {
    return this.held.get(id) ?? null;
  }

  visibleTo(view: Pick<CallView, "party_ids">, who: { userId: number; role: string }): boolean {
    return who.role !== "employee" || view.party_ids.includes(who.userId);
  }

  async accept(id: string, by: CallBy) {
    return { call: await this.#do("accept", id, by), phone: this.phone };
  }

  reject(id: string, by: CallBy): Promise<CallView> {
    return this.#do("reject", id, by);
  }

  hangup(id: string, by: CallBy): Promise<CallView> {
    return this.#do("hangup", id, by);
  }

  transfer(id: string, by: CallBy, to: string): Promise<CallView> {
    return this.#do("transfer", id, by, to);
  }

  async note(id: string, by: CallBy, notes: string): Promise<CallView> {
    const held = this.held.get(id);
    if (held !== undefined) this.held.set(id, { ...held, notes });
    const view = held ?? await this.#database.query((sql) => noteCall(sql, id, notes));
    if (view === null) throw new NoSuchCall(`There is no call ${id}`);
    this.asked.push({ what: "note", id, by, given: notes });
    return { ...listed(view), notes };
  }

  #do(what: string, id: string, by: CallBy, given?: string): Promise<CallView> {
    this.asked.push({ what, id, by, ...(given === undefined ? {} : { given }) });
    const held = this.held.get(id);
    if (this.refusal !== null) return Promise.reject(this.refusal);
    if (held === undefined) return Promise.reject(new NoSuchCall(`There is no call ${id}`));
    return Promise.resolve(listed(held));
  }
}

/** A call without its course, as lists have it. */
export function listed(view: CallDetailView): CallView {
  const { legs: _legs, segments: _segments, timeline: _timeline, ...rest } = view;
  return rest;
}

/**
 * @module
 * The links to the outside: one actor each, shown in the feed, told to whoever hangs on them.
 */
import { linkMachine } from "../machines/link.ts";
import type { LinkView } from "../machines/views.ts";
import { type Clock, toIso } from "./clock.ts";
import type { Feed } from "./feed.ts";
import { Hub } from "./hub.ts";

/** What some links know of themselves beside being up or not. */
export type LinkNote = Pick<LinkView, "phase" | "warning">;

/** Holds the links' actors. */
export class Links {
  readonly #hub: Hub<typeof linkMachine>;
  readonly #targets = new Map<string, string>();
  readonly #notes = new Map<string, LinkNote>();
  readonly #listeners = new Set<(link: LinkView) => void>();
  readonly #options: { clock: Clock; feed: Feed };

  constructor(options: { clock: Clock; feed: Feed }) {
    this.#options = options;
    this.#hub = new Hub({
      machine: linkMachine,
      clock: options.clock,
      onTimer: () => {},
      onFailed: () => {},
    });
  }

  /** Makes a link known; `target` is where it leads, without credentials. */
  add(id: string, target: string): void {
    this.#targets.set(id, target);
    this.#hub.start(id, { input: { id, at: this.#options.clock.now() } });
  }

  /** Says that the link came up; what there is to note with it is told in one. */
  opened(id: string, note: Partial<LinkNote> = {}): void {
    const isNews = this.#keep(id, note);
    const turn = this.#hub.send(id, { type: "link.opened", at: this.#options.clock.now() });
    if (turn !== null && turn.facts.length > 0) this.#tell(id);
    else if (isNews) this.#publish(id);
  }

  /** Says that the link was lost, or could not be opened. */
  lost(id: string, error: string, note: Partial<LinkNote> = {}): void {
    const isNews = this.#keep(id, note);
    const turn = this.#hub.send(id, { type: "link.lost", at: this.#options.clock.now(), error });
    if (turn !== null && turn.facts.length > 0) this.#tell(id);
    else if (isNews) this.#publish(id);
  }

  /** Notes at which step a link is, or what should be mended although it works; published when that is news. */
  note(id: string, note: Partial<LinkNote>): void {
    if (this.#keep(id, note)) this.#publish(id);
  }

  /** Whether the link is up. */
  isUp(id: string): boolean {
    return this.#hub.get(id)?.value === "up";
  }

  /** Calls the listener when a link goes up or down. */
  onChange(listener: (link: LinkView) => void): void {
    this.#listeners.add(listener);
  }

  /** All links. */
  list(): LinkView[] {
    return Array.from(this.#targets.keys(), (id) => this.get(id)!);
  }

  /** One link, or null. */
  get(id: string): LinkView | null {
    const snapshot = this.#hub.get(id);
    if (snapshot === undefined) return null;
    return {
      id,
      state: snapshot.value,
      phase: this.#notes.get(id)?.phase ?? null,
      warning: this.#notes.get(id)?.warning ?? null,
      since: toIso(this.#options.clock, snapshot.context.since),
      last_error: snapshot.context.lastError,
      target: this.#targets.get(id)!,
    };
  }

  /** Stops the actors. */
  stop(): void {
    this.#hub.stop();
  }

  /** Says whether the note is news. */
  #keep(id: string, note: Partial<LinkNote>): boolean {
    const before = this.#notes.get(id) ?? { phase: null, warning: null };
    const after = { ...before, ...note };
    if (!this.#targets.has(id) || (after.phase === before.phase && after.warning === before.warning)) {
      return false;
    }
    this.#notes.set(id, after);
    return true;
  }

  #tell(id: string): void {
    const view = this.#publish(id);
    for (const listener of this.#listeners) listener(view);
  }

  #publish(id: string): LinkView {
    const view = this.get(id)!;
    this.#options.feed.publish("links", "link.changed", view);
    return view;
  }
}

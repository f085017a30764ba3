/**
 * @module
 * What readers are told of endpoints: each change of what is shown, or, when a crowd changes together, to begin anew.
 */
import type { EndpointView } from "../machines/endpoint_views.ts";
import { type Clock, toIso } from "./clock.ts";
import { CROWD } from "./crowd.ts";
import { isSameEndpoint } from "./endpoint_views.ts";
import type { Feed } from "./feed.ts";

interface ScreenOptions {
  clock: Clock;
  feed: Pick<Feed, "publish" | "resync">;
}

/** Holds what is shown. */
export class EndpointScreen {
  readonly #options: ScreenOptions;
  readonly #views = new Map<string, EndpointView>();
  /** What changes while many do at once, told at the end of it. */
  #crowd: Set<string> | null = null;

  constructor(options: ScreenOptions) {
    this.#options = options;
  }

  /** All that is shown. */
  views(): EndpointView[] {
    return [...this.#views.values()];
  }

  /** What is shown of an endpoint; null when it is not. */
  get(key: string): EndpointView | null {
    return this.#views.get(key) ?? null;
  }

  /** Shows an endpoint of which readers need not be told yet. */
  begin(key: string, view: EndpointView): void {
    this.#views.set(key, view);
  }

  /** Shows how an endpoint is, and tells readers if that is news; says whether it is. */
  show(key: string, view: EndpointView): boolean {
    const before = this.#views.get(key);
    if (before !== undefined && isSameEndpoint(view, before)) {
      // Round trips and expiries are there for whoever looks next.
      this.#views.set(key, { ...view, updated_at: before.updated_at });
      return false;
    }
    const { clock, feed } = this.#options;
    const shown = { ...view, updated_at: toIso(clock, clock.now()) };
    this.#views.set(key, shown);
    if (this.#crowd !== null) this.#crowd.add(key);
    else feed.publish("endpoints", "endpoint.changed", shown);
    return true;
  }

  /** An endpoint is no more. */
  remove(key: string): void {
    const view = this.#views.get(key);
    if (view === undefined) return;
    this.#views.delete(key);
    this.#options.feed.publish("endpoints", "endpoint.removed", { pbx: view.pbx, name: view.name });
  }

  /** Does what changes many endpoints; readers are told at the end, each once, or to begin anew. */
  together(work: () => void): void {
    if (this.#crowd !== null) return work();
    const crowd = this.#crowd = new Set<string>();
    try {
      work();
    } finally {
      this.#crowd = null;
      if (crowd.size > CROWD) this.#options.feed.resync("endpoints");
      else {
        for (const key of crowd) {
          const view = this.#views.get(key);
          if (view !== undefined) this.#options.feed.publish("endpoints", "endpoint.changed", view);
        }
      }
    }
  }
}

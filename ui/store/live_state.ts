/**
 * @module
 * What the stream says, folded into one state. Pure: no clock, no DOM.
 * A batch of messages copies each collection at most once, so that 10,000 panels stay cheap.
 */
import { CallsDraft } from "./live_calls.ts";
import { EndpointsDraft } from "./live_endpoints.ts";
import type { Call, Command, Endpoint, EndpointAlert, Intercom, IntercomEvent, Link } from "../types.ts";

/** How many events the feed keeps. */
export const FEED_LIMIT = 200;

/** Everything live. */
export interface LiveState {
  /** False until the first snapshot. */
  ready: boolean;
  panels: ReadonlyMap<string, Intercom>;
  /** Milliseconds at which a panel was last heard, where that is newer than its view. */
  seen: ReadonlyMap<string, number>;
  /** Milliseconds at which a door was last known to open. */
  opened: ReadonlyMap<string, number>;
  /** Newest first. */
  events: readonly IntercomEvent[];
  links: readonly Link[];
  /** Calls that live, and those that ended lately, by id. */
  calls: ReadonlyMap<string, Call>;
  /** Where calls went that turned out to be a part of another one, by id. */
  merged: ReadonlyMap<string, string>;
  /** SIP endpoints by PBX and name. */
  endpoints: ReadonlyMap<string, Endpoint>;
  /** Endpoints that are offline for too long, grouped by cause, by id; with some that are over. */
  endpointAlerts: ReadonlyMap<string, EndpointAlert>;
  /** The service's clock minus this machine's, milliseconds. */
  skewMs: number;
}

/** First message of a stream; only the asked topics are in it. */
export interface Snapshot {
  intercoms?: Intercom[];
  events?: IntercomEvent[];
  links?: Link[];
  calls?: Call[];
  endpoints?: Endpoint[];
  endpoint_alerts?: EndpointAlert[];
  at: string;
}

/** A message of the stream that changes the state. */
export type LiveMessage =
  | { event: "snapshot"; data: Snapshot; receivedAt: number }
  | { event: "intercom.changed"; data: Intercom }
  | { event: "intercom.removed"; data: { mac: string } }
  | { event: "intercom.seen"; data: { seen: [string, string][] } }
  | { event: "command.changed"; data: Command }
  | { event: "event.recorded"; data: IntercomEvent }
  | { event: "link.changed"; data: Link }
  | { event: "call.changed"; data: Call; receivedAt: number }
  | { event: "call.removed"; data: { id: string; into: string | null } }
  | { event: "endpoint.changed"; data: Endpoint }
  | { event: "endpoint.removed"; data: { pbx: string; name: string } }
  | { event: "endpoint_alert.changed"; data: EndpointAlert }
  | { event: "reset" };

/** State before the first snapshot. */
export const EMPTY: LiveState = {
  ready: false,
  panels: new Map(),
  seen: new Map(),
  opened: new Map(),
  events: [],
  links: [],
  calls: new Map(),
  merged: new Map(),
  endpoints: new Map(),
  endpointAlerts: new Map(),
  skewMs: 0,
};

/** Folds a batch of messages into the state. Collections that nothing touched stay the same objects. */
export function reduce(state: LiveState, messages: readonly LiveMessage[]): LiveState {
  const draft = new Draft(state);
  for (const message of messages) draft.take(message);
  return draft.result();
}

/** Reads a message's name and JSON. Null for a name that these pages do not know. */
export function decode(event: string, data: string, receivedAt: number): LiveMessage | null {
  switch (event) {
    case "snapshot":
      return { event, data: JSON.parse(data), receivedAt };
    case "reset":
      return { event };
    case "intercom.changed":
    case "intercom.removed":
    case "intercom.seen":
    case "command.changed":
    case "event.recorded":
    case "link.changed":
    case "call.removed":
    case "endpoint.changed":
    case "endpoint.removed":
    case "endpoint_alert.changed":
      return { event, data: JSON.parse(data) } as LiveMessage;
    case "call.changed":
      return { event, data: JSON.parse(data), receivedAt };
    default:
      return null;
  }
}

class Draft {
  #state: LiveState;
  #panels: Map<string, Intercom> | null = null;
  #seen: Map<string, number> | null = null;
  #opened: Map<string, number> | null = null;
  #calls: CallsDraft;
  #endpoints: EndpointsDraft;

  constructor(state: LiveState) {
    this.#state = state;
    this.#calls = new CallsDraft(state);
    this.#endpoints = new EndpointsDraft(state);
  }

  take(message: LiveMessage): void {
    switch (message.event) {
      case "snapshot":
        return this.#snapshot(message.data, message.receivedAt);
      case "intercom.changed":
        return this.#changed(message.data);
      case "intercom.removed":
        this.#ownPanels().delete(message.data.mac);
        this.#ownSeen().delete(message.data.mac);
        return;
      case "intercom.seen":
        return this.#heard(message.data.seen);
      case "command.changed":
        return this.#command(message.data);
      case "event.recorded":
        return this.#event(message.data);
      case "link.changed":
        return this.#link(message.data);
      case "call.changed":
        return this.#calls.changed(message.data, message.receivedAt + this.#state.skewMs);
      case "call.removed":
        return this.#calls.removed(message.data);
      case "endpoint.changed":
        return this.#endpoints.changed(message.data);
      case "endpoint.removed":
        return this.#endpoints.removed(message.data);
      case "endpoint_alert.changed":
        return this.#endpoints.alert(message.data);
      case "reset":
        // The old picture stays until the snapshot behind this message replaces all of it.
        return;
      default:
        return message satisfies never;
    }
  }

  result(): LiveState {
    return {
      ...this.#state,
      panels: this.#panels ?? this.#state.panels,
      seen: this.#seen ?? this.#state.seen,
      opened: this.#opened ?? this.#state.opened,
      ...this.#calls.result(),
      ...this.#endpoints.result(),
    };
  }

  #snapshot(data: Snapshot, receivedAt: number): void {
    this.#panels = new Map((data.intercoms ?? []).map((panel) => [panel.mac, panel]));
    this.#seen = new Map();
    this.#opened = new Map();
    this.#calls.replace(data.calls ?? []);
    this.#endpoints.replace(data.endpoints ?? [], data.endpoint_alerts ?? []);
    const events = data.events ?? [];
    for (const panel of this.#panels.values()) this.#noteOpen(panel);
    for (const event of events) this.#noteOpening(event);
    this.#state = {
      ...this.#state,
      ready: true,
      events: events.slice(0, FEED_LIMIT),
      links: data.links ?? [],
      skewMs: Date.parse(data.at) - receivedAt,
    };
  }

  #changed(panel: Intercom): void {
    this.#ownPanels().set(panel.mac, panel);
    this.#noteOpen(panel);
  }

  #heard(seen: readonly [string, string][]): void {
    const own = this.#ownSeen();
    for (const [mac, at] of seen) own.set(mac, Date.parse(at));
  }

  #command(command: Command): void {
    const panel = (this.#panels ?? this.#state.panels).get(command.mac);
    if (!panel) return;
    // An older command's end may arrive behind the start of the next one.
    const shown = panel.command;
    if (shown && shown.id !== command.id && shown.issued_at > command.issued_at) return;
    this.#ownPanels().set(command.mac, { ...panel, command });
  }

  #event(event: IntercomEvent): void {
    this.#noteOpening(event);
    const known = this.#state.events;
    if (known.some((other) => other.id === event.id)) return;
    // Almost always the newest; a late commit still finds its place.
    const at = known.findIndex((other) => other.received_at <= event.received_at);
    const events = at < 0
      ? [...known, event]
      : [...known.slice(0, at), event, ...known.slice(at, FEED_LIMIT - 1)];
    this.#state = { ...this.#state, events: events.slice(0, FEED_LIMIT) };
  }

  #link(link: Link): void {
    const others = this.#state.links;
    const links = others.some(({ id }) => id === link.id)
      ? others.map((other) => other.id === link.id ? link : other)
      : [...others, link];
    this.#state = { ...this.#state, links };
  }

  #noteOpen(panel: Intercom): void {
    if (panel.door === "open" && panel.door_since) this.#openedAt(panel.mac, Date.parse(panel.door_since));
    if (panel.command?.confirmed_at) this.#openedAt(panel.mac, Date.parse(panel.command.confirmed_at));
  }

  #noteOpening(event: IntercomEvent): void {
    if (event.type === "door_opened") this.#openedAt(event.mac, Date.parse(event.received_at));
  }

  #openedAt(mac: string, at: number): void {
    const known = (this.#opened ?? this.#state.opened).get(mac) ?? 0;
    if (at <= known) return;
    this.#opened ??= new Map(this.#state.opened);
    this.#opened.set(mac, at);
  }

  #ownPanels(): Map<string, Intercom> {
    return this.#panels ??= new Map(this.#state.panels);
  }

  #ownSeen(): Map<string, number> {
    return this.#seen ??= new Map(this.#state.seen);
  }
}

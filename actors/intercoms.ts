/**
 * @module
 * The panels: one actor each. It routes what panels and operators say to the actors, and what these state to the
 * database and the feed. Every way in answers with a promise that holds once all of it is committed.
 */
import { monotonicFactory } from "ulid";
import { DatabaseAway } from "../db/client.ts";
import type { StoredIntercom } from "../db/intercoms.ts";
import type { AuditRow, WriteUnit } from "../db/rows.ts";
import type { IntercomEvent } from "../machines/events.ts";
import { intercomMachine } from "../machines/intercom.ts";
import type { CommandView, IntercomView } from "../machines/views.ts";
import { type Clock, toIso } from "./clock.ts";
import type { Requester } from "./command_rows.ts";
import { CROWD, Crowd } from "./crowd.ts";
import { CommandRefused, type DoorCommands } from "./door_commands.ts";
import type { Feed } from "./feed.ts";
import { Hub, type Turn } from "./hub.ts";
import {
  eventRow,
  type IntercomProfile,
  intercomRow,
  intercomView,
  isVisible,
  statusOf,
} from "./intercom_rows.ts";
import type { PanelMessage } from "./mqtt/decode.ts";
import { Once } from "./once.ts";
import type { Recorder } from "./recorder.ts";
import { type IntercomSettings, restoreSnapshot } from "./snapshots.ts";
import { Touches } from "./touches.ts";

/** There is no panel with this MAC. */
export class NoSuchIntercom extends Error {
  override name = "NoSuchIntercom";
}

/** A panel nobody knows cannot be taken: too many of them wait already. */
export class TooManyUnknown extends Error {
  override name = "TooManyUnknown";
}

type Turned = Turn<typeof intercomMachine>;

interface IntercomsOptions {
  clock: Clock;
  settings: IntercomSettings;
  adopt: "auto" | "approve";
  recorder: Recorder;
  feed: Feed;
  commands: DoorCommands;
  isLinkUp: () => boolean;
  isDatabaseUp: () => boolean;
  /** Something went wrong with one panel; the others go on. */
  onTrouble: (mac: string, what: string, error: unknown) => void;
}

/** How long a message without an id is recognised when it is delivered again. */
const REDELIVERY_MS = 10 * 60_000;
/** Panels that may wait for an operator's yes. */
const MAX_WAITING = 1000;

/**
 * The machine with timers that ask the clock. By itself it knows the time of its last event only, and each timer that
 * fires late would make all later ones of that panel as late.
 */
function exactIntercomMachine(clock: Clock) {
  const until = (due: number | null) => Math.max(0, (due ?? 0) - clock.now());
  return intercomMachine.provide({
    delays: {
      silence: ({ context }) => until(context.times.silence),
      heldOpen: ({ context }) => until(context.times.held),
    },
  });
}

/** Holds the panels' actors. `stop()` stops their timers. */
export class Intercoms {
  readonly #options: IntercomsOptions;
  readonly #hub: Hub<typeof intercomMachine>;
  readonly #profiles = new Map<string, IntercomProfile>();
  readonly #once = new Once();
  readonly #touches: Touches;
  readonly #crowd: Crowd;
  readonly #ulid = monotonicFactory();
  /** Panels whose actor failed or whose stored state was damaged, since the start. */
  readonly #quarantined = new Set<string>();
  #waiting = 0;

  constructor(options: IntercomsOptions) {
    this.#options = options;
    this.#hub = new Hub({
      machine: exactIntercomMachine(options.clock),
      clock: options.clock,
      onTimer: (turn) => this.#recordLater(turn, this.#crowd.isCrowded()),
      onFailed: (mac, error) => this.#quarantine(mac, error),
    });
    this.#crowd = new Crowd({ clock: options.clock, onOver: () => options.feed.resync("intercoms") });
    this.#touches = new Touches({
      clock: options.clock,
      isDatabaseUp: options.isDatabaseUp,
      commit: (touch) => options.recorder.record({ touch }),
      tell: (seen) => options.feed.tell("intercoms", "intercom.seen", { seen }),
    });
  }

  /** Panels, those that wait among them. */
  get size(): number {
    return this.#hub.size;
  }

  /** Panels that wait for an operator's yes. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Panels that had to be put aside and rebuilt since the start. */
  get quarantined(): string[] {
    return [...this.#quarantined];
  }

  /** Takes up panels of a former run; `heardUntil` is until when that had been listening, on the steady clock. */
  restore(rows: readonly StoredIntercom[], heardUntil: number): void {
    const { clock, settings, recorder, onTrouble } = this.#options;
    for (const row of rows) {
      const { snapshot, damaged } = restoreSnapshot(row, settings, clock);
      // A row that was never given a state is new, not damaged.
      if (damaged !== null && row.state !== null) {
        this.#quarantined.add(row.mac);
        onTrouble(row.mac, "stored state was damaged, rebuilt from its columns", damaged);
      }
      this.#profiles.set(row.mac, {
        mac: row.mac,
        topicMac: row.topic_mac,
        name: row.name,
        address: row.address,
        adoptedAt: row.adopted_at?.toISOString() ?? null,
        createdAt: row.created_at.toISOString(),
      });
      if (row.adopted_at === null) this.#waiting++;
      this.#hub.start(row.mac, { snapshot });
      const turn = this.#hub.send(row.mac, { type: "resume", at: clock.now(), heardUntil });
      if (turn !== null && damaged !== null) {
        recorder.record(this.#unit(turn, null)).catch((error) =>
          onTrouble(row.mac, "could not be recorded", error)
        );
      }
    }
  }

  /** Takes up the keys of events of a former run. */
  restoreKeys(keys: readonly { mac: string; event_key: string }[]): void {
    const at = this.#options.clock.now();
    for (const { mac, event_key } of keys) this.#once.take(`${mac} ${event_key}`, at, Promise.resolve());
  }

  /**
   * Takes what a panel said. `redelivered` is the broker's DUP flag.
   *
   * @throws DatabaseAway when what it came to cannot be committed: the sender must not be told that it was taken
   * @throws TooManyUnknown when it is from a panel nobody knows, and too many of those wait
   */
  receive(message: PanelMessage, redelivered: boolean): Promise<void> {
    const { clock } = this.#options;
    const { mac } = message;
    // Before anybody acts on it: an actor that is ahead of the database would stay so.
    if (this.#options.recorder.isFull) {
      return Promise.reject(
        new DatabaseAway(`Cannot take a message of ${mac}: too much waits for the database`),
      );
    }
    const at = clock.now();
    if (message.event.type === "panel.heartbeat" || message.event.type === "panel.status") {
      return this.#take(message, at);
    }
    const key = `${mac} ${message.onceKey}`;
    const before = message.hasId
      ? this.#once.find(key)
      : redelivered
      ? this.#once.find(key, at - REDELIVERY_MS)
      : undefined;
    if (before !== undefined) {
      this.#deliver(mac, { type: "panel.heard", at });
      return before;
    }
    const outcome = this.#take(message, at, redelivered);
    this.#once.take(key, at, outcome);
    return outcome;
  }

  /** A panel that is known was heard, though what it said cannot be used. */
  heard(mac: string): void {
    if (this.#hub.has(mac)) this.#deliver(mac, { type: "panel.heard", at: this.#options.clock.now() });
  }

  /** Tells all panels that the link to the broker came up or went down. */
  linkChanged(up: boolean): void {
    const { clock, feed } = this.#options;
    const at = clock.now();
    const changed: Turned[] = [];
    // A copy: an actor that fails on it is started anew, and would be told again and again.
    for (const mac of [...this.#hub.keys()]) {
      const turn = this.#hub.send(mac, { type: up ? "link.up" : "link.down", at });
      if (turn !== null && isVisible(turn.before, turn.after)) changed.push(turn);
    }
    const many = changed.length > CROWD;
    for (const turn of changed) this.#recordLater(turn, many);
    if (many) feed.resync("intercoms");
  }

  /** One panel as it is shown, or null. */
  get(mac: string): IntercomView | null {
    const snapshot = this.#hub.get(mac);
    const profile = this.#profiles.get(mac);
    if (snapshot === undefined || profile === undefined) return null;
    return intercomView(profile, snapshot, this.#options.commands.latestOf(mac), this.#options.clock);
  }

  /** All panels as they are shown. */
  list(): IntercomView[] {
    return Array.from(this.#hub.keys(), (mac) => this.get(mac)!);
  }

  /** Panels by status, those that wait left out. */
  counts(): Record<IntercomView["status"], number> {
    const counts = { online: 0, offline: 0, unknown: 0 };
    for (const [mac, profile] of this.#profiles) {
      const snapshot = this.#hub.get(mac);
      if (snapshot !== undefined && profile.adoptedAt !== null) counts[statusOf(snapshot)]++;
    }
    return counts;
  }

  /** Tells readers that what is shown beside a panel changed. */
  shownAgain(mac: string): void {
    const view = this.get(mac);
    if (view !== null) this.#options.feed.publish("intercoms", "intercom.changed", view);
  }

  /**
   * Opens a door from a distance.
   *
   * @throws NoSuchIntercom
   * @throws CommandRefused when the panel cannot be reached, or its door is being opened
   * @throws DatabaseAway when the command cannot be recorded: it was not sent then
   */
  async open(
    mac: string,
    request: { apartment: string | null; by: Requester; idempotencyKey: string | null },
  ): Promise<CommandView> {
    const { commands, recorder, onTrouble } = this.#options;
    const view = this.#mustGet(mac);
    const again = request.idempotencyKey !== null &&
      commands.isRepeated(request.by.id, request.idempotencyKey);
    try {
      const refusal = again ? null : this.#refusal(view);
      if (refusal !== null) throw refusal;
      return await commands.open({ ...request, mac, topicMac: this.#profiles.get(mac)!.topicMac });
    } catch (error) {
      if (error instanceof CommandRefused) {
        const { apartment } = request;
        const audit = this.#audit("door.open", mac, request.by, `refused: ${error.kind}`, { apartment });
        recorder.record({ audit: [audit] }).catch((cause) =>
          onTrouble(mac, "a refused opening could not be recorded", cause)
        );
      }
      throw error;
    }
  }

  /**
   * Changes what operators say about a panel, or gives it their yes.
   *
   * @throws NoSuchIntercom
   * @throws DatabaseAway when the change cannot be recorded: it did not happen then
   */
  async change(
    mac: string,
    change: { name?: string | undefined; address?: string | undefined; adopted?: true | undefined },
    by: Requester,
  ): Promise<IntercomView> {
    this.#mustGet(mac);
    const before = this.#profiles.get(mac)!;
    const profile = {
      ...before,
      name: change.name ?? before.name,
      address: change.address ?? before.address,
      adoptedAt: change.adopted
        ? before.adoptedAt ?? toIso(this.#options.clock, this.#options.clock.now())
        : before.adoptedAt,
    };
    const adopts = before.adoptedAt === null && profile.adoptedAt !== null;
    // At once, so that a row written meanwhile does not bring the old words back.
    this.#profiles.set(mac, profile);
    try {
      await this.#options.recorder.record({
        intercom: intercomRow(profile, this.#hub.get(mac)!, this.#options.clock),
        audit: [this.#audit(adopts ? "intercom.adopt" : "intercom.change", mac, by, "done", { ...change })],
      }, { deadlineMs: 3000 });
    } catch (error) {
      if (this.#profiles.get(mac) === profile) {
        this.#profiles.set(mac, before);
        this.shownAgain(mac); // whoever was told the new words meanwhile
      }
      throw error;
    }
    if (adopts) this.#waiting--;
    this.shownAgain(mac);
    return this.#mustGet(mac);
  }

  /**
   * Takes note that an operator has seen a panel's alarm.
   *
   * @throws NoSuchIntercom
   * @throws DatabaseAway when that cannot be recorded: the alarm stays then
   */
  async acknowledge(mac: string, by: Requester): Promise<IntercomView> {
    const alarm = this.#mustGet(mac).alarm?.kind ?? null;
    // First that somebody saw it, then that it is gone: an alarm must not vanish without a word of by whom.
    await this.#options.recorder.record({
      audit: [this.#audit("intercom.acknowledge", mac, by, "done", { alarm })],
    }, { deadlineMs: 3000 });
    this.#deliver(mac, { type: "operator.acknowledged", at: this.#options.clock.now() });
    return this.#mustGet(mac);
  }

  /** Forgets a panel; its history stays. One that speaks again is a new one. */
  async remove(mac: string, by: Requester): Promise<void> {
    this.#mustGet(mac);
    const { recorder, feed } = this.#options;
    const profile = this.#profiles.get(mac)!;
    const snapshot = this.#hub.get(mac)!;
    // At once: what it said while the removal is being committed would bring its row back.
    this.#hub.remove(mac);
    this.#profiles.delete(mac);
    try {
      await recorder.record({
        removeIntercom: mac,
        audit: [this.#audit("intercom.remove", mac, by, "done", {})],
      }, { deadlineMs: 3000 });
    } catch (error) {
      if (!this.#profiles.has(mac)) {
        this.#profiles.set(mac, profile);
        this.#hub.start(mac, { snapshot });
        const at = this.#options.clock.now();
        this.#deliver(mac, { type: "resume", at, heardUntil: at });
      }
      throw error;
    }
    if (profile.adoptedAt === null) this.#waiting--;
    // It may have come back meanwhile, as a new one.
    if (this.#profiles.has(mac)) this.shownAgain(mac);
    else feed.publish("intercoms", "intercom.removed", { mac });
  }

  /** Writes what heartbeats left to be written; call it when the database is back. */
  catchUp(): void {
    this.#touches.flush();
  }

  /** Stops all timers. */
  stop(): void {
    this.#touches.stop();
    this.#crowd.stop();
    this.#hub.stop();
  }

  #take(message: PanelMessage, at: number, redelivered = false): Promise<void> {
    const { mac, event } = message;
    try {
      this.#ensure(message, at);
    } catch (error) {
      return Promise.reject(error);
    }
    const profile = this.#profiles.get(mac)!;
    const adopted = profile.adoptedAt !== null;
    const units: WriteUnit[] = [];
    let delivered: IntercomEvent = { ...event, at } as IntercomEvent;
    if (adopted && event.type === "panel.door_opened") {
      const { source, commandId } = event;
      const { unit, explains } = this.#options.commands.doorOpened(mac, { at, source, commandId });
      units.push(unit);
      // A panel that gives no reason opened because it was told to, if it was.
      if (explains && source === null && commandId === null) delivered = { ...event, at, source: "remote" };
    }
    // The event that tells of it comes after the heartbeat, or was lost.
    if (event.type === "panel.heartbeat" && event.door === "open" && this.#options.commands.isOpening(mac)) {
      delivered = { ...event, at, source: "remote" };
    }
    const turn = this.#hub.send(mac, delivered);
    // It failed on this very message and was put aside, which is told; what a command made of it stands.
    if (turn === null) return this.#options.recorder.record(Object.assign({}, ...units));
    if (adopted && turn.facts.some(({ type }) => type === "intercom.door_closed")) {
      units.push(...this.#options.commands.doorClosed(mac, at));
    }
    const once = { ...message, hasId: message.hasId || redelivered };
    return this.#record(turn, once, units);
  }

  /** Delivers an event that no sender waits for. */
  #deliver(mac: string, event: IntercomEvent): void {
    const turn = this.#hub.send(mac, event);
    if (turn !== null) this.#recordLater(turn);
  }

  #recordLater(turn: Turned, quiet = false): void {
    this.#record(turn, null, [], quiet).catch((error) =>
      this.#options.onTrouble(turn.key, "could not be recorded", error)
    );
  }

  #record(
    turn: Turned,
    message: PanelMessage | null,
    others: WriteUnit[] = [],
    quiet = false,
  ): Promise<void> {
    if (others.length === 0 && turn.facts.length === 0 && !isVisible(turn.before, turn.after)) {
      return this.#touch(turn);
    }
    if (!quiet) this.#show(turn);
    // One actor, one unit, except for the command that this is the end of: that goes with it.
    const [first = {}, ...rest] = others;
    const { recorder } = this.#options;
    return Promise.all(
      [{ ...this.#unit(turn, message), ...first }, ...rest].map((unit) => recorder.record(unit)),
    )
      .then(() => {});
  }

  /** Nothing changed but when it was last heard. */
  #touch(turn: Turned): Promise<void> {
    const { lastSeen } = turn.after.context.times;
    if (lastSeen === null || lastSeen === turn.before?.context.times.lastSeen) return Promise.resolve();
    return this.#touches.add(turn.key, toIso(this.#options.clock, lastSeen));
  }

  #unit(turn: Turned, message: PanelMessage | null): WriteUnit {
    const { clock } = this.#options;
    const profile = this.#profiles.get(turn.key)!;
    const unit: WriteUnit = { intercom: intercomRow(profile, turn.after, clock) };
    // What a panel does that nobody has said yes to is not history.
    if (profile.adoptedAt === null) return unit;
    const events = turn.facts.map((fact) =>
      eventRow(turn.key, fact, message, { id: this.#ulid(clock.toWall(fact.at)), clock })
    );
    return events.length > 0 ? { ...unit, events } : unit;
  }

  #show(turn: Turned): void {
    if (isVisible(turn.before, turn.after)) this.shownAgain(turn.key);
  }

  /** Starts the actor of a panel that is heard for the first time. */
  #ensure(message: PanelMessage, at: number): void {
    const { clock, settings, adopt } = this.#options;
    const { mac, topicMac } = message;
    const known = this.#profiles.get(mac);
    if (known !== undefined) {
      if (known.topicMac !== topicMac) known.topicMac = topicMac;
      if (this.#hub.has(mac)) return;
    } else {
      if (adopt === "approve" && this.#waiting >= MAX_WAITING) {
        throw new TooManyUnknown(`Cannot take panel ${mac}: ${this.#waiting} panels wait to be approved`);
      }
      const now = toIso(clock, at);
      this.#profiles.set(mac, {
        mac,
        topicMac,
        name: "",
        address: "",
        adoptedAt: adopt === "auto" ? now : null,
        createdAt: now,
      });
      if (adopt === "approve") this.#waiting++;
    }
    this.#hub.start(mac, { input: { mac, at, ...settings } });
    if (this.#options.isLinkUp()) this.#hub.send(mac, { type: "link.up", at });
    this.shownAgain(mac);
  }

  #quarantine(mac: string, error: unknown): void {
    this.#quarantined.add(mac);
    this.#options.onTrouble(mac, "actor failed and was started anew", error);
    const { clock, settings } = this.#options;
    this.#hub.start(mac, { input: { mac, at: clock.now(), ...settings } });
    if (this.#options.isLinkUp()) this.#hub.send(mac, { type: "link.up", at: clock.now() });
    this.shownAgain(mac);
  }

  #mustGet(mac: string): IntercomView {
    const view = this.get(mac);
    if (view === null) throw new NoSuchIntercom(`There is no panel ${mac}`);
    return view;
  }

  #refusal(view: IntercomView): CommandRefused | null {
    if (!view.adopted) return new CommandRefused("not-adopted", "The panel waits to be approved");
    if (!this.#options.isLinkUp()) return new CommandRefused("link-down", "The link to the broker is down");
    if (view.status === "offline") return new CommandRefused("panel-offline", "The panel is offline");
    if (view.status === "unknown") {
      return new CommandRefused("panel-unknown", "Whether the panel is online is not known");
    }
    return null;
  }

  #audit(
    action: string,
    mac: string,
    by: Requester,
    result: string,
    detail: Record<string, unknown>,
  ): AuditRow {
    const { clock } = this.#options;
    const at = clock.now();
    return {
      ref: this.#ulid(clock.toWall(at)),
      at: toIso(clock, at),
      user_id: by.id,
      actor: by.name,
      action,
      target: mac,
      address: by.address,
      result,
      detail,
    };
  }
}

/**
 * @module
 * Remote openings: one actor each, at most one in flight for a door. A command is recorded before it is sent,
 * is sent once or never, and every end of it is in the audit log.
 */
import { createHash } from "node:crypto";
import { ulid } from "ulid";
import { DatabaseAway } from "../db/client.ts";
import type { StoredCommand } from "../db/door_commands.ts";
import type { AuditRow, CommandRow, WriteUnit } from "../db/rows.ts";
import {
  COMMAND_LIFE_MS,
  type DoorCommandContext,
  doorCommandMachine,
  newDoorCommandContext,
} from "../machines/door_command.ts";
import type { DoorCommandFact, DoorSource } from "../machines/events.ts";
import type { CommandView } from "../machines/views.ts";
import { type Clock, toIso } from "./clock.ts";
import { commandRow, commandView, contextOfRow, type Requester, viewOfRow } from "./command_rows.ts";
import type { Feed } from "./feed.ts";
import { Hub, type Turn } from "./hub.ts";
import type { Recorder } from "./recorder.ts";

/** How a command reaches a panel. */
export interface PanelTransport {
  /**
   * Publishes a command: never retained, never queued while the broker is away.
   *
   * @throws Error saying why it could not be handed over
   */
  sendCommand(
    topicMac: string,
    payload: Record<string, unknown>,
    options: { expiresInMs: number },
  ): Promise<void>;
}

/** A command was refused; nothing was sent and nothing will be. */
export class CommandRefused extends Error {
  override name = "CommandRefused";
  /** `kind` is the last part of the problem's type. */
  constructor(
    readonly kind:
      | "panel-offline"
      | "panel-unknown"
      | "not-adopted"
      | "link-down"
      | "command-in-flight"
      | "idempotency-key-reused",
    message: string,
  ) {
    super(message);
  }
}

/** What an operator asks for. */
export interface OpenRequest {
  mac: string;
  topicMac: string;
  apartment: string | null;
  by: Requester;
  idempotencyKey: string | null;
}

interface Held {
  requester: Requester;
  idempotencyKey: string | null;
  sha256: string;
  topicMac: string;
  /** Whether it was given to the transport: before that, no opening is its doing. */
  handedOver: boolean;
}

interface Keyed {
  id: string;
  /** When it was issued, on the steady clock. */
  at: number;
  sha256: string;
  answer: Promise<CommandView>;
}

interface DoorCommandsOptions {
  clock: Clock;
  recorder: Recorder;
  feed: Feed;
  transport: () => PanelTransport;
  /** Called when the command shown beside a panel changed. */
  onChanged: (mac: string) => void;
  onError: (id: string, error: unknown) => void;
  onSettled?: (status: string, seconds: number) => void;
}

/** How long the end of a command is shown beside its panel. */
const SHOWN_MS = 60_000;
/** How long an operator waits for the database before the door stays closed. */
const COMMIT_DEADLINE_MS = 3000;
/** Idempotency keys are remembered for a day, the newest of them. */
const KEY_LIFE_MS = 24 * 3600_000;
const KEYS = 10_000;

/** Holds the commands that something may still be learned about. */
export class DoorCommands {
  readonly #options: DoorCommandsOptions;
  readonly #hub: Hub<typeof doorCommandMachine>;
  readonly #held = new Map<string, Held>();
  /** The newest command of each door. */
  readonly #latest = new Map<string, { id: string; view: CommandView; endedAt: number | null }>();
  readonly #keyed = new Map<string, Keyed>();

  constructor(options: DoorCommandsOptions) {
    this.#options = options;
    this.#hub = new Hub({
      machine: doorCommandMachine,
      clock: options.clock,
      onTimer: (turn) => void this.#commit(turn).catch((error) => options.onError(turn.key, error)),
      onFailed: (id, error) => {
        // A command of which nothing more will be heard must not keep the door from being opened.
        this.#held.delete(id);
        for (const [mac, latest] of this.#latest) if (latest.id === id) this.#latest.delete(mac);
        options.onError(id, error);
      },
    });
  }

  /** Commands that are requested or sent. */
  get inFlight(): number {
    let count = 0;
    for (const { view } of this.#latest.values()) if (isInFlight(view)) count++;
    return count;
  }

  /** Takes up the commands that a former run left, and the keys of those it answered. Sends nothing. */
  async restore(unfinished: readonly StoredCommand[], keyed: readonly StoredCommand[]): Promise<void> {
    // They come newest first, and the first to be remembered is the first to be forgotten.
    for (const row of keyed.toReversed()) {
      this.#remember(row.requested_by, row.idempotency_key!, {
        id: row.id,
        at: this.#options.clock.fromWall(row.issued_at.getTime()),
        sha256: row.request_sha256,
        answer: Promise.resolve(viewOfRow(row)),
      });
    }
    for (const row of unfinished.toSorted((a, b) => a.issued_at.getTime() - b.issued_at.getTime())) {
      const context = contextOfRow(row, this.#options.clock);
      this.#held.set(row.id, {
        requester: { id: row.requested_by, name: row.requested_by_name, address: row.requested_from },
        idempotencyKey: row.idempotency_key,
        sha256: row.request_sha256,
        topicMac: row.mac,
        handedOver: true,
      });
      this.#hub.start(row.id, { snapshot: doorCommandMachine.resolveState({ value: row.status, context }) });
      this.#latest.delete(row.mac);
      this.#show(context);
      const now = this.#options.clock.now();
      const turn = this.#hub.send(row.id, { type: "resume", at: now, heardUntil: now });
      if (turn !== null) await this.#commit(turn);
    }
  }

  /**
   * Records a command and sends it; resolves when it is recorded and handed to the broker, or could not be.
   *
   * @throws CommandRefused when the door already has one in flight, or the key was used for another request
   * @throws DatabaseAway when it could not be recorded: then it was not sent
   */
  open(request: OpenRequest): Promise<CommandView> {
    const sha256 = createHash("sha256").update(JSON.stringify([request.mac, request.apartment])).digest(
      "hex",
    );
    const { by, idempotencyKey } = request;
    if (idempotencyKey !== null) {
      const before = this.#answered(by.id, idempotencyKey);
      if (before !== undefined) {
        if (before.sha256 === sha256) {
          return before.answer.then((answered) => this.get(before.id) ?? answered);
        }
        return Promise.reject(
          new CommandRefused("idempotency-key-reused", "This Idempotency-Key was used for another request"),
        );
      }
    }
    const rival = this.#latest.get(request.mac)?.view;
    if (rival !== undefined && isInFlight(rival)) {
      const who = rival.requested_by.name;
      return Promise.reject(new CommandRefused("command-in-flight", `${who} is opening this door right now`));
    }
    const id = ulid(this.#options.clock.toWall(this.#options.clock.now()));
    const answer = this.#issue(id, request, sha256);
    if (idempotencyKey !== null) {
      const name = `${by.id} ${idempotencyKey}`;
      this.#remember(by.id, idempotencyKey, { id, at: this.#options.clock.now(), sha256, answer });
      // What was not recorded did not happen: the same key may try again.
      answer.catch(() => this.#keyed.get(name)?.id === id && this.#keyed.delete(name));
    }
    return answer;
  }

  /** Whether this user used the key before: then the answer is the one of then. */
  isRepeated(userId: number, idempotencyKey: string): boolean {
    return this.#answered(userId, idempotencyKey) !== undefined;
  }

  /** Tells the door's command that the door opened; true when that explains the opening. */
  doorOpened(mac: string, opened: { at: number; source: DoorSource | null; commandId: string | null }): {
    unit: WriteUnit;
    explains: boolean;
  } {
    const explains = this.isOpening(mac);
    // A confirmation that names an older command is that one's, though a newer one is in flight. One that names the
    // command of another door is nobody's.
    const named = opened.commandId === null ? undefined : this.#hub.get(opened.commandId);
    const id = named?.context.mac === mac ? named.context.id : this.#latest.get(mac)?.id;
    if (id === undefined || !this.#held.get(id)?.handedOver) return { unit: {}, explains };
    const turn = this.#hub.send(id, { type: "door.opened", ...opened });
    return { unit: turn === null ? {} : this.#apply(turn), explains };
  }

  /** Whether the panel was told to open the door and has not said that it did. */
  isOpening(mac: string): boolean {
    const latest = this.#latest.get(mac);
    return latest !== undefined && isInFlight(latest.view) && this.#held.get(latest.id)?.handedOver === true;
  }

  /** Tells the door's commands that the door closed: one closing ends every opening before it. */
  doorClosed(mac: string, at: number): WriteUnit[] {
    const units: WriteUnit[] = [];
    for (const id of [...this.#held.keys()]) {
      const context = this.#hub.get(id)?.context;
      if (context?.mac !== mac || context.status !== "confirmed") continue;
      const turn = this.#hub.send(id, { type: "door.closed", at });
      if (turn !== null) units.push(this.#apply(turn));
    }
    return units;
  }

  /** A command that is still held, as it is shown. */
  get(id: string): CommandView | null {
    const snapshot = this.#hub.get(id);
    const held = this.#held.get(id);
    if (snapshot !== undefined && held !== undefined) return this.#view(snapshot.context, held);
    for (const { view } of this.#latest.values()) if (view.id === id) return view;
    return null;
  }

  /** The command to show beside a panel: in motion, or ended a moment ago. */
  latestOf(mac: string): CommandView | null {
    const latest = this.#latest.get(mac);
    if (latest === undefined) return null;
    if (latest.endedAt !== null && this.#options.clock.now() - latest.endedAt > SHOWN_MS) {
      this.#latest.delete(mac);
      return null;
    }
    return latest.view;
  }

  /** Stops all timers; what was in flight goes on after a restart. */
  stop(): void {
    this.#hub.stop();
  }

  async #issue(id: string, request: OpenRequest, sha256: string): Promise<CommandView> {
    const { clock, recorder } = this.#options;
    const issuedAt = clock.now();
    const held = {
      requester: request.by,
      idempotencyKey: request.idempotencyKey,
      sha256,
      topicMac: request.topicMac,
      handedOver: false,
    };
    this.#held.set(id, held);
    const input = {
      id,
      mac: request.mac,
      apartment: request.apartment,
      issuedAt,
      expiresAt: issuedAt + COMMAND_LIFE_MS,
    };
    this.#hub.start(id, { input });
    const context = newDoorCommandContext(input);
    this.#latest.delete(request.mac);
    this.#show(context);
    this.#options.feed.publish("intercoms", "command.changed", this.#view(context, held));
    this.#options.onChanged(request.mac);
    try {
      await recorder.record({
        command: this.#row(context, held),
        audit: [this.#audit(context, held, "requested", issuedAt)],
        events: [{
          id: ulid(clock.toWall(issuedAt)),
          mac: request.mac,
          type: "open_command",
          apartment: request.apartment,
          key_id: null,
          command_id: id,
          payload: { requested_by: request.by.name },
          occurred_at: toIso(clock, issuedAt),
          received_at: toIso(clock, issuedAt),
          once: null,
        }],
      }, { deadlineMs: COMMIT_DEADLINE_MS });
    } catch (error) {
      const turn = this.#hub.send(id, {
        type: "command.refused",
        at: clock.now(),
        reason: "could not be recorded",
      });
      if (turn !== null) this.#commit(turn).catch((late) => this.#options.onError(id, late));
      throw error instanceof DatabaseAway
        ? error
        : new DatabaseAway("Cannot record the command", { cause: error });
    }
    await this.#send(id);
    return this.get(id) ?? this.#view(context, held);
  }

  async #send(id: string): Promise<void> {
    const { clock } = this.#options;
    const context = this.#hub.get(id)?.context;
    const held = this.#held.get(id);
    if (context === undefined || held === undefined || context.status !== "requested") return;
    const expiresInMs = context.times.expiresAt - clock.now();
    if (expiresInMs <= 0) return; // its own deadline ends it
    let turn: Turn<typeof doorCommandMachine> | null;
    held.handedOver = true;
    try {
      await this.#options.transport().sendCommand(held.topicMac, {
        action: "open",
        ...(context.apartment === null ? {} : { apartment: context.apartment }),
        command_id: id,
        issued_at: toIso(clock, context.times.issuedAt),
        expires_at: toIso(clock, context.times.expiresAt),
      }, { expiresInMs });
      turn = this.#hub.send(id, { type: "command.sent", at: clock.now() });
    } catch (error) {
      turn = this.#hub.send(id, {
        type: "command.refused",
        at: clock.now(),
        reason: (error as Error).message,
      });
    }
    // What became of the command is known now; a database that went away meanwhile is not the operator's to wait for.
    if (turn !== null) this.#commit(turn).catch((error) => this.#options.onError(id, error));
  }

  #commit(turn: Turn<typeof doorCommandMachine>): Promise<void> {
    return this.#options.recorder.record(this.#apply(turn));
  }

  /** Shows what a turn did and returns what is to be written of it. */
  #apply(turn: Turn<typeof doorCommandMachine>): WriteUnit {
    const { context } = turn.after;
    const held = this.#held.get(turn.key);
    if (held === undefined) return {};
    if (turn.facts.length > 0) {
      this.#show(context);
      this.#options.feed.publish("intercoms", "command.changed", this.#view(context, held));
      this.#options.onChanged(context.mac);
    }
    if (turn.after.status === "done") {
      this.#options.onSettled?.(
        context.late ? "late" : context.status,
        (context.times.at - context.times.issuedAt) / 1000,
      );
      this.#hub.remove(turn.key);
      this.#held.delete(turn.key);
      // A door that nobody saw close: what its command was is shown no more.
      if (turn.facts.length === 0 && this.#latest.get(context.mac)?.id === turn.key) {
        this.#latest.delete(context.mac);
        this.#options.onChanged(context.mac);
      }
    }
    if (turn.facts.length === 0) return {};
    const results = turn.facts.map(resultOf).filter((result) => result !== null);
    return {
      command: this.#row(context, held),
      audit: results.map((result) => this.#audit(context, held, result, context.times.at)),
    };
  }

  #show(context: DoorCommandContext): void {
    const held = this.#held.get(context.id);
    if (held === undefined) return;
    // Identifiers do not tell which is newer: they are made of the wall clock, which may be set back.
    const newest = this.#latest.get(context.mac);
    if (newest !== undefined && newest.id !== context.id) return;
    const ended = context.status === "closed" || context.status === "expired" || context.status === "failed";
    this.#latest.set(context.mac, {
      id: context.id,
      view: this.#view(context, held),
      endedAt: ended ? context.times.at : null,
    });
  }

  /** What was answered under a key, for a day. */
  #answered(userId: number, key: string): Keyed | undefined {
    const name = `${userId} ${key}`;
    const keyed = this.#keyed.get(name);
    if (keyed === undefined || this.#options.clock.now() - keyed.at < KEY_LIFE_MS) return keyed;
    this.#keyed.delete(name);
    return undefined;
  }

  #remember(userId: number, key: string, keyed: Keyed): void {
    this.#keyed.set(`${userId} ${key}`, keyed);
    if (this.#keyed.size > KEYS) this.#keyed.delete(this.#keyed.keys().next().value!);
  }

  #view(context: DoorCommandContext, held: Held): CommandView {
    return commandView(context, held.requester, this.#options.clock);
  }

  #row(context: DoorCommandContext, held: Held): CommandRow {
    return commandRow(context, { ...held, clock: this.#options.clock });
  }

  #audit(context: DoorCommandContext, held: Held, result: string, at: number): AuditRow {
    return {
      ref: `${context.id} ${result}`.slice(0, 200),
      at: toIso(this.#options.clock, at),
      user_id: held.requester.id,
      actor: held.requester.name,
      action: "door.open",
      target: context.mac,
      address: held.requester.address,
      result,
      detail: { command_id: context.id, apartment: context.apartment },
    };
  }
}

function isInFlight(view: CommandView): boolean {
  return view.status === "requested" || view.status === "sent";
}

/** What the audit log says of a fact; null for what is not an outcome. */
function resultOf(fact: DoorCommandFact): string | null {
  switch (fact.type) {
    case "command.sent":
      return null;
    case "command.confirmed":
      return fact.late ? "confirmed late" : "confirmed";
    case "command.closed":
      return "closed";
    case "command.expired":
      return "expired";
    case "command.failed":
      return `failed: ${fact.reason}`;
  }
}

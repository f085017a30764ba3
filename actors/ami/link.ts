/**
 * @module
 * The link to one Asterisk as it runs: the machine says what to do, a fresh connection for each attempt does it, and
 * what comes in goes to the sink, after the lists and in order. Nothing that the sink throws ends the link.
 */
import { type Actor, createActor } from "xstate";
import { type AmiLinkEvent, type AmiLinkFact, amiLinkMachine } from "../../machines/ami_link.ts";
import type { LinkPhase } from "../../machines/views.ts";
import type { AmiServer } from "../../config.ts";
import type { Clock } from "../clock.ts";
import type { Links } from "../links.ts";
import type { Logger } from "../logger.ts";
import { AmiConnection } from "./connection.ts";
import { type AmiFields, AmiNotUp, type AmiPacket } from "./packet.ts";
import { AmiDenied, type AmiLists, type AmiSnapshot, askForLists } from "./sync.ts";

/** Who takes what an Asterisk says. `at` is on the steady clock, in milliseconds. */
export interface AmiSink {
  /** A live event; only while the link is up, after `synced`. */
  event(pbx: string, packet: AmiPacket, at: number): void;
  /** At every (re)connect, before any `event`, and again when Asterisk says that it has booted. */
  synced(pbx: string, snapshot: AmiSnapshot): void;
  /** The link was up and is not. */
  down(pbx: string, at: number): void;
}

/** What a link is put between. */
export interface AmiLinkOptions {
  server: AmiServer;
  /** Its name among the links. */
  id: string;
  clock: Clock;
  links: Links;
  sink: AmiSink;
  log: Pick<Logger, "info" | "warn" | "error">;
  /** In [0, 1). */
  random: () => number;
  /** A packet came that is neither event nor answer. */
  onDropped?: (pbx: string) => void;
  /** Classes of actions that the account may have beyond those that are always needed. */
  alsoNeeded?: (pbx: string) => readonly string[];
  /** Events that may wait for a sync to end; with more, the connection begins anew. Default 100,000. */
  maxBuffered?: number;
}

const MAX_BUFFERED = 100_000;

/** Holds the machine of one link and its connection. `stop()` ends both. */
export class AmiLink {
  readonly #options: AmiLinkOptions;
  readonly #actor: Actor<typeof amiLinkMachine>;
  #connection: AmiConnection | null = null;
  /** When the socket of the last connection is gone. */
  #closed: Promise<void> = Promise.resolve();
  /** Counts syncs: one that a newer has replaced, or whose connection is gone, says nothing any more. */
  #syncs = 0;
  /** What waits for a sync to end; null while events go straight on. */
  #buffer: AmiSnapshot["buffered"] | null = [];
  #fullyBooted: { packet: AmiPacket; at: number } | null = null;
  #epoch: string | null = null;
  #lastError: string | null = null;
  readonly #facts: AmiLinkFact[] = [];
  #warning: string | null = null;

  constructor(options: AmiLinkOptions) {
    this.#options = options;
    const machine = amiLinkMachine.provide({
      actions: {
        openConnection: () => this.#open(),
        closeConnection: () => this.#close(),
        beginSync: () => void this.#sync(),
      },
    });
    this.#actor = createActor(machine, {
      id: options.id,
      clock: options.clock,
      input: { at: options.clock.now(), random: options.random() },
    });
    this.#actor.on("*", (fact) => void this.#facts.push(fact));
    this.#actor.subscribe({
      next: (snapshot) => this.#tell(phaseOf(snapshot)),
      // Only a mistake in the machine or its effects ends it.
      error: (err) => options.log.error({ err, link: options.id }, "The link to Asterisk failed for good"),
    });
  }

  /** Begins to connect, and goes on for ever. */
  start(): void {
    this.#actor.start();
  }

  /** Ends the connection and all timers; resolves when the socket is gone. The sink is not told. */
  async stop(): Promise<void> {
    this.#actor.stop();
    this.#close();
    await this.#closed;
  }

  /**
   * Does an action of somebody else's.
   *
   * @throws AmiUnsafeValue, AmiNotUp, AmiTimeout, AmiRefused
   */
  action(action: string, fields: AmiFields, options: { deadlineMs?: number } = {}): Promise<AmiPacket> {
    return this.#live()?.action(action, fields, options) ?? this.#notUp();
  }

  /**
   * Asks for a list of somebody else's.
   *
   * @throws AmiUnsafeValue, AmiNotUp, AmiTimeout, AmiRefused
   */
  list(action: string, fields: AmiFields, options: { deadlineMs?: number } = {}): Promise<AmiPacket[]> {
    return this.#live()?.list(action, fields, options) ?? this.#notUp();
  }

  /** The connection, once somebody else's questions may be asked on it. */
  #live(): AmiConnection | null {
    return this.#actor.getSnapshot().matches("up") ? this.#connection : null;
  }

  #notUp(): Promise<never> {
    return Promise.reject(new AmiNotUp(this.#options.server.name, false));
  }

  #open(): void {
    const { server, clock } = this.#options;
    this.#buffer = [];
    this.#fullyBooted = null;
    const connection = new AmiConnection({
      server,
      clock,
      onConnected: () => this.#say({ type: "ami.connected", at: clock.now() }),
      onLoggedIn: () => this.#say({ type: "ami.login_accepted", at: clock.now() }),
      onRefused: (error) => this.#say({ type: "ami.refused", at: clock.now(), error }),
      onEvent: (packet) => this.#take(packet),
      onLost: (error) => this.#lost(error),
      onDropped: () => this.#options.onDropped?.(server.name),
    });
    this.#connection = connection;
    connection.open();
  }

  #close(): void {
    if (this.#connection !== null) this.#closed = this.#connection.close();
    this.#connection = null;
    this.#syncs++;
    this.#buffer = [];
  }

  #take(packet: AmiPacket): void {
    const at = this.#options.clock.now();
    if (packet.event === "FullyBooted") {
      this.#fullyBooted = { packet, at };
      return this.#say({ type: "ami.booted", at });
    }
    if (this.#buffer !== null) {
      this.#buffer.push({ packet, at });
      const { maxBuffered = MAX_BUFFERED } = this.#options;
      if (this.#buffer.length <= maxBuffered) return;
      return this.#lost(`more than ${maxBuffered} events came before the lists were complete`);
    }
    const { sink, server } = this.#options;
    try {
      sink.event(server.name, packet, at);
    } catch (err) {
      this.#grumble(packet.event!, err);
    }
  }

  async #sync(): Promise<void> {
    const { clock } = this.#options;
    const connection = this.#connection!;
    const sync = ++this.#syncs;
    this.#buffer ??= [];
    try {
      const lists = await askForLists({
        connection,
        clock,
        fullyBooted: this.#fullyBooted!,
        formerEpoch: this.#epoch,
        alsoNeeded: this.#options.alsoNeeded?.(this.#options.server.name) ?? [],
      });
      if (sync === this.#syncs) this.#synced(lists);
    } catch (error) {
      if (sync !== this.#syncs) return;
      const said = (error as Error).message;
      if (error instanceof AmiDenied) this.#say({ type: "ami.refused", at: clock.now(), error: said });
      else this.#lost(`cannot learn what is there: ${said}`);
    }
  }

  #synced({ warning, ...lists }: AmiLists): void {
    const { sink, server, log, id, clock } = this.#options;
    const buffered = this.#buffer ?? [];
    this.#buffer = null;
    this.#epoch = lists.epoch;
    if (warning !== null && warning !== this.#warning) {
      log.warn({ link: id, warning }, "Asterisk needs attention");
    }
    this.#warning = warning;
    this.#say({ type: "ami.synced", at: clock.now() });
    this.#safely("synced", () => sink.synced(server.name, { ...lists, buffered }));
  }

  #lost(error: string): void {
    const { clock, random } = this.#options;
    this.#say({ type: "ami.lost", at: clock.now(), error, random: random() });
  }

  #say(event: AmiLinkEvent): void {
    this.#actor.send(event);
  }

  /** Tells the sink first: what was up is told that it is not before anybody hears it from the links. */
  #tell(phase: LinkPhase): void {
    const { links, id, sink, server, log } = this.#options;
    const note = { phase, warning: this.#warning };
    const facts = this.#facts.splice(0);
    if (facts.length === 0) this.#safely("step", () => links.note(id, note));
    for (const fact of facts) {
      if (fact.type === "ami.came_up") {
        log.info({ link: id }, "The link to Asterisk is up");
        this.#safely("up", () => links.opened(id, note));
        continue;
      }
      if (fact.type === "ami.went_down") this.#safely("down", () => sink.down(server.name, fact.at));
      // One cause is told once, however often it is tried again.
      if (fact.type === "ami.went_down" || fact.error !== this.#lastError) {
        log.warn({ link: id, error: fact.error }, "The link to Asterisk is down");
      }
      this.#lastError = fact.error;
      this.#safely("lost", () => links.lost(id, fact.error, note));
    }
  }

  #safely(what: string, run: () => void): void {
    try {
      run();
    } catch (err) {
      this.#grumble(what, err);
    }
  }

  #grumble(what: string, err: unknown): void {
    this.#options.log.error({ err, link: this.#options.id, what }, "What Asterisk said could not be taken");
  }
}

/** As it is shown: that Asterisk is still booting is one of the things to wait for before the link is up. */
function phaseOf(snapshot: ReturnType<Actor<typeof amiLinkMachine>["getSnapshot"]>): LinkPhase {
  if (snapshot.matches("backing_off")) return "backing_off";
  if (snapshot.matches("refused")) return "refused";
  if (snapshot.matches("up")) return "up";
  if (snapshot.matches({ trying: "connecting" })) return "connecting";
  return snapshot.matches({ trying: "logging_in" }) ? "logging_in" : "syncing";
}

/**
 * @module
 * Metrics for Prometheus. Counts come from those who count; gauges are read when they are asked for.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Calls } from "./calls.ts";
import type { DoorCommands } from "./door_commands.ts";
import type { Endpoints } from "./endpoints.ts";
import type { Feed } from "./feed.ts";
import type { Intercoms } from "./intercoms.ts";
import type { Links } from "./links.ts";

/** What gauges are read from. */
export interface Measured {
  intercoms: Intercoms;
  commands: DoorCommands;
  calls: Pick<Calls, "counts" | "taken" | "ignored" | "quarantined">;
  endpoints: Pick<Endpoints, "counts" | "taken" | "quarantined">;
  feed: Feed;
  links: Links;
  writer: { waitingRows: number; committedRows: number };
}

/** How old the counts of panels may be: to go over a hundred thousand takes a while, and anybody may ask. */
const COUNTS_MS = 1000;

/** Holds the registry, and the timer that measures how late timers are. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #messages: Counter;
  readonly #refused: Counter;
  readonly #notTaken: Counter;
  readonly #forged: Counter;
  readonly #commands: Histogram;
  #lagSeconds = 0;
  #timer: ReturnType<typeof setInterval> | null = null;

  constructor() {
    const registers = [this.#registry];
    this.#messages = new Counter({
      name: "doorline_messages_total",
      help: "Messages of panels that were understood",
      labelNames: ["kind"],
      registers,
    });
    this.#refused = new Counter({
      name: "doorline_refused_messages_total",
      help: "Messages that were refused",
      labelNames: ["reason"],
      registers,
    });
    this.#notTaken = new Counter({
      name: "doorline_unacknowledged_messages_total",
      help: "Messages that could not be committed and were not acknowledged",
      registers,
    });
    this.#forged = new Counter({
      name: "doorline_ami_dropped_packets_total",
      help: "Packets of Asterisk that were none, or that somebody had written into",
      labelNames: ["pbx"],
      registers,
    });
    this.#commands = new Histogram({
      name: "doorline_door_command_seconds",
      help: "Remote openings from request to their end",
      labelNames: ["result"],
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
  }

  /** Counts a message that was taken. */
  readonly message = (kind: string): void => this.#messages.inc({ kind });
  /** Counts a message that was refused. */
  readonly refused = (reason: string): void => this.#refused.inc({ reason });
  /** Counts a message that was not acknowledged. */
  readonly notTaken = (): void => this.#notTaken.inc();
  /** Counts a packet of Asterisk that could not be used. */
  readonly forged = (pbx: string): void => this.#forged.inc({ pbx });
  /** Counts the end of an opening. */
  readonly settled = (result: string, seconds: number): void => this.#commands.observe({ result }, seconds);

  /** Begins to measure; `now` in milliseconds. `prom-client`'s own measure of the event loop is wrong on Deno. */
  start(measured: Measured, now: () => number = () => performance.now()): void {
    const gauge = (name: string, help: string, read: () => number) => {
      new Gauge({
        name,
        help,
        registers: [this.#registry],
        collect() {
          this.set(read());
        },
      });
    };
    const { intercoms, commands, calls, endpoints, feed, links, writer } = measured;
    let counted = { at: -Infinity, counts: {} as Record<string, number> };
    const counts = () => {
      if (now() - counted.at >= COUNTS_MS) counted = { at: now(), counts: intercoms.counts() };
      return counted.counts;
    };
    new Gauge({
      name: "doorline_intercoms",
      help: "Panels by status",
      labelNames: ["status"],
      registers: [this.#registry],
      collect() {
        for (const [status, count] of Object.entries(counts())) this.set({ status }, count);
      },
    });
    new Gauge({
      name: "doorline_link_up",
      help: "Whether a link is up",
      labelNames: ["link"],
      registers: [this.#registry],
      collect() {
        for (const { id, state } of links.list()) this.set({ link: id }, state === "up" ? 1 : 0);
      },
    });
    new Gauge({
      name: "doorline_calls",
      help: "Calls that go on, by status",
      labelNames: ["status"],
      registers: [this.#registry],
      collect() {
        for (const [status, count] of Object.entries(calls.counts())) this.set({ status }, count);
      },
    });
    new Gauge({
      name: "doorline_endpoints",
      help: "SIP endpoints by status",
      labelNames: ["status"],
      registers: [this.#registry],
      collect() {
        for (const [status, count] of Object.entries(endpoints.counts())) this.set({ status }, count);
      },
    });
    gauge(
      "doorline_endpoint_events",
      "Events of endpoints taken since the start",
      () => endpoints.taken,
    );
    gauge("doorline_call_events", "Events of calls taken since the start", () => calls.taken);
    gauge(
      "doorline_call_events_ignored",
      "Events of calls that were over for good, since the start",
      () => calls.ignored,
    );
    gauge("doorline_intercoms_waiting", "Panels that wait to be approved", () => intercoms.waiting);
    gauge(
      "doorline_actors_quarantined",
      "Actors put aside and rebuilt since the start",
      () => intercoms.quarantined.length + calls.quarantined.length + endpoints.quarantined.length,
    );
    gauge("doorline_door_commands_in_flight", "Openings that are requested or sent", () => commands.inFlight);
    gauge("doorline_feed_readers", "Open streams", () => feed.readers);
    gauge(
      "doorline_feed_readers_dropped",
      "Streams let go for being slow, since the start",
      () => feed.dropped,
    );
    gauge("doorline_writer_waiting_rows", "Rows that wait to be committed", () => writer.waitingRows);
    gauge("doorline_writer_committed_rows", "Rows committed since the start", () => writer.committedRows);
    gauge("doorline_event_loop_lag_seconds", "How late a timer of one second was", () => this.#lagSeconds);
    gauge("process_resident_memory_bytes", "Resident memory", () => Deno.memoryUsage().rss);
    gauge(
      "process_start_time_seconds",
      "Start of the process since 1970",
      () => performance.timeOrigin / 1000,
    );
    let due = performance.now() + 1000;
    this.#timer = setInterval(() => {
      this.#lagSeconds = Math.max(0, (performance.now() - due) / 1000);
      due = performance.now() + 1000;
    }, 1000);
  }

  /** All of it in the text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Ends the timer. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }
}

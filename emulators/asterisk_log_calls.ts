/**
 * @module
 * What the log of an emulated Asterisk says of calls: each step of the dialplan, who is called, rings, answers, and who
 * talks in which bridge. Wordings are those of Asterisk 16.28 and 22.10 at verbosity 3.
 */
import type { Bridge, Channel, ChannelOwner } from "./asterisk_channels.ts";
import type { AsteriskLog } from "./asterisk_log.ts";

/** How a caller's dial goes. */
interface Dialled {
  targets: number;
  rang: number;
  busy: number;
  congested: number;
  refused: number;
  /** Nobody came to the phone. */
  silent: number;
  seconds: string;
}

/** Writes of calls into a log. */
export class CallLog {
  readonly #log: AsteriskLog;
  readonly #calls = new WeakMap<ChannelOwner, { id: string; thread: number }>();
  readonly #dialled = new WeakMap<Channel, Dialled>();
  /** Legs that were declined on the phone. */
  readonly #refusing = new WeakSet<Channel>();
  #count = 0;

  constructor(log: AsteriskLog) {
    this.#log = log;
  }

  /** A channel runs an application. */
  executing(channel: Channel, application: string, data: string): void {
    // What a leg shows in the dialplan is no step of it.
    if (application.startsWith("AppDial") || application === "AppQueue") return;
    this.#unanswered(channel);
    const place = `${channel.exten}@${channel.context}:${channel.priority}`;
    this.#verbose(
      channel,
      "pbx.c",
      `Executing [${place}] ${application}("${channel.name}", "${data}") in new stack`,
    );
    if (application === "Playback") {
      const sound = `<${channel.name}> Playing '${data}.gsm' (language 'en')`;
      this.#verbose(channel, "file.c", sound);
    }
    if (application !== "Dial") return;
    const [targets = "", seconds = ""] = data.split(",");
    const number = targets.split("&").length;
    this.#dialled.set(channel, {
      targets: number,
      rang: 0,
      busy: 0,
      congested: 0,
      refused: 0,
      silent: 0,
      seconds,
    });
  }

  /** A leg is called, rings, or is not called any more. */
  dialling(event: string, caller: Channel | null, leg: Channel, details: string): void {
    const about = caller ?? leg;
    const source = caller?.application === "Queue" ? "app_queue.c" : "app_dial.c";
    const value = details.slice(details.indexOf(": ") + 2).trimEnd();
    const dialled = this.#dialled.get(about);
    if (event === "DialBegin") {
      if (dialled !== undefined) dialled.rang++;
      const local = leg.name.startsWith("Local/");
      this.#verbose(about, source, `Called ${local ? "" : "PJSIP/"}${value}`);
    } else if (event === "DialState" && value === "RINGING") {
      this.#verbose(about, source, `${leg.name} is ringing`);
    } else if (event === "DialEnd" && value === "ANSWER") {
      this.#dialled.delete(about);
      if (caller !== null) this.#verbose(about, source, `${leg.name} answered ${caller.name}`);
    } else if (event === "DialEnd" && dialled !== undefined) {
      if (value === "BUSY") dialled.busy++;
      else if (value === "CONGESTION") dialled.congested++;
      else if (this.#refusing.has(leg)) dialled.refused++;
      else dialled.silent++;
    }
  }

  /** The far end of a channel wants to go. */
  parting(channel: Channel): void {
    this.#refusing.add(channel);
  }

  /** A channel comes into a bridge, or leaves it. */
  bridged(what: "joined" | "left", bridge: Bridge, channel: Channel): void {
    const where = `'${bridge.technology}' basic-bridge <${bridge.id}>`;
    this.#verbose(channel, "bridge_channel.c", `Channel ${channel.name} ${what} ${where}`);
  }

  /** The dialplan lets go of a channel. */
  spawned(channel: Channel): void {
    const place = `(${channel.context}, ${channel.exten}, ${channel.priority})`;
    this.#verbose(channel, "pbx.c", `Spawn extension ${place} exited non-zero on '${channel.name}'`);
  }

  /** Says what a dial came to, when the caller goes on in the dialplan. */
  #unanswered(channel: Channel): void {
    const dialled = this.#dialled.get(channel);
    if (dialled === undefined) return;
    this.#dialled.delete(channel);
    const { targets, rang, busy, congested, refused, silent, seconds } = dialled;
    for (let missing = targets - rang; missing > 0; missing--) {
      const why = "Unable to create channel of type 'PJSIP' (cause 3 - No route to destination)";
      this.#log.write("NOTICE", "app_dial.c", why, this.#origin(channel));
    }
    if (silent > 0) {
      return this.#verbose(channel, "app_dial.c", `Nobody picked up in ${Number(seconds) * 1_000} ms`);
    }
    const counts = `${targets}:${busy}/${congested}/${targets - rang + refused}`;
    this.#verbose(channel, "app_dial.c", `Everyone is busy/congested at this time (${counts})`);
  }

  #verbose(channel: Channel, source: string, message: string): void {
    this.#log.write("VERBOSE", source, message, this.#origin(channel));
  }

  #origin(channel: Channel): { thread?: number; call?: string } {
    if (channel.owner === null) return {};
    let call = this.#calls.get(channel.owner);
    if (call === undefined) {
      const number = ++this.#count;
      call = { id: `C-${number.toString(16).padStart(8, "0")}`, thread: 2_000 + number };
      this.#calls.set(channel.owner, call);
    }
    return { call: call.id, thread: call.thread };
  }
}

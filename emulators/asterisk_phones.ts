/**
 * @module
 * The endpoints of an emulated Asterisk: phones that register and vanish, and the trunk.
 * Each tells what state its device is in, as that follows from its channels.
 */
import type { Channel, Switchboard } from "./asterisk_channels.ts";
import { type Random, wholeBetween } from "./random.ts";

/** One endpoint as it is configured. */
export interface EndpointSpec {
  /** The extension, such as `777`; the endpoint is called `777-ep`. */
  number: string;
  /** The caller's name that it shows. Default `User 777`. */
  name?: string;
  /** Default true. */
  registered?: boolean;
  /** Whether it answers a ringing call when it gets a NOTIFY with `Event: talk`. Default true. */
  remoteAnswer?: boolean;
  /** Whether it is an outside line; that needs no registration. Default false. */
  trunk?: boolean;
}

/** The state of a device, as DeviceStateChange has it. */
export type DeviceState = "NOT_INUSE" | "INUSE" | "RINGING" | "RINGINUSE" | "UNAVAILABLE";

/** State names of EndpointList. */
const SPOKEN: Record<DeviceState, string> = {
  NOT_INUSE: "Not in use",
  INUSE: "In use",
  RINGING: "Ringing",
  RINGINUSE: "Ring+Inuse",
  UNAVAILABLE: "Unavailable",
};

/** What stands where the world has phones, when nothing else is asked for. */
export const DEFAULT_ENDPOINTS: readonly EndpointSpec[] = [
  ...["777", "888", "150", "151", "152"].map((number) => ({ number })),
  { number: "trunk", trunk: true },
];

/** One endpoint. */
export class Phone {
  readonly number: string;
  readonly name: string;
  readonly endpoint: string;
  /** As DeviceStateChange and channel names have it. */
  readonly device: string;
  readonly trunk: boolean;
  readonly context: string;
  readonly userAgent: string;
  remoteAnswer: boolean;
  roundtripMicroseconds: number;
  expiresAtSeconds = 0;
  /** Null while it is not registered; a trunk is never without. */
  contact: string | null = null;
  #state: DeviceState;
  /** Its channels. Looking for them among all channels, at each event, would be slow. */
  readonly #live = new Set<Channel>();
  readonly #board: Switchboard;
  readonly #random: Random;

  constructor(spec: EndpointSpec, board: Switchboard) {
    this.number = spec.number;
    this.name = spec.name ?? `User ${spec.number}`;
    this.endpoint = `${spec.number}-ep`;
    this.device = `PJSIP/${this.endpoint}`;
    this.trunk = spec.trunk ?? false;
    this.context = this.trunk ? "from-trunk" : "internal";
    this.remoteAnswer = spec.remoteAnswer ?? true;
    this.#board = board;
    this.#random = board.options.random;
    this.userAgent = `Emulated phone ${spec.number}`;
    this.roundtripMicroseconds = wholeBetween(this.#random, 300, 2_500);
    if (this.trunk) this.contact = "sip:trunk@127.0.0.2:5060";
    else if (spec.registered ?? true) this.contact = this.#newContact();
    this.#state = this.contact === null ? "UNAVAILABLE" : "NOT_INUSE";
  }

  /** Whether a call can reach it. */
  get reachable(): boolean {
    return this.contact !== null;
  }

  /** The state that it last told. */
  get state(): DeviceState {
    return this.#state;
  }

  /** The state in the words of EndpointList. */
  get spokenState(): string {
    return SPOKEN[this.#state];
  }

  /** Its channels that are up. */
  get channels(): readonly Channel[] {
    return [...this.#live];
  }

  /** Counts a channel as one of its own. Called by the switchboard. */
  take(channel: Channel): void {
    this.#live.add(channel);
    this.update();
  }

  /** Stops counting a channel. Called by the switchboard. */
  release(channel: Channel): void {
    this.#live.delete(channel);
    this.update();
  }

  /** Registers, anew if it was registered. */
  register(): void {
    const again = this.contact !== null;
    this.contact = this.#newContact();
    this.#contactStatus("NonQualified", 0);
    if (!again) this.#peerStatus("Reachable");
    this.qualify();
    this.update();
  }

  /** Is asked whether it is there, and says so; one that is not registered says nothing. */
  qualify(): void {
    if (this.contact === null) return;
    this.roundtripMicroseconds = wholeBetween(this.#random, 300, 2_500);
    this.#contactStatus("Reachable", this.roundtripMicroseconds);
  }

  /** Goes; a phone that says goodbye is `Removed`, one that loses power is `Unreachable`. */
  unregister({ vanishes = false }: { vanishes?: boolean } = {}): void {
    if (this.contact === null) return;
    this.#peerStatus("Unreachable");
    this.#contactStatus(vanishes ? "Unreachable" : "Removed", 0);
    this.contact = null;
    this.update();
  }

  /** Looks at its channels and tells its state when that is another than before. */
  update(): void {
    const state = this.#now();
    if (state === this.#state) return;
    this.#state = state;
    this.#board.tell("call", "DeviceStateChange", `Device: ${this.device}\r\nState: ${state}\r\n`);
  }

  /** Forgets its channels without a word, as a restart does. */
  forget(): void {
    this.#live.clear();
    this.#state = this.contact === null ? "UNAVAILABLE" : "NOT_INUSE";
  }

  #now(): DeviceState {
    let rings = false;
    let talks = false;
    for (const channel of this.#live) {
      if (channel.state === 5) rings = true;
      else if (channel.state !== 0) talks = true;
    }
    if (rings) return talks ? "RINGINUSE" : "RINGING";
    if (talks) return "INUSE";
    return this.contact === null ? "UNAVAILABLE" : "NOT_INUSE";
  }

  #newContact(): string {
    this.expiresAtSeconds = Math.floor(this.#board.options.clock.now() / 1_000) + 3_600;
    return `sip:${this.number}@127.0.0.1:${wholeBetween(this.#random, 32_768, 60_999)}`;
  }

  #contactStatus(status: string, microseconds: number): void {
    this.#board.tell(
      "system",
      "ContactStatus",
      `URI: ${this.contact}\r\nContactStatus: ${status}\r\nAOR: ${this.number}\r\n` +
        `EndpointName: ${this.endpoint}\r\nRoundtripUsec: ${microseconds}\r\n`,
    );
  }

  #peerStatus(status: string): void {
    this.#board.tell(
      "system",
      "PeerStatus",
      `ChannelType: PJSIP\r\nPeer: ${this.device}\r\nPeerStatus: ${status}\r\n`,
    );
  }
}

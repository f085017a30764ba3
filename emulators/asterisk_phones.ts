/**
 * @module
 * The endpoints of an emulated Asterisk: phones that register with one or more contacts, vanish and come back, and the
 * trunk. Each tells what state its device is in, as that follows from its channels and contacts.
 */
import type { Channel, Switchboard } from "./asterisk_channels.ts";
import { Contact, type ContactState } from "./asterisk_contacts.ts";
import { type DeviceState, deviceStateOf, SPOKEN_STATES } from "./asterisk_device_state.ts";
import type { LogLevel } from "./asterisk_log.ts";
import { authenticates } from "./asterisk_registrar.ts";
import type { PjsipObject } from "./pjsip_fields.ts";
import { DEFAULT_ENDPOINTS, endpointName, type EndpointSpec, type PjsipStore } from "./pjsip_store.ts";
import { type Random, wholeBetween } from "./random.ts";

export { DEFAULT_ENDPOINTS, type EndpointSpec };

/** How a phone registers. */
export interface RegisterOptions {
  /** Default: as the endpoint was named. */
  host?: string;
  port?: number;
  userAgent?: string;
  /** Default 3600. */
  expiresSeconds?: number;
  /** Whether it is one more phone, instead of the same again. Default false. */
  another?: boolean;
  /** Default: the right one. */
  password?: string;
}

/** How a phone goes. */
export interface UnregisterOptions {
  /** Loses power instead of saying goodbye. Default false. */
  vanishes?: boolean;
  /** The one contact that goes. Default: all. */
  uri?: string;
}

const REGISTRAR = "res_pjsip_registrar.c";
const OPTIONS = "res_pjsip/pjsip_options.c";

/** One endpoint. */
export class Phone {
  readonly number: string;
  readonly endpoint: string;
  /** As DeviceStateChange and channel names have it. */
  readonly device: string;
  readonly spec: EndpointSpec;
  remoteAnswer: boolean;
  /** Those that registered, in the order in which they did. */
  readonly contacts: Contact[] = [];
  #state: DeviceState;
  #gone = false;
  /** Its channels. Looking for them among all channels, at each event, would be slow. */
  readonly #live = new Set<Channel>();
  readonly #timers = new Set<unknown>();
  readonly #board: Switchboard;
  readonly #store: PjsipStore;
  readonly #random: Random;

  constructor(spec: EndpointSpec, board: Switchboard, store: PjsipStore) {
    this.spec = spec;
    this.number = spec.number;
    this.endpoint = endpointName(spec);
    this.device = `PJSIP/${this.endpoint}`;
    this.remoteAnswer = spec.remoteAnswer ?? true;
    this.#board = board;
    this.#store = store;
    this.#random = board.options.random;
    const aor = this.aors[0];
    if (!this.trunk && (spec.registered ?? true) && aor !== undefined) {
      const contact = this.#newContact(aor, {});
      if (this.#qualified(aor)) this.#reached(contact);
      this.contacts.push(contact);
    }
    this.#state = this.#now();
  }

  /** Its section of type endpoint; null once it is out of the configuration. */
  get object(): PjsipObject | null {
    return this.#store.get("endpoint", this.endpoint);
  }

  /** Names of its addresses of record, whether they are there or not. */
  get aors(): string[] {
    return this.object?.all("aors") ?? [];
  }

  /** Contacts that its configuration names. */
  get fixedContacts(): { aor: string; uri: string }[] {
    return this.aors.flatMap((aor) =>
      (this.#store.get("aor", aor)?.all("contact") ?? []).map((uri) => ({ aor, uri }))
    );
  }

  /** Whether it is an outside line. */
  get trunk(): boolean {
    return this.spec.trunk ?? false;
  }

  get context(): string {
    return this.object?.get("context") || (this.trunk ? "from-trunk" : "internal");
  }

  /** The caller's name that it shows. */
  get name(): string {
    return /^\s*"?([^"<]*?)"?\s*</.exec(this.object?.get("callerid") ?? "")?.[1] || this.spec.name ||
      `User ${this.number}`;
  }

  /** Whether a call can reach it. */
  get reachable(): boolean {
    if (this.#gone) return false;
    return this.contacts.some(({ usable }) => usable) || this.fixedContacts.length > 0;
  }

  /** The state that it last told. */
  get state(): DeviceState {
    return this.#state;
  }

  /** The state in the words of EndpointList. */
  get spokenState(): string {
    return SPOKEN_STATES[this.#state];
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

  /**
   * Registers: anew, when a contact is there and no other is asked for, which nobody hears of.
   * @returns whether Asterisk takes it: not with a wrong password, without an AOR, or with a contact too many
   */
  register(options: RegisterOptions = {}): boolean {
    const now = this.#board.options.clock.now();
    const { another = false, password, host, port } = options;
    const same = another
      ? undefined
      : this.contacts.find(({ at }) =>
        (host === undefined || host === at.host) && (port === undefined || port === at.port)
      );
    const name = this.aors[0];
    const aor = name === undefined ? null : this.#store.get("aor", name);
    const contact = same ?? this.#newContact(name ?? this.number, options);
    if (!this.#authenticates(contact, password)) return false;
    if (name === undefined || aor === null) {
      const where = `'${this.endpoint}' (${contact.at.host}:${contact.at.port})`;
      this.#log("WARNING", REGISTRAR, `AOR '' not found for endpoint ${where}`);
      return false;
    }
    if (same !== undefined) {
      this.#clear(same);
      same.answers = true;
      same.refresh(now);
      this.qualify();
      return true;
    }
    const most = Number(aor.get("max_contacts") || 0);
    const tooMany = this.contacts.length + 1 - most;
    const replaces = /^(yes|true|on|1)$/i.test(aor.get("remove_existing"));
    if (tooMany > 0 && (!replaces || most === 0)) {
      this.#log(
        "WARNING",
        REGISTRAR,
        `Registration attempt from endpoint '${this.endpoint}' (${contact.at.host}:${contact.at.port}) ` +
          `to AOR '${name}' will exceed max contacts of ${most}`,
      );
      return false;
    }
    const before = this.reachable;
    this.contacts.push(contact);
    const { expiresSeconds } = contact.at;
    this.#log(
      "VERBOSE",
      REGISTRAR,
      `Added contact '${contact.uri}' to AOR '${name}' with expiration of ${expiresSeconds} seconds`,
    );
    if (this.#qualified(name)) {
      this.#contactStatus(contact);
      if (!before) this.#peerStatus("Reachable");
      this.#reached(contact);
      this.#contactStatus(contact);
      this.#logContact(contact, "Reachable");
      this.update();
    } else {
      if (!before) this.#peerStatus("Reachable");
      this.update();
      this.#contactStatus(contact);
    }
    for (const old of this.contacts.slice(0, Math.max(0, tooMany))) this.#remove(old, "remove existing");
    return true;
  }

  /** Is asked whether it is there, as PJSIPQualify does. Only what changes is told; who is gone takes his time. */
  qualify(): void {
    for (const contact of this.contacts) {
      if (!this.#qualified(contact.aor)) continue;
      if (contact.answers) this.#back(contact);
      else if (contact.usable) {
        const timeout = Number(this.#store.get("aor", contact.aor)?.get("qualify_timeout") || 3);
        this.#after(timeout * 1_000, () => !contact.answers && this.#lost(contact));
      }
    }
  }

  /** Goes; a phone that says goodbye is `Removed`, one that loses power is `Unreachable` once that is noticed. */
  unregister({ vanishes = false, uri }: UnregisterOptions = {}): void {
    const those = this.contacts.filter((one) => uri === undefined || one.uri === uri);
    if (vanishes) return this.vanish({ uri });
    for (const contact of those) {
      if (this.#authenticates(contact, undefined)) this.#remove(contact, "request");
    }
  }

  /**
   * Loses power or its line. Asterisk notices at once, or `unnoticed` only when it qualifies next; where it does not
   * qualify, when the registration runs out.
   */
  vanish({ unnoticed = false, uri }: { unnoticed?: boolean; uri?: string } = {}): void {
    const { clock } = this.#board.options;
    for (const contact of [...this.contacts]) {
      if (!contact.answers || (uri !== undefined && contact.uri !== uri)) continue;
      contact.freeze(clock.now());
      const left = contact.expiresAt(clock.now()) * 1_000 - clock.now();
      contact.timer = this.#after(Math.max(0, left), () => this.#remove(contact, "expiration"));
      if (!unnoticed && this.#qualified(contact.aor)) this.#lost(contact);
    }
  }

  /** Has power again, where it was. */
  comeBack(): void {
    const now = this.#board.options.clock.now();
    for (const contact of this.contacts) {
      if (contact.answers) continue;
      this.#clear(contact);
      contact.answers = true;
      contact.refresh(now);
    }
    if (this.contacts.length === 0) this.register();
    else this.qualify();
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
    this.#state = this.#now();
  }

  /** Is not in the configuration any more, or is there again; `between` is what Asterisk tells in the middle. */
  configured(present: boolean, between: () => void = () => {}): void {
    if (this.#gone === !present) return between();
    const before = this.reachable;
    this.#gone = !present;
    if (before !== this.reachable) this.#peerStatus(present ? "Reachable" : "Unreachable");
    between();
    this.update();
  }

  /** Lets no time pass for it any more. */
  stop(): void {
    for (const handle of this.#timers) this.#board.options.clock.clearTimeout(handle);
    this.#timers.clear();
  }

  #now(): DeviceState {
    if (this.#gone) return "INVALID";
    return deviceStateOf(this.#live, this.reachable);
  }

  #newContact(aor: string, { host, port, userAgent, expiresSeconds = 3_600 }: RegisterOptions): Contact {
    const at = {
      host: host ?? this.spec.host ?? "127.0.0.1",
      port: port ?? wholeBetween(this.#random, 32_768, 60_999),
      userAgent: userAgent ?? this.spec.userAgent ?? `Emulated phone ${this.number}`,
      expiresSeconds,
    };
    return new Contact(aor, at, this.#board.options.clock.now());
  }

  #qualified(aor: string): boolean {
    return Number(this.#store.get("aor", aor)?.get("qualify_frequency") || 0) > 0;
  }

  #authenticates(contact: Contact, password: string | undefined): boolean {
    const auth = this.object?.all("auth").map((id) => this.#store.get("auth", id)).find((one) =>
      one !== null
    );
    const right = auth ? auth.get("password") : null;
    return authenticates({ endpoint: this.endpoint, contact, password, right, board: this.#board });
  }

  #reached(contact: Contact): void {
    contact.state = "Reachable";
    contact.roundtripMicroseconds = wholeBetween(this.#random, 300, 2_500);
  }

  /** It answers, be it again. */
  #back(contact: Contact): void {
    const told = contact.state === "Reachable";
    const before = this.reachable;
    this.#reached(contact);
    if (told) return;
    if (!before) this.#peerStatus("Reachable");
    this.#contactStatus(contact);
    this.#logContact(contact, "Reachable");
    this.update();
  }

  /** It does not answer. Who is told of it first differs between versions, as in traces of real ones. */
  #lost(contact: Contact): void {
    if (!contact.usable || !this.contacts.includes(contact)) return;
    const before = this.reachable;
    contact.state = "Unreachable";
    contact.roundtripMicroseconds = 0;
    const last = before && !this.reachable;
    if (last) this.#peerStatus("Unreachable");
    if (last && this.#board.options.version === 16) this.update();
    this.#contactStatus(contact);
    this.#logContact(contact, "Unreachable");
    this.update();
  }

  #remove(contact: Contact, why: "request" | "expiration" | "remove existing"): void {
    const index = this.contacts.indexOf(contact);
    if (index === -1) return;
    this.#clear(contact);
    const before = this.reachable;
    this.contacts.splice(index, 1);
    const last = before && !this.reachable;
    this.#log(
      "VERBOSE",
      REGISTRAR,
      `Removed contact '${contact.uri}' from AOR '${contact.aor}' due to ${why}`,
    );
    this.#log("VERBOSE", OPTIONS, `Contact ${contact.aor}/${contact.uri} has been deleted`);
    if (last) this.#peerStatus("Unreachable");
    if (last && this.#board.options.version === 22) this.update();
    this.#contactStatus(contact, "Removed");
    this.update();
  }

  #contactStatus(contact: Contact, status: ContactState | "Removed" = contact.state): void {
    const microseconds = status === "Reachable" ? contact.roundtripMicroseconds : 0;
    this.#board.tell(
      "system",
      "ContactStatus",
      `URI: ${contact.uri}\r\nContactStatus: ${status}\r\nAOR: ${contact.aor}\r\n` +
        `EndpointName: ${this.endpoint}\r\nRoundtripUsec: ${microseconds}\r\n`,
    );
  }

  #peerStatus(status: "Reachable" | "Unreachable"): void {
    this.#log("VERBOSE", "res_pjsip/pjsip_configuration.c", `Endpoint ${this.endpoint} is now ${status}`);
    this.#board.tell(
      "system",
      "PeerStatus",
      `ChannelType: PJSIP\r\nPeer: ${this.device}\r\nPeerStatus: ${status}\r\n`,
    );
  }

  #logContact({ aor, uri, roundtripMicroseconds }: Contact, state: string): void {
    const trip = (roundtripMicroseconds / 1_000).toFixed(3);
    this.#log("VERBOSE", OPTIONS, `Contact ${aor}/${uri} is now ${state}.  RTT: ${trip} msec`);
  }

  #log(level: LogLevel, source: string, message: string): void {
    this.#board.options.log?.write(level, source, message);
  }

  #clear(contact: Contact): void {
    this.#board.options.clock.clearTimeout(contact.timer);
    this.#timers.delete(contact.timer);
    contact.timer = null;
  }

  #after(ms: number, act: () => void): unknown {
    const handle = this.#board.options.clock.setTimeout(() => {
      this.#timers.delete(handle);
      act();
    }, ms);
    this.#timers.add(handle);
    return handle;
  }
}

/**
 * @module
 * The embedded MQTT broker: aedes with the rules of the house. A panel's message is taken, and committed, before its
 * PUBACK is written. Panels show credentials and keep to their own topics; without credentials only this machine may
 * connect. It speaks MQTT 3.1.1.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { EventEmitter } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Aedes, type Client } from "aedes";
import { isLoopback } from "../../config.ts";
import type { Clock } from "../clock.ts";
import type { PanelTransport } from "../door_commands.ts";
import type { Intake, Publish } from "../routing.ts";
import { type Identity, isClientId, mayPublish, maySubscribe } from "./access.ts";
import { MAX_PAYLOAD } from "./decode.ts";
import { type Gate, guardStream } from "./stream_guard.ts";

/** The broker cannot listen. The message names the setting. */
export class BrokerError extends Error {
  override name = "BrokerError";
}

interface BrokerOptions {
  host: string;
  port: number;
  clock: Clock;
  intake: Intake;
  /** SHA-256 of the panels' passwords in hexadecimal, by MAC. */
  credentials: ReadonlyMap<string, string>;
  onRefused: (refused: { reason: string; topic: string; payload: Uint8Array }) => void;
  /** A client tried to be another one. */
  onTakeover: (clientId: string, address: string) => void;
  onNotTaken?: (error: unknown) => void;
}

interface Known {
  who: Identity;
  /** Messages that were read and not acknowledged yet. */
  unacknowledged: number;
  /** A last will that waits for those. */
  will: Publish | null;
  /** Its credentials do not hold any more, or its panel is not known any more: then its last will is nobody's. */
  revoked: "no" | "credentials" | "panel";
  /** It came back by another connection, which ended this one. */
  supplanted: boolean;
}

/** Unacknowledged messages of one client at which its socket is no longer read. */
const MAX_UNACKNOWLEDGED = 1000;
const MAX_CONNECTIONS = 20_000;
/** A status says online or offline; what is longer is heard and not kept. */
const MAX_RETAINED_BYTES = 1024;
const EMPTY = new Uint8Array();

/** Holds the listening socket and its clients. `stop()` ends them. */
export class EmbeddedBroker implements PanelTransport {
  readonly #options: BrokerOptions;
  readonly #clients = new WeakMap<Client, Known>();
  readonly #gates = new WeakMap<Client, Gate>();
  #aedes: Aedes | null = null;
  #server: Server | null = null;
  /** Topics with a retained status by MAC: one for each panel, however it writes its MAC. */
  readonly #retained = new Map<string, string>();
  /** Nothing more is taken: the service is about to stop. */
  #deaf = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Clients that are connected. */
  get connected(): number {
    return this.#aedes?.connectedClients ?? 0;
  }

  /**
   * Begins to listen.
   *
   * @throws BrokerError when the port cannot be had
   */
  async start(): Promise<void> {
    const aedes = await Aedes.createBroker({
      maxClientsIdLength: 128,
      preConnect: (_client, packet, done) => {
        const ok = isClientId(packet.clientId ?? "");
        done(ok ? null : new Error("client identifier not allowed"), ok);
      },
      authenticate: (client, username, password, done) => {
        const who = this.#identify(client, username, password);
        if (who === null || !this.#mayTakeOver(client, who) || !this.#mayLeaveWill(client, who)) {
          return done(Object.assign(new Error("not authorized"), { returnCode: 5 }), false);
        }
        const former = this.#named(client.id);
        const known = former && this.#clients.get(former);
        if (known !== undefined) known.supplanted = true;
        this.#clients.set(client, { who, unacknowledged: 0, will: null, revoked: "no", supplanted: false });
        done(null, true);
      },
      authorizePublish: (client, packet, done) => this.#publish(client, packet, done),
      authorizeSubscribe: (client, subscription, done) => {
        const known = this.#clients.get(client);
        const allowed = known !== undefined &&
          maySubscribe(known.who, subscription.topic, this.#hasCredentials);
        if (!allowed) {
          this.#options.onRefused({ reason: "not_allowed", topic: subscription.topic, payload: EMPTY });
        }
        done(null, allowed ? subscription : null);
      },
      // The last look before a command leaves: what was held up must not open a door late.
      authorizeForward: (_client, packet) => isExpired(packet, this.#options.clock) ? null : packet,
    });
    aedes.on("clientError", () => {}); // a client's fault is the client's; it is closed already
    aedes.on("connectionError", () => {});
    (aedes as EventEmitter).on("error", () => {});
    this.#aedes = aedes;
    const server = createServer((socket) => this.#connected(socket));
    server.maxConnections = MAX_CONNECTIONS;
    this.#server = server;
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause: Error & { code?: string }) =>
        reject(
          new BrokerError(
            cause.code === "EADDRINUSE"
              ? `DOORLINE_MQTT_PORT: port ${port} is in use on ${host}`
              : `DOORLINE_MQTT_PORT: cannot listen on ${host}:${port}: ${cause.message}`,
            { cause },
          ),
        ));
      server.listen(port, host, resolve);
    });
  }

  /** Ends all connections and stops to listen. */
  async stop(): Promise<void> {
    const [aedes, server] = [this.#aedes, this.#server];
    this.#aedes = null;
    this.#server = null;
    const closed = new Promise<void>((resolve) =>
      server === null ? resolve() : server.close(() => resolve())
    );
    if (aedes !== null) await new Promise<void>((resolve) => aedes.close(() => resolve()));
    await closed;
  }

  /** Takes nothing more, and sends no command; what was taken is still acknowledged. */
  stopTaking(): void {
    this.#deaf = true;
  }

  /**
   * Ends the sessions of a panel, and what the broker kept of it, after its credentials changed. With `forgotten` its
   * last will is not heard either: it would make the panel known again.
   */
  revoke(mac: string, { forgotten = false }: { forgotten?: boolean } = {}): void {
    const aedes = this.#aedes;
    if (aedes === null) return;
    for (const client of clientsOf(aedes)) {
      const known = this.#clients.get(client);
      if (known?.who.kind !== "panel" || known.who.mac !== mac) continue;
      known.revoked = forgotten ? "panel" : "credentials";
      client.close();
    }
    this.#unretain(mac);
  }

  sendCommand(topicMac: string, payload: Record<string, unknown>): Promise<void> {
    const aedes = this.#aedes;
    if (aedes === null || this.#deaf) return Promise.reject(new Error("the broker is stopped"));
    const topic = `intercom/${topicMac}/cmd`;
    if (!clientsOf(aedes).some((client) => listensTo(client, topic))) {
      return Promise.reject(new Error("the panel does not listen for commands"));
    }
    return new Promise((resolve, reject) => {
      // QoS 0: nothing is kept for a panel that is away.
      const packet = {
        cmd: "publish" as const,
        topic,
        payload: JSON.stringify(payload),
        qos: 0 as const,
        retain: false,
        dup: false,
      };
      aedes.publish(packet, (error) => error ? reject(error) : resolve());
    });
  }

  #connected(socket: Socket): void {
    const aedes = this.#aedes;
    if (aedes === null || this.#deaf) return void socket.destroy();
    socket.setNoDelay(true);
    const client = aedes.handle(socket);
    const gate = guardStream(client, socket, {
      maxPacket: MAX_PAYLOAD + 1024,
      onOversize: () => this.#options.onRefused({ reason: "oversize", topic: "", payload: EMPTY }),
    });
    this.#gates.set(client, gate);
    grantQos0(client);
  }

  #identify(
    client: Client,
    username: string | undefined,
    password: Readonly<Uint8Array> | undefined,
  ): Identity | null {
    if (username === undefined || username === "") {
      const address = (client.conn as Socket).remoteAddress ?? "";
      return isLoopback(address) ? { kind: "local" } : null;
    }
    const mac = username.toUpperCase();
    const expected = this.#options.credentials.get(mac);
    const given = createHash("sha256").update(password ?? EMPTY).digest();
    // The same work for a name nobody has.
    const same = timingSafeEqual(
      given,
      expected === undefined ? Buffer.alloc(32) : Buffer.from(expected, "hex"),
    );
    return same && expected !== undefined ? { kind: "panel", mac } : null;
  }

  /** A client identifier that is in use may be taken over by the same credentials only. */
  #mayTakeOver(client: Client, who: Identity): boolean {
    const other = this.#named(client.id);
    if (other === undefined) return true;
    const holder = this.#clients.get(other)?.who;
    const same = holder !== undefined && holder.kind === who.kind &&
      (holder.kind === "local" || (who.kind === "panel" && holder.mac === who.mac));
    if (!same) this.#options.onTakeover(client.id, (client.conn as Socket).remoteAddress ?? "");
    return same;
  }

  #mayLeaveWill(client: Client, who: Identity): boolean {
    const will = (client as unknown as { _will: { topic: string } | null })._will;
    if (!will) return true;
    const allowed = mayPublish(who, will.topic, this.#hasCredentials);
    if (!allowed) this.#options.onRefused({ reason: "not_allowed", topic: will.topic, payload: EMPTY });
    return allowed;
  }

  #publish(
    client: Client | null,
    packet: {
      topic: string;
      payload: string | Uint8Array;
      qos: number;
      retain: boolean;
      dup?: boolean;
      messageId?: number;
    },
    done: (error?: Error | null) => void,
  ): void {
    const known = client === null ? undefined : this.#clients.get(client);
    if (client === null || known === undefined) return done(new Error("not authorized"));
    // Clients that are ended because the service stops leave no last word.
    if (this.#aedes === null || (this.#deaf && client.closed)) return done(new Error("stopping"));
    // Without an answer it is not acknowledged: the panel says it again to the next run.
    if (this.#deaf) return;
    const payload = typeof packet.payload === "string"
      ? new TextEncoder().encode(packet.payload)
      : packet.payload;
    if (!mayPublish(known.who, packet.topic, this.#hasCredentials)) {
      this.#options.onRefused({ reason: "not_allowed", topic: packet.topic, payload });
      return done(new Error("not authorized"));
    }
    // It is here, by a new connection; its old one was half open.
    if (client.closed && known.supplanted) return done(new Error("it came back"));
    if (known.revoked === "panel") return done(new Error("the panel was removed"));
    // The last will of a session that was revoked is heard, but not kept.
    if (packet.retain && (known.revoked !== "no" || !this.#mayRetain(packet.topic, payload.length))) {
      packet.retain = false;
    }
    const publish = {
      topic: packet.topic,
      payload,
      // The flag is a wish for later subscribers; the message itself is fresh.
      retained: false,
      redelivered: packet.dup === true,
    };
    if (client.closed && known.unacknowledged > 0) {
      // A panel that is kept waiting for its PUBACK may give up: that silence is ours. If it has not come back by the
      // time it could be answered, it is the panel's.
      known.will = publish;
      return done(new Error("the last will waits"));
    }
    const taken = this.#options.intake(publish);
    if (packet.qos === 0 || client.closed) {
      taken.catch((error) => this.#options.onNotTaken?.(error));
      return done();
    }
    if (packet.qos === 2) {
      taken.then(() => done(), (error) => done(error));
      return;
    }
    // aedes writes the PUBACK of QoS 1 before anybody hears the message, and reads no further until then. As QoS 0 it
    // reads on, and the PUBACK is written here.
    packet.qos = 0;
    if (++known.unacknowledged === MAX_UNACKNOWLEDGED) this.#gates.get(client)?.pause();
    taken.then(() => acknowledge(client, packet.messageId!), (error) => {
      this.#options.onNotTaken?.(error);
      client.close();
    }).finally(() => {
      if (known.unacknowledged-- === MAX_UNACKNOWLEDGED) this.#gates.get(client)?.resume();
      if (known.unacknowledged === 0 && known.will !== null) this.#takeWill(client.id, known.will);
    });
    done();
  }

  #takeWill(clientId: string, will: Publish): void {
    if (this.#aedes === null || this.#named(clientId) !== undefined) return;
    this.#options.intake(will).catch((error) => this.#options.onNotTaken?.(error));
  }

  /** Only the status of panels is kept for later subscribers, and little of it: it is memory without end otherwise. */
  #mayRetain(topic: string, bytes: number): boolean {
    if (!topic.endsWith("/status") || bytes > MAX_RETAINED_BYTES) return false;
    const mac = topic.split("/")[1]!.toUpperCase();
    const former = this.#retained.get(mac);
    if (bytes === 0) {
      if (former === topic) this.#retained.delete(mac);
      return true;
    }
    if (former === undefined && this.#retained.size >= MAX_CONNECTIONS) return false;
    if (former !== topic) this.#unretain(mac);
    this.#retained.set(mac, topic);
    return true;
  }

  #unretain(mac: string): void {
    const topic = this.#retained.get(mac);
    if (topic === undefined) return;
    this.#retained.delete(mac);
    this.#aedes?.publish(
      { cmd: "publish", topic, payload: "", qos: 0, retain: true, dup: false },
      () => {},
    );
  }

  #named(clientId: string): Client | undefined {
    return this.#aedes === null ? undefined : clientsById(this.#aedes)[clientId];
  }

  readonly #hasCredentials = (mac: string): boolean => this.#options.credentials.has(mac);
}

/** aedes keeps its clients in an object without a prototype, which its types leave out. */
function clientsById(aedes: Aedes): Record<string, Client | undefined> {
  return (aedes as unknown as { clients: Record<string, Client> }).clients;
}

function clientsOf(aedes: Aedes): Client[] {
  return Object.values((aedes as unknown as { clients: Record<string, Client> }).clients);
}

/**
 * Commands have QoS 0, and what has more would be queued without end for a session that stays away. aedes writes into
 * the SUBACK, and into its store, what the packet asks for, whatever `authorizeSubscribe` makes of it.
 */
function grantQos0(client: Client): void {
  const { _parser: parser } = client as unknown as { _parser: EventEmitter };
  parser.prependListener("packet", (packet: { cmd: string; subscriptions?: { qos: number }[] }) => {
    if (packet.cmd === "subscribe") packet.subscriptions?.forEach((wanted) => wanted.qos = 0);
  });
}

function listensTo(client: Client, topic: string): boolean {
  const { subscriptions } = client as unknown as { subscriptions: Record<string, unknown> };
  const [, mac] = topic.split("/");
  return [topic, `intercom/${mac}/#`, `intercom/${mac}/+`].some((filter) =>
    subscriptions[filter] !== undefined
  );
}

/** PUBACK: type 4, two bytes that follow, the packet identifier (MQTT 3.1.1 §3.4). */
function acknowledge(client: Client, messageId: number): void {
  const socket = client.conn as Socket;
  if (!client.closed && !socket.destroyed) {
    socket.write(Uint8Array.of(0x40, 2, messageId >> 8, messageId & 0xff));
  }
}

function isExpired(packet: { topic: string; payload: unknown }, clock: Clock): boolean {
  if (!packet.topic.endsWith("/cmd")) return false;
  try {
    const { expires_at } = JSON.parse(String(packet.payload)) as { expires_at?: string };
    return expires_at !== undefined && clock.toWall(clock.now()) >= Date.parse(expires_at);
  } catch {
    return true; // only this service publishes there, and it publishes JSON
  }
}

/**
 * @module
 * The client of a broker of the operator's: a persistent session, and a PUBACK for each message only when what it
 * came to is committed. Commands ride no queue: what cannot be handed over at once fails. What could not be taken is
 * asked for again by a new connection.
 */
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";
import type { PanelTransport } from "../door_commands.ts";
import type { Intake } from "../routing.ts";
import { MAX_PAYLOAD, PANEL_TOPICS } from "./decode.ts";

interface BrokerClientOptions {
  url: string;
  /** The same in every run, so that the broker keeps what came while the service was away. */
  clientId: string;
  intake: Intake;
  onUp: () => void;
  /** The connection was lost, or, again, could not be opened. */
  onDown: (error: string) => void;
  /** A message could not be taken and was not acknowledged. */
  onNotTaken?: (error: unknown) => void;
  /** How long the first message that was not taken waits to be asked for again; doubles up to a minute. */
  askAgainMs?: number;
}

/** Session of a service that does not come back is kept for a week. */
const SESSION_SECONDS = 7 * 24 * 3600;
/** Messages that may be taken and not yet acknowledged; Mosquitto's own default is 20, which would make batches tiny. */
const RECEIVE_MAXIMUM = 20_000;
/** How long reading may wait for acknowledgements to catch up; longer, and the broker's own pings would go unread. */
const HOLD_MS = 5000;
const ASK_AGAIN_MS = 5000;
const MAX_ASK_AGAIN_MS = 60_000;
/** How long a connection that was closed to ask again may take to come back before the link counts as down. */
const COME_BACK_MS = 5000;
/** How long a broker has to close its side of it. */
const CLOSE_MS = 1000;

type Internals = {
  _sendPacket(packet: { cmd: "puback"; messageId: number; reasonCode: number }, done?: () => void): void;
};

/** Holds the connection to the broker. `stop()` ends it. */
export class BrokerClient implements PanelTransport {
  readonly #options: BrokerClientOptions;
  #client: MqttClient | null = null;
  #version: 4 | 5 = 5;
  /** Counts connections that ended: an acknowledgement belongs to the one that its message came by. */
  #connection = 0;
  #failures = 0;
  #lastError = "connection closed";
  #stopped = false;
  /** Nothing more is taken: the service is about to stop. */
  #deaf = false;
  /** The session was resumed and the subscription not confirmed yet: what comes had been waiting. */
  #backlog = false;
  /** A message of this connection was not taken; the broker does not deliver it by this one again. */
  #refused = false;
  #askTimer: ReturnType<typeof setTimeout> | undefined;
  #askAgainMs: number;
  /** The connection is being replaced by a new one, which nobody needs to know. */
  #back: (PromiseWithResolvers<void> & { timer: ReturnType<typeof setTimeout> }) | null = null;
  #closeTimer: ReturnType<typeof setTimeout> | undefined;
  /** Messages that are being taken. */
  #taking = 0;
  /** Lets the library read on. */
  #held: (() => void) | null = null;
  #holdTimer: ReturnType<typeof setTimeout> | undefined;
  /** Waiting did not help: it has to be read on, until acknowledgements have caught up. */
  #holdsNoMore = false;

  constructor(options: BrokerClientOptions) {
    this.#options = options;
    this.#askAgainMs = options.askAgainMs ?? ASK_AGAIN_MS;
  }

  /** Begins to connect, and goes on for ever. */
  start(): void {
    this.#client = this.#connect();
  }

  /** Ends the connection. The session stays with the broker. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#deaf = true;
    this.#forgetRefused();
    clearTimeout(this.#closeTimer);
    this.#cameBack();
    this.#readOn();
    const client = this.#client;
    if (client === null) return;
    const timer = setTimeout(() => client.stream.destroy(), CLOSE_MS);
    await client.endAsync(!client.connected);
    clearTimeout(timer);
  }

  /** Takes nothing more, and sends no command; what was taken is still acknowledged. */
  stopTaking(): void {
    this.#deaf = true;
    this.#forgetRefused();
  }

  /**
   * Has the broker deliver again what could not be taken, by a short new connection: call it when there is a reason to
   * think that it can be taken now. It is called from here, too, from time to time.
   */
  askAgain(): void {
    this.#askAgainMs = this.#options.askAgainMs ?? ASK_AGAIN_MS;
    this.#replace();
  }

  async sendCommand(
    topicMac: string,
    payload: Record<string, unknown>,
    options: { expiresInMs: number },
  ): Promise<void> {
    const startedMs = performance.now();
    await this.#back?.promise;
    const client = this.#client;
    if (client === null || !client.connected || this.#deaf) throw new Error("the link to the broker is down");
    const leftMs = options.expiresInMs - (performance.now() - startedMs);
    const expirySeconds = Math.floor(leftMs / 1000);
    if (expirySeconds < 1) throw new Error("too late to send");
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        // The library may never call back, when the socket takes no more.
        timer = setTimeout(() => reject(new Error("the broker did not take it in time")), leftMs);
        // QoS 0: neither this client nor the broker keeps it for a panel that is away.
        client.publish(
          `intercom/${topicMac}/cmd`,
          JSON.stringify(payload),
          {
            qos: 0,
            retain: false,
            ...(this.#version === 5 ? { properties: { messageExpiryInterval: expirySeconds } } : {}),
          },
          (error) => error ? reject(new Error("the broker did not take it", { cause: error })) : resolve(),
        );
      });
    } finally {
      clearTimeout(timer);
    }
  }

  #connect(): MqttClient {
    const version = this.#version;
    const options: IClientOptions = {
      clientId: this.#options.clientId,
      clean: false,
      protocolVersion: version,
      keepalive: 20,
      connectTimeout: 10_000,
      reconnectPeriod: 500,
      reconnectOnConnackError: true,
      queueQoSZero: false,
      timerVariant: "native",
      resubscribe: false,
      ...(version === 5
        ? {
          properties: {
            sessionExpiryInterval: SESSION_SECONDS,
            receiveMaximum: RECEIVE_MAXIMUM,
            maximumPacketSize: MAX_PAYLOAD + 1024,
          },
        }
        : {}),
    };
    const client = mqtt.connect(this.#options.url, options);
    client.on("packetreceive", (packet) => {
      // What a session kept follows the CONNACK and comes before the SUBACK, as far as it fits the broker's window of
      // unacknowledged messages. What does not fit comes later, and nothing tells it from what is new: that would take
      // a message to ourselves through the same queue, for which a broker's rules would have to allow a topic. By MQTT 5
      // the window is RECEIVE_MAXIMUM; Mosquitto's `max_inflight_messages`, 20 if not set, holds for 3.1.1 only.
      if (packet.cmd === "connack") this.#backlog = packet.sessionPresent;
      else if (packet.cmd === "suback") this.#backlog = false;
      if (packet.cmd !== "publish") return;
      const { qos, messageId } = packet;
      // The library acknowledges at once, or makes every message wait for the one before. It leaves QoS 0 alone,
      // so that is what it gets to see; the acknowledgement is sent from here, when it is true.
      if (qos === 1) packet.qos = 0;
      if (this.#deaf) return;
      const connection = this.#connection;
      this.#taking++;
      this.#options.intake({
        topic: packet.topic,
        payload: typeof packet.payload === "string"
          ? new TextEncoder().encode(packet.payload)
          : packet.payload,
        retained: packet.retain,
        redelivered: packet.dup,
        ...(this.#backlog ? { backlog: true } : {}),
      }).then(() => {
        if (qos !== 1 || messageId === undefined) return;
        // By another connection the number would acknowledge another message; the broker delivers this one again.
        if (connection !== this.#connection || !client.connected) return;
        (client as unknown as Internals)._sendPacket({ cmd: "puback", messageId, reasonCode: 0 });
      }, (error) => {
        this.#options.onNotTaken?.(error);
        if (qos === 1 && connection === this.#connection) this.#refuse();
      }).finally(() => this.#taken());
    });
    // The library reads the next message when this one is done with. Mosquitto 2.0 forgets the receive maximum once
    // acknowledgements flow: measured, 300,000 queued messages came at once and 188,000 of them could not be taken.
    client.handleMessage = (_packet, done) => this.#taking < RECEIVE_MAXIMUM ? done() : this.#hold(done);
    client.on("connect", () => {
      this.#failures = 0;
      const topics = PANEL_TOPICS.map((topic) => `intercom/+/${topic}`);
      client.subscribe(topics, { qos: 1 }, (error) => {
        if (this.#stopped) return;
        if (error) {
          this.#lastError = `cannot subscribe: ${error.message}`;
          client.reconnect();
        } else if (!this.#cameBack()) this.#options.onUp();
      });
    });
    client.on("error", (error) => {
      this.#lastError = explain(error);
      const code = (error as { code?: unknown }).code;
      // 1 by MQTT 3.1.1, 132 by MQTT 5: the broker does not speak this version.
      if (version === 5 && (code === 1 || code === 132) && !this.#stopped) {
        this.#version = 4;
        client.end(true);
        this.#client = this.#connect();
      }
    });
    client.on("close", () => {
      if (client !== this.#client || this.#stopped) return;
      this.#connection++;
      this.#backlog = false;
      clearTimeout(this.#closeTimer);
      this.#forget();
      this.#forgetRefused();
      if (this.#back !== null) return;
      this.#askAgainMs = this.#options.askAgainMs ?? ASK_AGAIN_MS;
      // Full jitter, so that many services do not come back to a broker at the same moment.
      const ceiling = Math.min(15_000, 500 * 2 ** Math.min(this.#failures++, 5));
      client.options.reconnectPeriod = 100 + Math.random() * ceiling;
      this.#options.onDown(this.#lastError);
    });
    return client;
  }

  #refuse(): void {
    if (this.#deaf) return;
    this.#refused = true;
    this.#askTimer ??= setTimeout(() => {
      this.#askAgainMs = Math.min(MAX_ASK_AGAIN_MS, this.#askAgainMs * 2);
      this.#replace();
    }, this.#askAgainMs);
  }

  #forgetRefused(): void {
    this.#refused = false;
    clearTimeout(this.#askTimer);
    this.#askTimer = undefined;
  }

  /** Replaces the connection: a broker delivers what was not acknowledged by the next one only. */
  #replace(): void {
    const client = this.#client;
    const refused = this.#refused;
    this.#forgetRefused();
    if (!refused || this.#deaf || this.#back !== null || client === null || !client.connected) return;
    const timer = setTimeout(() => {
      if (this.#cameBack() && !this.#stopped) this.#options.onDown(this.#lastError);
    }, COME_BACK_MS);
    this.#back = { ...Promise.withResolvers<void>(), timer };
    this.#connection++; // what is taken from now on is delivered again
    client.options.reconnectPeriod = 100;
    // The end, not a reset: acknowledgements on their way are to arrive.
    client.stream.end();
    this.#closeTimer = setTimeout(() => client.stream.destroy(), CLOSE_MS);
  }

  /** Says whether the connection had been replaced. */
  #cameBack(): boolean {
    const back = this.#back;
    if (back === null) return false;
    this.#back = null;
    clearTimeout(back.timer);
    back.resolve();
    return true;
  }

  #hold(done: () => void): void {
    if (this.#holdsNoMore || this.#stopped) return done();
    this.#held = done;
    this.#holdTimer = setTimeout(() => {
      this.#holdsNoMore = true;
      this.#readOn();
    }, HOLD_MS);
  }

  #taken(): void {
    this.#taking--;
    if (this.#taking > RECEIVE_MAXIMUM / 2) return;
    this.#holdsNoMore = false;
    this.#readOn();
  }

  #readOn(): void {
    const held = this.#held;
    this.#forget();
    held?.();
  }

  /** What is held of a connection that is gone must not be read: the broker delivers it again. */
  #forget(): void {
    if (this.#held === null) return;
    clearTimeout(this.#holdTimer);
    this.#held = null;
  }
}

function explain(error: Error): string {
  const { code } = error as { code?: unknown };
  if (error.message !== "") return error.message;
  return typeof code === "string" ? code : "connection failed";
}

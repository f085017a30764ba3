/**
 * @module
 * The client of a broker of the operator's: a persistent session, and a PUBACK for each message only when what it
 * came to is committed. Commands ride no queue: what cannot be handed over at once fails.
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
  onDown: (error: string) => void;
  /** A message could not be taken and was not acknowledged. */
  onNotTaken?: (error: unknown) => void;
}

/** Session of a service that does not come back is kept for a week. */
const SESSION_SECONDS = 7 * 24 * 3600;
/** Messages that may be taken and not yet acknowledged; Mosquitto's own default is 20, which would make batches tiny. */
const RECEIVE_MAXIMUM = 20_000;
/** How long reading may wait for acknowledgements to catch up; longer, and the broker's own pings would go unread. */
const HOLD_MS = 5000;

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
  /** Messages that are being taken. */
  #taking = 0;
  /** Lets the library read on. */
  #held: (() => void) | null = null;
  #holdTimer: ReturnType<typeof setTimeout> | undefined;
  /** Waiting did not help: it has to be read on, until acknowledgements have caught up. */
  #holdsNoMore = false;

  constructor(options: BrokerClientOptions) {
    this.#options = options;
  }

  /** Begins to connect, and goes on for ever. */
  start(): void {
    this.#client = this.#connect();
  }

  /** Ends the connection. The session stays with the broker. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#readOn();
    await this.#client?.endAsync(!this.#client.connected);
  }

  sendCommand(
    topicMac: string,
    payload: Record<string, unknown>,
    options: { expiresInMs: number },
  ): Promise<void> {
    const client = this.#client;
    if (client === null || !client.connected) {
      return Promise.reject(new Error("the link to the broker is down"));
    }
    const expirySeconds = Math.floor(options.expiresInMs / 1000);
    if (expirySeconds < 1) return Promise.reject(new Error("too late to send"));
    return new Promise((resolve, reject) => {
      // QoS 0: neither this client nor the broker keeps it for a panel that is away.
      client.publish(`intercom/${topicMac}/cmd`, JSON.stringify(payload), {
        qos: 0,
        retain: false,
        ...(this.#version === 5 ? { properties: { messageExpiryInterval: expirySeconds } } : {}),
      }, (error) => error ? reject(new Error("the broker did not take it", { cause: error })) : resolve());
    });
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
      if (packet.cmd !== "publish") return;
      const { qos, messageId } = packet;
      // The library acknowledges at once, or makes every message wait for the one before. It leaves QoS 0 alone,
      // so that is what it gets to see; the acknowledgement is sent from here, when it is true.
      if (qos === 1) packet.qos = 0;
      const connection = this.#connection;
      this.#taking++;
      this.#options.intake({
        topic: packet.topic,
        payload: typeof packet.payload === "string"
          ? new TextEncoder().encode(packet.payload)
          : packet.payload,
        retained: packet.retain,
        redelivered: packet.dup,
      }).then(() => {
        if (qos !== 1 || messageId === undefined) return;
        // By another connection the number would acknowledge another message; the broker delivers this one again.
        if (connection !== this.#connection || !client.connected) return;
        (client as unknown as Internals)._sendPacket({ cmd: "puback", messageId, reasonCode: 0 });
      }, (error) => this.#options.onNotTaken?.(error)).finally(() => this.#taken());
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
        } else this.#options.onUp();
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
      this.#forget();
      // Full jitter, so that many services do not come back to a broker at the same moment.
      const ceiling = Math.min(15_000, 500 * 2 ** Math.min(this.#failures++, 5));
      client.options.reconnectPeriod = 100 + Math.random() * ceiling;
      this.#options.onDown(this.#lastError);
    });
    return client;
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

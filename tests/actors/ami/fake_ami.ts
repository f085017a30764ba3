/**
 * @module
 * A small AMI server over plain TCP whose every answer a test can change. It has its own idea of the wire, by
 * Asterisk's reader (`main/manager.c`) and by bytes seen from 16 and 22, and uses nothing of the product.
 */
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { waitFor } from "../../support/wait.ts";

/** One action as it came: headers in order, names as written. */
export interface FakeAction {
  name: string;
  id: string;
  headers: [name: string, value: string][];
}

/** What answers an action: whole packets; null for silence. */
type Answer = (action: FakeAction, session: FakeSession) => string | null;

/** One connection. */
export class FakeSession {
  readonly actions: FakeAction[] = [];
  /** Everything that was received. */
  received = "";
  ended = false;
  readonly socket: Socket;
  #rest = "";

  constructor(socket: Socket, onAction: (action: FakeAction, session: FakeSession) => void) {
    this.socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => {
      this.received += text;
      const parts = (this.#rest + text).replaceAll("\r\n", "\n").split("\n\n");
      this.#rest = parts.pop()!;
      for (const part of parts) {
        const headers = part.split("\n").map((line): [string, string] => {
          const colon = line.indexOf(":");
          return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
        });
        const of = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? "";
        const action = { name: of("action"), id: of("actionid"), headers };
        this.actions.push(action);
        onAction(action, this);
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => void (this.ended = true));
  }

  /** Sends packets, each an array of lines or an object. */
  send(...packets: Record<string, string>[]): void {
    this.write(packets.map(packet).join(""));
  }

  /** Sends bytes as they are. */
  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Names of the actions that came, without login and what follows it by itself. */
  get asked(): string[] {
    return this.actions.map(({ name }) => name).filter((name) => !/^(login|events|ping)$/i.test(name));
  }
}

/** A packet as Asterisk writes it. */
export function packet(headers: Record<string, string>): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("") + "\r\n";
}

/** A list as Asterisk writes it. */
export function list(id: string, event: string, items: Record<string, string>[]): string {
  return packet({ Response: "Success", ActionID: id, EventList: "start", Message: "A list follows" }) +
    items.map((item) => packet({ Event: event, ActionID: id, ...item })).join("") +
    packet({ Event: `${event}Complete`, ActionID: id, EventList: "Complete", ListItems: `${items.length}` });
}

/** An error as Asterisk writes it. */
export function error(id: string, message: string): string {
  return packet({ Response: "Error", ActionID: id, Message: message });
}

export const FULLY_BOOTED = {
  Event: "FullyBooted",
  Privilege: "system,all",
  Uptime: "100",
  LastReload: "100",
  Status: "Fully Booted",
};

/** A server that a test owns. */
export class FakeAmi {
  readonly sessions: FakeSession[] = [];
  /** What answers each action, by its name in lower case. */
  readonly answers: Record<string, Answer> = {
    login: (action, session) => {
      const isRight = action.headers.some(([name, value]) => name === "Secret" && value === "right");
      if (!isRight) {
        session.socket.end(error(action.id, "Authentication failed"));
        return null;
      }
      return packet({ Response: "Success", ActionID: action.id, Message: "Authentication accepted" }) +
        (this.booted ? packet(FULLY_BOOTED) : "");
    },
    events: ({ id }) => packet({ Response: "Success", ActionID: id, Events: "On" }),
    ping: ({ id }) => packet({ Response: "Success", ActionID: id, Ping: "Pong", Timestamp: "1.000000" }),
    corestatus: ({ id }) =>
      packet({
        Response: "Success",
        ActionID: id,
        CoreStartupDate: "2026-01-02",
        CoreStartupTime: this.startupTime,
      }),
    coreshowchannels: ({ id }) => list(id, "CoreShowChannel", this.channels),
    pjsipshowendpoints: ({ id }) => list(id, "EndpointList", [{ ObjectName: "777-ep" }]),
    pjsipshowaors: ({ id }) => error(id, "No Aors found\n"),
    pjsipshowcontacts: ({ id }) => error(id, "No Contacts found\n"),
    listcommands: ({ id }) =>
      packet({
        Response: "Success",
        ActionID: id,
        Ping: "Keepalive command.  (Priv: <none>)",
        Hangup: "Hangup channel.  (Priv: system,call,all)",
        DBPut: "Put DB entry.  (Priv: system,all)",
      }),
    hangup: ({ id }) => packet({ Response: "Success", ActionID: id, Message: "Channel Hungup" }),
  };
  booted = true;
  startupTime = "03:04:05";
  channels: Record<string, string>[] = [];
  #server: Server | null = null;
  #port = 0;

  get port(): number {
    return this.#port;
  }

  /** The connection that is being used. */
  get session(): FakeSession {
    return this.sessions.at(-1)!;
  }

  async start(): Promise<void> {
    const server = this.#server = createServer((socket) => {
      const session = new FakeSession(socket, (action, session) => {
        const answer = this.answers[action.name.toLowerCase()];
        const text = answer === undefined
          ? error(action.id, `Invalid/unknown command: ${action.name}.`)
          : answer(action, session);
        if (text !== null) session.write(text);
      });
      this.sessions.push(session);
      session.write("Asterisk Call Manager/5.0.5\r\n");
    });
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Cuts all connections and refuses new ones; `start` listens on the same port again. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    for (const { socket } of this.sessions) socket.destroy();
    if (server !== null) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Waits until an action of the name has come on the present connection. */
  heard(name: string, times = 1): Promise<FakeAction> {
    return waitFor(() => this.session?.actions.filter((action) => action.name === name)[times - 1], {
      what: `action ${name}`,
    });
  }
}

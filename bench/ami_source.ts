/**
 * @module
 * The Asterisk of the benchmarks of calls: as much of AMI as a client needs to come up, and then whatever bytes it is
 * given. It costs next to nothing beside what it is to load.
 */

/** Makes the answer to an action, whose headers can be asked for by their names. */
type Answer = (id: string, header: (name: string) => string) => string;

/** What a client asks while it comes up, and after. `\n` stands for the end of a line. */
const ANSWERS: Record<string, Answer> = {
  login: (id) =>
    `Response: Success\nActionID: ${id}\nMessage: Authentication accepted\n\n` +
    "Event: FullyBooted\nPrivilege: system,all\nUptime: 3600\nLastReload: 3600\nStatus: Fully Booted\n\n",
  events: (id) => `Response: Success\nActionID: ${id}\nEvents: On\n\n`,
  ping: (id) => `Response: Success\nActionID: ${id}\nPing: Pong\nTimestamp: 1.000000\n\n`,
  corestatus: (id) =>
    `Response: Success\nActionID: ${id}\nCoreStartupDate: 2026-01-02\nCoreStartupTime: 03:04:05\n\n`,
  listcommands: (id) => `Response: Success\nActionID: ${id}\nPing: Keepalive command.  (Priv: <none>)\n\n`,
  coreshowchannels: (id) =>
    `Response: Success\nActionID: ${id}\nEventList: start\nMessage: Channels will follow\n\n` +
    `Event: CoreShowChannelsComplete\nActionID: ${id}\nEventList: Complete\nListItems: 0\n\n`,
  pjsipshowendpoints: (id) => `Response: Error\nActionID: ${id}\nMessage: No endpoints found\n\n`,
  pjsipshowendpoint: (id) => `Response: Error\nActionID: ${id}\nMessage: Unable to retrieve endpoint\n\n`,
  pjsipshowaors: (id) => `Response: Error\nActionID: ${id}\nMessage: No Aors found\n\n`,
  pjsipshowcontacts: (id) => `Response: Error\nActionID: ${id}\nMessage: No Contacts found\n\n`,
};

/** Listens on a free port for one client at a time; it lets in whoever logs in. */
export class AmiSource {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #connection: Deno.TcpConn | null = null;
  #written: Promise<void> = Promise.resolve();
  readonly #loggedIn = Promise.withResolvers<void>();
  readonly #answers: Record<string, Answer>;

  /** `answers` stand in for the usual ones, by the action's name in lower case. */
  constructor(answers: Record<string, Answer> = {}) {
    this.#answers = { ...ANSWERS, ...answers };
    void this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Resolves when a client has logged in. */
  get loggedIn(): Promise<void> {
    return this.#loggedIn.promise;
  }

  /** Writes whole packets after all that was written before; resolves when the socket has taken them. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#written = this.#written.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#connection!.write(bytes.subarray(at));
    });
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      connection.setNoDelay();
      this.#connection = connection;
      void this.write(bytesOf("Asterisk Call Manager/11.0.0\n"));
      await this.#answer(connection);
    }
  }

  async #answer(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    let rest = "";
    for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
      const packets = (rest + decoder.decode(buffer.subarray(0, n), { stream: true })).split("\r\n\r\n");
      rest = packets.pop()!;
      for (const packet of packets) {
        const header = (name: string) => new RegExp(`^${name}: *(.*?)\r?$`, "im").exec(packet)?.[1] ?? "";
        const action = header("Action").toLowerCase();
        const answer = this.#answers[action];
        if (answer === undefined) throw new Error(`Cannot answer ${action}`);
        void this.write(bytesOf(answer(header("ActionID"), header)));
        if (action === "login") this.#loggedIn.resolve();
      }
    }
  }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text.replaceAll("\n", "\r\n"));
}

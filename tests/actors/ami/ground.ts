/**
 * @module
 * What the AMI tests stand on: a connection, or whole links, to a server of the test's own, on a clock that is moved
 * by hand, with everything that was said written down.
 */
import { AmiConnection } from "../../../actors/ami/connection.ts";
import type { AmiServer } from "../../../config.ts";
import type { AmiSink } from "../../../actors/ami/link.ts";
import { AmiLinks } from "../../../actors/ami/links.ts";
import type { AmiPacket } from "../../../actors/ami/packet.ts";
import type { AmiSnapshot } from "../../../actors/ami/sync.ts";
import { Links } from "../../../actors/links.ts";
import { waitFor } from "../../support/wait.ts";
import { fakeClock, FakeFeed } from "../fakes.ts";
import { FakeAmi } from "./fake_ami.ts";

/** A server as the tests name it. */
export function serverAt(port: number, change: Partial<AmiServer> = {}): AmiServer {
  return { name: "pbx", host: "127.0.0.1", port, user: "doorline", secret: "right", ...change };
}

/** A connection that writes down what it says. It is not opened yet. */
export function makeConnection(port: number, change: Partial<AmiServer> = {}) {
  const clock = fakeClock();
  const said: string[] = [];
  const events: AmiPacket[] = [];
  const counts = { dropped: 0 };
  const connection = new AmiConnection({
    server: serverAt(port, change),
    clock,
    onConnected: () => void said.push("connected"),
    onLoggedIn: () => void said.push("logged in"),
    onRefused: (error) => void said.push(`refused: ${error}`),
    onEvent: (packet) => void events.push(packet),
    onLost: (error) => void said.push(`lost: ${error}`),
    onDropped: () => void counts.dropped++,
  });
  const until = (what: string) =>
    waitFor(() => said.find((one) => one.startsWith(what)), { what: `"${what}"` });
  return { clock, said, events, counts, connection, until };
}

/** Runs with a fake server and a connection that is logged in, and ends both. */
export async function withConnection(
  run: (ground: ReturnType<typeof makeConnection> & { ami: FakeAmi }) => Promise<void>,
): Promise<void> {
  const ami = new FakeAmi();
  await ami.start();
  const made = makeConnection(ami.port);
  try {
    made.connection.open();
    await made.until("logged in");
    await run({ ...made, ami });
  } finally {
    await made.connection.close();
    await ami.stop();
  }
}

/** What the sink was told, in order. */
export type Told =
  | { what: "event"; pbx: string; packet: AmiPacket; at: number }
  | { what: "synced"; pbx: string; snapshot: AmiSnapshot }
  | { what: "down"; pbx: string; at: number };

/** Links to servers, not started, with what they told. */
export function makeLinks(servers: AmiServer[], options: { sink?: AmiSink; maxBuffered?: number } = {}) {
  const clock = fakeClock();
  const feed = new FakeFeed();
  const links = new Links({ clock, feed: feed.asFeed });
  const told: Told[] = [];
  const logged: Record<string, unknown>[] = [];
  const log = (fields: Record<string, unknown>) => void logged.push(fields);
  const counts = { dropped: 0 };
  const ami = new AmiLinks({
    servers,
    clock,
    links,
    sink: options.sink ?? {
      event: (pbx, packet, at) => void told.push({ what: "event", pbx, packet, at }),
      synced: (pbx, snapshot) => void told.push({ what: "synced", pbx, snapshot }),
      down: (pbx, at) => void told.push({ what: "down", pbx, at }),
    },
    // deno-lint-ignore no-explicit-any -- of pino's many forms one is used
    log: { info: log, warn: log, error: log } as any,
    random: () => 0,
    onDropped: () => void counts.dropped++,
    ...(options.maxBuffered === undefined ? {} : { maxBuffered: options.maxBuffered }),
  });
  const phase = (wanted: string, id = "asterisk") =>
    waitFor(() => links.get(id)?.phase === wanted, { what: `${id} ${wanted}` });
  return { clock, feed, links, told, logged, counts, ami, phase };
}

/** Runs with one fake server and a link to it, started, and ends both. */
export async function withLink(
  run: (ground: ReturnType<typeof makeLinks> & { fake: FakeAmi }) => Promise<void>,
  options: {
    sink?: AmiSink;
    maxBuffered?: number;
    before?: (fake: FakeAmi) => void;
    server?: Partial<AmiServer>;
  } = {},
): Promise<void> {
  const fake = new FakeAmi();
  await fake.start();
  options.before?.(fake);
  const made = makeLinks([serverAt(fake.port, options.server)], options);
  try {
    made.ami.start();
    await run({ ...made, fake });
  } finally {
    await made.ami.stop();
    made.links.stop();
    await fake.stop();
  }
}

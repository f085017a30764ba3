/**
 * @module
 * Endpoints put together over fakes: a clock that is moved by hand, a feed and a writer that keep what they are given,
 * and an Asterisk that lists what a test gives it, in the packets of 16.28 and 22.10.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type AmiPacket, AmiRefused } from "../../actors/ami/packet.ts";
import type { AmiSnapshot } from "../../actors/ami/sync.ts";
import { Endpoints } from "../../actors/endpoints.ts";
import type { Logger } from "../../actors/logger.ts";
import type { StoredAlert, StoredEndpoint, StoredGap } from "../../db/endpoints.ts";
import type { EndpointChangeRow, EndpointRow, WriteUnit } from "../../db/rows.ts";
import { JUDGED } from "../machines/endpoint_phone.ts";
import { packetsOf } from "./ami/trace_files.ts";
import { FakeBook } from "./call_house.ts";
import { type FakeClock, fakeClock, FakeFeed, FakeWriter } from "./fakes.ts";

/** The PBX that there is unless told otherwise. */
export const PBX = "main";
const { alertAfterMs } = JUDGED;

interface FakeContact {
  uri: string;
  status: "Reachable" | "Unreachable" | "NonQualified";
  /** It stands in the configuration, and is in no list of contacts. */
  fixed?: boolean;
}

interface FakeAor {
  qualify: boolean;
  contacts: FakeContact[];
}

/** An Asterisk as far as it lists endpoints. Phones that are added are there and asked. */
export class FakePjsip {
  readonly endpoints = new Map<string, { aors: string[]; device: string }>();
  readonly aors = new Map<string, FakeAor>();
  /** What it was asked, `PJSIPShowEndpoint 777-ep`. */
  readonly asked: string[] = [];
  /** What every question is answered with, if that is nothing else. */
  failure: Error | null = null;
  #hold: Promise<void> | null = null;

  /** Adds an endpoint with an AOR of its own. */
  phone(
    name: string,
    options: Partial<FakeContact> & { qualify?: boolean; device?: string; contacts?: FakeContact[] } = {},
  ): this {
    const aor = name.replace(/-ep$/, "");
    const { uri = uriOf(aor), status = "Reachable", fixed = false, qualify = true } = options;
    const contacts = options.contacts ?? [{ uri, status, fixed }];
    const device = options.device ??
      (contacts.some(({ status }) => status === "Reachable") ? "Not in use" : "Unavailable");
    this.endpoints.set(name, { aors: [aor], device });
    this.aors.set(aor, { qualify, contacts });
    return this;
  }

  /** Phones `100-ep`, `101-ep`, …; `host` says where each is. */
  phones(count: number, host: (index: number) => string = () => "192.0.2.1"): this {
    for (let i = 0; i < count; i++) {
      const aor = `${100 + i}`;
      this.phone(`${aor}-ep`, { uri: `sip:${aor}@${host(i)}:5060` });
    }
    return this;
  }

  /** Keeps questions waiting until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#hold = promise;
    return () => {
      this.#hold = null;
      resolve();
    };
  }

  /** Answers a question as the link to an Asterisk does. */
  async ask(action: string, fields: Record<string, string> = {}): Promise<AmiPacket[]> {
    this.asked.push([action, ...Object.values(fields)].join(" "));
    await this.#hold;
    if (this.failure !== null) throw this.failure;
    const items = action === "PJSIPShowEndpoints"
      ? this.lists().endpoints
      : action === "PJSIPShowAors"
      ? this.lists().aors
      : action === "PJSIPShowContacts"
      ? this.lists().contacts
      : this.detail(fields.Endpoint!);
    if (items.length > 0) return items;
    const [, what] = /^PJSIPShow(Endpoints|Aors|Contacts)$/.exec(action) ?? [];
    throw new AmiRefused(
      action,
      what === undefined ? `Unable to retrieve endpoint ${fields.Endpoint}` : `No ${what} found`,
    );
  }

  /** What a sync gets. */
  lists(): { endpoints: AmiPacket[]; aors: AmiPacket[]; contacts: AmiPacket[] } {
    const owners = new Map(
      [...this.endpoints].toReversed().flatMap(([name, { aors }]) => aors.map((aor) => [aor, name])),
    );
    const named = (aor: string) => this.aors.get(aor)!.contacts.map(({ uri }) => `${aor}/${uri}`).join(",");
    return {
      endpoints: Array.from(this.endpoints, ([objectname, { aors, device }]) => ({
        event: "EndpointList",
        objecttype: "endpoint",
        objectname,
        transport: "",
        aor: aors.join(","),
        auths: "",
        outboundauths: "",
        ...(aors.length === 0 ? {} : { contacts: named(aors[0]!) + (named(aors[0]!) === "" ? "" : ",") }),
        devicestate: device,
        activechannels: "",
      })),
      aors: Array.from(this.aors, ([objectname, { qualify }]) => ({
        event: "AorList",
        objecttype: "aor",
        objectname,
        contacts: named(objectname),
        qualifyfrequency: qualify ? "60" : "0",
      })),
      contacts: [...this.aors].flatMap(([aor, { qualify, contacts }]) =>
        contacts.filter(({ fixed }) => !fixed).map(({ uri, status }) => ({
          event: "ContactList",
          objecttype: "contact",
          objectname: `${aor};@0123456789abcdef0123456789abcdef`,
          viaaddr: hostOf(uri),
          viaport: "5060",
          // Of several that share an AOR it names one.
          endpoint: owners.get(aor) ?? "",
          uri,
          qualifyfrequency: qualify ? "60" : "0",
          useragent: "Phone/1.0",
          expirationtime: "1003600",
          status,
          roundtripusec: status === "Reachable" ? "1500" : "N/A",
        }))
      ),
    };
  }

  /** What is said of one endpoint; nothing when there is none. */
  detail(name: string): AmiPacket[] {
    const endpoint = this.endpoints.get(name);
    if (endpoint === undefined) return [];
    return [
      {
        event: "EndpointDetail",
        objecttype: "endpoint",
        objectname: name,
        aors: endpoint.aors.join(","),
        auth: "",
        transport: "",
        devicestate: endpoint.device,
      },
      ...endpoint.aors.flatMap((aor) => {
        const { qualify, contacts } = this.aors.get(aor)!;
        return [
          {
            event: "AorDetail",
            objecttype: "aor",
            objectname: aor,
            qualifyfrequency: qualify ? "60" : "0",
            endpointname: name,
          },
          ...contacts.map(({ uri, status, fixed }) => ({
            event: "ContactStatusDetail",
            aor,
            uri,
            useragent: fixed ? "" : "Phone/1.0",
            regexpire: fixed ? "0" : "1003600",
            ...(fixed ? {} : { viaaddress: `${hostOf(uri)}:5060` }),
            status,
            roundtripusec: status === "Reachable" ? "1500" : "N/A",
            endpointname: name,
            id: `${aor}${fixed ? "@@" : ";@"}0123456789abcdef0123456789abcdef`,
          })),
        ];
      }),
    ];
  }
}

/** Where the only phone of an AOR is. */
export function uriOf(aor: string, host = "192.0.2.1"): string {
  return `sip:${aor}@${host}:5060`;
}

function hostOf(uri: string): string {
  return /@(\[[^\]]*\]|[^:;]*)/.exec(uri)?.[1] ?? "";
}

/** What an Asterisk says of endpoints by itself. */
export const TELLS = {
  contact: (name: string, status: string, options: { uri?: string; aor?: string } = {}): AmiPacket => {
    const aor = options.aor ?? name.replace(/-ep$/, "");
    return {
      event: "ContactStatus",
      uri: options.uri ?? uriOf(aor),
      contactstatus: status,
      aor,
      endpointname: name,
      roundtripusec: status === "Reachable" ? "1500" : "0",
    };
  },
  peer: (name: string, peerstatus: string): AmiPacket => ({
    event: "PeerStatus",
    channeltype: "PJSIP",
    peer: `PJSIP/${name}`,
    peerstatus,
  }),
  device: (name: string, state: string): AmiPacket => ({
    event: "DeviceStateChange",
    device: `PJSIP/${name}`,
    state,
  }),
  reload: { event: "Reload", module: "res_pjsip.so", status: "0" } as AmiPacket,
};

/** What a real Asterisk of a release listed; details by the endpoint's name. */
export function realLists(release: string) {
  const text = readFileSync(new URL(`endpoint_lists/${release}.ami`, import.meta.url), "utf8");
  const packets = packetsOf(text);
  const of = (event: string) => packets.filter((packet) => packet.event === event);
  const details = new Map<string, AmiPacket[]>();
  let name = "";
  for (const packet of packets) {
    if (packet.event === "EndpointDetail") name = packet.objectname!;
    if (/Detail$/.test(packet.event!)) details.set(name, [...details.get(name) ?? [], packet]);
  }
  return {
    endpoints: of("EndpointList"),
    aors: of("AorList"),
    contacts: of("ContactList"),
    details,
  };
}

/** What was stored in a former run. */
export interface Stored {
  endpoints: StoredEndpoint[];
  alerts: StoredAlert[];
  gaps: StoredGap[];
}

interface HouseOptions {
  clock?: FakeClock;
  asterisks?: Record<string, FakePjsip>;
  stored?: Stored;
  heardUntil?: number | null;
}

/** Endpoints of PBXs whose links are down. */
export function startEndpoints(options: HouseOptions = {}) {
  const clock = options.clock ?? fakeClock();
  const asterisks = options.asterisks ?? { [PBX]: new FakePjsip() };
  const writer = new FakeWriter();
  const feed = new FakeFeed();
  const book = new FakeBook();
  const state = { behind: false, named: 0 };
  const logged: { level: string; message: string; detail: Record<string, unknown> }[] = [];
  const log = (level: string) => (detail: Record<string, unknown>, message: string) =>
    void logged.push({ level, message, detail });
  const endpoints = new Endpoints({
    clock,
    settings: JUDGED,
    book,
    feed: feed.asFeed,
    record: async (unit: WriteUnit) => void await writer.commit(unit),
    isBehind: () => state.behind,
    ask: (pbx, action, fields) => asterisks[pbx]!.ask(action, fields),
    log: { info: log("info"), warn: log("warn"), error: log("error") } as unknown as Logger,
    onNames: () => void state.named++,
  });
  for (const name of Object.keys(asterisks)) endpoints.addPbx(name);
  if (options.stored !== undefined) {
    endpoints.restore(options.stored, () => options.heardUntil === undefined ? null : options.heardUntil);
  }
  const settle = async () => {
    for (let i = 0; i < 60; i++) await Promise.resolve();
  };
  return {
    clock,
    writer,
    feed,
    book,
    state,
    logged,
    endpoints,
    asterisk: asterisks[PBX]!,
    settle,
    /** The link of a PBX comes up, and it lists what it has. */
    up: (pbx = PBX, more: Partial<AmiSnapshot> = {}) =>
      endpoints.synced(pbx, {
        at: clock.now(),
        bootedAt: 0,
        epoch: "first",
        channels: [],
        ...asterisks[pbx]!.lists(),
        buffered: [],
        ...more,
      }),
    down: (pbx = PBX) => endpoints.down(pbx, clock.now()),
    /** Has a PBX say something now. */
    say: (...packets: AmiPacket[]) => packets.forEach((packet) => endpoints.event(PBX, packet, clock.now())),
    /** Lets time pass in steps, so that what waits for an answer has it. */
    pass: async (ms: number) => {
      const stepMs = Math.max(100, Math.ceil(ms / 100));
      for (const end = clock.now() + ms; clock.now() < end;) {
        clock.pass(Math.min(stepMs, end - clock.now()));
        await settle();
      }
    },
    view: (name: string, pbx = PBX) => endpoints.find(name, pbx)!,
    /** Statuses of an endpoint's changes, in order. */
    changes: (name: string) =>
      changesIn(writer).filter((row) => row.name === name).map(({ status }) => status),
    stored: (): Stored => storedIn(writer),
    /** What readers were told since this was last asked. */
    told: (event: string) => feed.published.filter((one) => one.event === event).map(({ data }) => data),
    /** Has the writer and the feed begin with nothing. */
    forget: () => {
      writer.units.length = 0;
      feed.published.length = 0;
      feed.resyncs = 0;
    },
    iso: (at = clock.now()) => new Date(clock.toWall(at)).toISOString(),
  };
}

/** A house as `startEndpoints` makes it. */
export type EndpointHouse = ReturnType<typeof startEndpoints>;

/** Runs with a house and ends it. */
export async function withEndpoints(
  run: (house: EndpointHouse) => Promise<void> | void,
  options: HouseOptions = {},
): Promise<void> {
  const house = startEndpoints(options);
  try {
    await run(house);
    await house.settle();
    assertNoErrors(house);
  } finally {
    house.endpoints.stop();
    assert.equal(house.clock.sim.live, 0, "timers after the stop");
  }
}

function assertNoErrors({ logged, endpoints }: EndpointHouse): void {
  assert.deepEqual(logged.filter(({ level }) => level === "error"), []);
  assert.deepEqual(endpoints.quarantined, []);
}

/** Has phones vanish one after another, and waits until that is an alert. */
export async function vanish(house: EndpointHouse, names: readonly string[], everyMs = 0): Promise<void> {
  for (const name of names) {
    const { uri } = house.view(name).contacts[0]!;
    house.asterisk.phone(name, { contacts: [{ uri, status: "Unreachable" }] });
    house.say(TELLS.contact(name, "Unreachable", { uri }), TELLS.device(name, "UNAVAILABLE"));
    house.clock.pass(everyMs);
  }
  house.clock.pass(alertAfterMs);
  await house.pass(200);
}

function changesIn(writer: FakeWriter): EndpointChangeRow[] {
  return writer.units.flatMap(({ endpointChanges }) => endpointChanges ?? []);
}

/** The rows as they are read when the service starts again. */
function storedIn(writer: FakeWriter): Stored {
  const endpoints = new Map<string, EndpointRow>();
  const gaps = new Map<string, StoredGap>();
  const alerts = new Map<string, StoredAlert>();
  const date = (iso: string | null) => iso === null ? null : new Date(iso);
  for (const unit of writer.units) {
    const { endpoint, removeEndpoint, pbxGap, endpointAlerts } = unit;
    if (removeEndpoint !== undefined) endpoints.delete(`${removeEndpoint.pbx}/${removeEndpoint.name}`);
    if (endpoint !== undefined) endpoints.set(`${endpoint.pbx}/${endpoint.name}`, endpoint);
    if (pbxGap !== undefined) {
      gaps.set(pbxGap.id, {
        ...pbxGap,
        began_at: date(pbxGap.began_at)!,
        ended_at: date(pbxGap.ended_at),
      });
    }
    for (const alert of endpointAlerts ?? []) {
      alerts.set(alert.id, {
        ...alert,
        since: date(alert.since)!,
        raised_at: date(alert.raised_at)!,
        ended_at: date(alert.ended_at),
      });
    }
  }
  return {
    endpoints: [...endpoints.values()].map((row) => ({
      ...row,
      state: JSON.parse(JSON.stringify(row.state)),
      status_since: date(row.status_since)!,
      last_online_at: date(row.last_online_at),
      updated_at: date(row.updated_at)!,
    })),
    gaps: [...gaps.values()].filter(({ ended_at }) => ended_at === null),
    alerts: [...alerts.values()].filter(({ ended_at }) => ended_at === null),
  };
}

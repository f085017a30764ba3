/**
 * @module
 * A running service that follows a real Asterisk, with the AMI account of docs/OPERATIONS.md: phones and callers are
 * SIPp, people have numbers, and what became of a call is what the API says of it.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { CallDetailView, CallView, LinkView } from "../../machines/views.ts";
import type { ExpectedCall, ExpectedCourse } from "../actors/ami/trace_files.ts";
import { type Asterisk, startAsterisk } from "./asterisk.ts";
import { type AsteriskVersion, whyNoAsterisk } from "./asterisk_chroot.ts";
import { AMI_USERS } from "./asterisk_config.ts";
import type { Person } from "./call_world.ts";
import { freePort } from "./free_port.ts";
import type { Session } from "./service.ts";
import {
  type CallOptions,
  type Phone,
  type PhoneConduct,
  placeCall,
  type PlacedCall,
  startPhone,
} from "./sipp.ts";
import { waitFor } from "./wait.ts";
import { inWorld, type World } from "./world.ts";

/** A world whose calls are real. */
export interface CallGround extends World {
  asterisk: Asterisk;
  /** Owns 777. */
  ivan: Person;
  /** Owns 888. */
  petr: Person;
  /** Starts the phone of a number, in the place of the one that it had. */
  phone(number: string, conduct: PhoneConduct): Promise<Phone>;
  call(options: CallOptions): Promise<PlacedCall>;
  /** A call from outside, from a number that nobody else calls from. */
  outside(to: string, options?: Partial<CallOptions>): Promise<OutsideCall>;
  /** All calls that the API lists, in the order in which they began. */
  calls(query?: string): Promise<CallView[]>;
  /** The one call of somebody who called, as soon as `ready` likes it. */
  seen(
    caller: string,
    what: string,
    ready?: (call: CallDetailView) => boolean,
    options?: { timeoutMs?: number },
  ): Promise<CallDetailView>;
  link(id?: string): Promise<LinkView>;
  linkUp(id?: string): Promise<void>;
}

/** Somebody outside who calls. */
export interface OutsideCall extends PlacedCall {
  number: string;
}

/** How to set it up. */
export interface CallGroundOptions {
  /** `DOORLINE_AMI_URL`, where that is not straight to Asterisk as `main`. */
  amiUrl?: (asterisk: Asterisk) => string | Promise<string>;
  env?: Record<string, string>;
  /** More lines for files of Asterisk, by name. */
  extra?: Record<string, string>;
  /** What the test is about. Default: `calls`. */
  subject?: string;
}

const OPERATIONS = fileURLToPath(new URL("../../docs/OPERATIONS.md", import.meta.url));

/** Declares a test for a version of Asterisk; it is skipped, with the reason, where that is not installed. */
export function asteriskTest(
  version: AsteriskVersion,
  rule: string,
  options: CallGroundOptions,
  play: (ground: CallGround) => Promise<void>,
): void {
  const why = whyNoAsterisk(version);
  Deno.test({
    name: `${options.subject ?? "calls"}: Asterisk ${version}: ${rule}${why === null ? "" : ` (${why})`}`,
    ignore: why !== null,
    fn: () => onGround(version, options, play),
  });
}

/**
 * Plays stories at the same time, and waits for all of them.
 * @throws when any failed, with the names of those that did
 */
export async function sideBySide(stories: Record<string, () => Promise<void>>): Promise<void> {
  const names = Object.keys(stories);
  const ends = await Promise.allSettled(names.map((name) => stories[name]!()));
  const failed = ends.flatMap((end, index) => end.status === "rejected" ? [{ name: names[index], end }] : []);
  if (failed.length === 0) return;
  const told = failed.map(({ name, end }) => `${name}: ${end.reason?.stack ?? end.reason}`).join("\n");
  throw new Error(`${failed.length} of ${names.length} stories failed\n${told}`);
}

async function onGround(
  version: AsteriskVersion,
  options: CallGroundOptions,
  play: (ground: CallGround) => Promise<void>,
): Promise<void> {
  const amiPort = await freePort();
  const manager = documentedManager(await Deno.readTextFile(OPERATIONS), { version, amiPort });
  const asterisk = await startAsterisk({
    version,
    amiPort,
    instead: { "manager.conf": manager },
    extra: options.extra ?? {},
  });
  try {
    const url = await options.amiUrl?.(asterisk) ?? amiUrlOf(asterisk);
    await inWorld("embedded", { env: { DOORLINE_AMI_URL: url, ...options.env } }, async (world) => {
      const ground = await build(world, asterisk);
      await play(ground);
    });
  } finally {
    await asterisk.stop();
  }
}

/** Where Asterisk is, as `DOORLINE_AMI_URL` has it. */
export function amiUrlOf(
  asterisk: Asterisk,
  { name = "main", port = asterisk.ami.port, user = asterisk.ami.user, secret = asterisk.ami.secret } = {},
): string {
  return `ami://${user}:${secret}@127.0.0.1:${port}/${name}`;
}

/**
 * manager.conf as the documentation has it for a version, and an account that may do everything.
 * @throws when it is not there
 */
function documentedManager(
  operations: string,
  { version, amiPort }: { version: AsteriskVersion; amiPort: number },
): string {
  const section = operations.slice(operations.indexOf("\n## Asterisk\n"));
  const [conf, named] = [...section.matchAll(/```conf\n([\s\S]*?)```/g)].map((match) => match[1]!);
  assert.ok(conf !== undefined && conf.includes("[doorline]"), "docs/OPERATIONS.md has no manager.conf");
  assert.ok(
    named !== undefined && named.includes("name(Hangup)"),
    "docs/OPERATIONS.md has no filter by names",
  );
  const filtered = version === 16 ? conf : conf.replace(/^eventfilter = \^Event: .*$/m, () => named.trim());
  const placed = filtered.replace("port = 5038", `port = ${amiPort}`)
    .replace("CHANGE-ME", AMI_USERS.least.secret);
  const { user, secret } = AMI_USERS.all;
  return `${placed}\n[${user}]\nsecret = ${secret}\nread = all\nwrite = all\n`;
}

async function build(world: World, asterisk: Asterisk): Promise<CallGround> {
  const phones = new Map<string, Phone>();
  let callers = 0;
  const link = async (id = "asterisk") => {
    const { body } = await world.admin.api("GET", "/api/links");
    return body.items.find((item: LinkView) => item.id === id) as LinkView;
  };
  const call = async (options: CallOptions) => {
    const placed = await placeCall(asterisk, options);
    world.defer(() => placed.stop());
    return placed;
  };
  const ground: CallGround = {
    ...world,
    asterisk,
    ivan: await employee(world, "ivan", ["777"]),
    petr: await employee(world, "petr", ["888"]),
    phone: async (number, conduct) => {
      await phones.get(number)?.stop();
      const phone = await startPhone(asterisk, number, conduct);
      phones.set(number, phone);
      world.defer(() => phone.stop());
      return phone;
    },
    call,
    outside: async (to, options = {}) => {
      const number = `749512345${String(++callers).padStart(2, "0")}`;
      return { ...await call({ from: "trunk", to, number, ...options }), number: options.number ?? number };
    },
    calls: async (query = "") => {
      const { status, body } = await world.admin.api("GET", `/api/calls?limit=200${query}`);
      assert.equal(status, 200, JSON.stringify(body));
      return body.items.reverse();
    },
    seen: (caller, what, ready = () => true, options = {}) => {
      let last: unknown = "no call";
      return waitFor(async () => {
        const [mine, ...more] = (await ground.calls()).filter((one) => one.caller.number === caller);
        if (mine === undefined || more.length > 0) {
          last = `${more.length > 0 ? "more calls than one" : "no call"} of ${caller}`;
          throw new Error(String(last));
        }
        const { body } = await world.admin.api("GET", `/api/calls/${mine.id}`);
        last = `${body.status} ${body.end_reason}`;
        if (!ready(body)) throw new Error(`it is ${last}`);
        // The one is told from memory, the other from the table.
        if (mine.status !== body.status) throw new Error(`it is ${last}, and its row ${mine.status}`);
        return body as CallDetailView;
      }, { what: `${what} of ${caller}`, ...options });
    },
    link,
    linkUp: async (id) => {
      await waitFor(async () => (await link(id)).state === "up", { what: `the link ${id ?? "to Asterisk"}` });
    },
  };
  return ground;
}

/** Makes a person who has such numbers and has logged in. */
export async function employee(world: World, login: string, phones: string[]): Promise<Person> {
  const made = await personOf(world, { login, role: "employee" });
  const put = await world.admin.api("PUT", `/api/users/${made.userId}/phones`, { body: { phones } });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  return made;
}

/** Makes somebody without a number who has logged in. */
export async function personOf(
  { admin, service }: Pick<World, "admin" | "service">,
  { login, role }: { login: string; role: "operator" | "employee" },
): Promise<Person> {
  const password = `the password of ${login}`;
  const { status, body } = await admin.api("POST", "/api/users", {
    body: { login, first_name: login, last_name: "Tester", role, password },
  });
  assert.equal(status, 201, JSON.stringify(body));
  const session: Session = await service.login(login, password);
  return { ...session, userId: body.id, login };
}

/** Whether a call is over. */
export function isOver(call: CallView): boolean {
  return call.ended_at !== null;
}

/**
 * Checks what a call came to against an expectation of a trace.
 * @throws AssertionError that names what differs
 */
export function checkCourse(
  call: CallDetailView,
  expected: ExpectedCall | ExpectedCourse,
  name: string,
): void {
  const what = `of ${name}: ${JSON.stringify(call.timeline)}`;
  assert.deepEqual({
    caller: call.caller.number,
    receiver: call.receiver.number,
    direction: call.direction,
    status: call.status,
    end_reason: call.end_reason,
    answered_by: call.answered_by?.number ?? null,
  }, {
    caller: expected.caller,
    receiver: expected.receiver,
    direction: expected.direction,
    status: expected.status,
    end_reason: expected.end_reason,
    answered_by: expected.answered_by,
  }, `course ${what}`);
  near(call.duration, expected.talk_s, `duration ${what}`);
  if (expected.caller_name !== undefined) assert.equal(call.caller.name, expected.caller_name, what);
  if (expected.rang !== undefined) {
    const rang = call.legs.filter(({ role }) => role === "dialled").map(({ number }) => number);
    assert.deepEqual(rang.sort(), [...expected.rang].sort(), `who rang ${what}`);
  }
  assert.deepEqual([call.rings, call.talking, call.uncertain], [[], [], false], `what is left ${what}`);
  if (!("legs" in expected)) return;
  const legs = call.legs.map(({ number, role, outcome }) =>
    [number, role, ...outcome === null ? [] : [outcome]].join(" ")
  );
  assert.deepEqual(legs.sort(), [...expected.legs].sort(), `legs ${what}`);
  const who = call.segments.map(({ parties }) => parties.map(({ number }) => number).sort());
  assert.deepEqual(who, expected.segments.map((segment) => [...segment.who].sort()), `who talked ${what}`);
  for (const [at, { s }] of expected.segments.entries()) {
    const { started_at, ended_at } = call.segments[at]!;
    near((Date.parse(ended_at!) - Date.parse(started_at)) / 1000, s, `segment ${at} ${what}`);
  }
}

function near(got: number, wanted: number, what: string): void {
  assert.ok(Math.abs(got - wanted) <= 1, `${what}: ${got} s, not ${wanted}`);
}

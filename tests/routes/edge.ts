/**
 * @module
 * The whole HTTP edge over real actors and a real embedded database, with a clock and a way to the panels that tests
 * hold. Every answer is held against the OpenAPI document. One database serves a file; each test has empty tables.
 */
import assert from "node:assert/strict";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { SimulatedClock } from "xstate";
import type { Clock } from "../../actors/clock.ts";
import { viewOfRow } from "../../actors/command_rows.ts";
import { DeadLetters } from "../../actors/dead_letters.ts";
import { Directory } from "../../actors/directory.ts";
import { DoorCommands } from "../../actors/door_commands.ts";
import { Feed, type Topic } from "../../actors/feed.ts";
import { Intercoms } from "../../actors/intercoms.ts";
import { Links } from "../../actors/links.ts";
import { Metrics } from "../../actors/metrics.ts";
import { PanelCredentials } from "../../actors/mqtt/credentials.ts";
import type { Hasher } from "../../actors/people/passwords.ts";
import { People } from "../../actors/people/people.ts";
import { Recorder } from "../../actors/recorder.ts";
import { createIntake } from "../../actors/routing.ts";
import type { DatabaseAddress } from "../../db/client.ts";
import { Writer } from "../../db/writer.ts";
import { createApp } from "../../routes/app.ts";
import type { AppEnv } from "../../routes/guard.ts";
import type { PageFile } from "../../routes/pages.ts";
import { isAbout } from "../../routes/log_topics.ts";
import { endStreams } from "../../routes/stream.ts";
import { readinessOf } from "../../routes/system.ts";
import { type Ground, NOON, TrickyDatabase } from "../db/ground.ts";
import { FakeCalls } from "./fake_calls.ts";
import { FakeConfig, FakeEndpoints, FakeLogs } from "./fake_endpoints.ts";
import { type Document, readDocument } from "./openapi.ts";

/** Who can ask. */
export const ASKERS = ["nobody", "employee", "operator", "admin", "token of operator"] as const;
/** Somebody who asks, or nobody. */
export type Asker = typeof ASKERS[number];

/** A password of admin that must turn up nowhere. */
export const SECRET = "canary-4c1f-password";

/** How to ask. Without `as`, the operator does. */
export interface Asked {
  as?: Asker;
  cookie?: string;
  /** A string goes as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** What came back. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Parsed from JSON; null when it is none. */
  // deno-lint-ignore no-explicit-any -- a test looks into it and fails when it is something else
  json: any;
}

/** The edge under test. */
export interface Edge {
  app: OpenAPIHono<AppEnv>;
  document: Document;
  people: People;
  directory: Directory;
  /** Calls that run; those that are stored are in the table. */
  calls: FakeCalls;
  endpoints: FakeEndpoints;
  logs: FakeLogs;
  config: FakeConfig;
  database: TrickyDatabase;
  feed: Feed;
  intercoms: Intercoms;
  commands: DoorCommands;
  links: Links;
  recorder: Recorder;
  writer: Writer;
  clock: { now(): number; pass(ms: number): void };
  /** Commands that were handed to the broker. */
  sent: { topicMac: string; payload: Record<string, unknown> }[];
  /** What handing over a command comes to; throws to fail. */
  sending: { act: () => Promise<void> };
  /** What was logged as unexpected. */
  errors: unknown[];
  cookies: Record<Exclude<Asker, "nobody" | "token of operator">, string>;
  token: string;
  /** Whether the service is ending. */
  stopping: boolean;
  /** Has a panel say something and waits until it is committed. */
  say(mac: string, what: string, payload?: Record<string, unknown>): Promise<void>;
  /** Makes a panel known and heard. */
  panel(mac: string): Promise<void>;
  headersOf(asked: Asked): Headers;
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  /** The same without a look at the document, and without reading the body. */
  raw(method: string, path: string, asked?: Asked): Promise<Response>;
}

interface EdgeOptions {
  adopt?: "auto" | "approve";
  streamsPerUser?: number;
  publicOrigins?: string[];
  pages?: Map<string, PageFile>;
  /** Null for a broker that is not the embedded one. */
  credentials?: null;
  database?: DatabaseAddress;
  /** Null where no log of Asterisk is configured. */
  logs?: null;
  /** Names of the PBXs; `main` unless told. */
  pbxs?: string[];
}

const ORIGIN = "http://doors.test";

const PAGE: PageFile = {
  bytes: new TextEncoder().encode("<!doctype html><title>pages</title>"),
  type: "text/html; charset=utf-8",
  etag: '"page"',
};

/** Runs a test on empty tables; nothing unexpected may have been logged at its end. */
export async function onEdge(
  ground: Ground,
  run: (edge: Edge) => Promise<void>,
  options: EdgeOptions = {},
): Promise<void> {
  const database = new TrickyDatabase({ address: ground.address() });
  await database.query((sql) =>
    sql`truncate users, sessions, api_tokens, audit_log, intercoms, panel_credentials, intercom_events,
      intercom_event_keys, door_commands, dead_letters, outbox, companies, calls, endpoint_alerts restart identity cascade`
  );
  const simulated = new SimulatedClock();
  simulated.set(NOON);
  const clock: Clock = {
    now: () => simulated.now(),
    toWall: (at) => at,
    fromWall: (wall) => wall,
    setTimeout: (act, ms) => simulated.setTimeout(act, ms),
    clearTimeout: (id) => simulated.clearTimeout(id as number),
  };
  const errors: unknown[] = [];
  const log = {
    warn: () => {},
    error: (detail: Record<string, unknown>) => void errors.push(detail.err ?? detail),
  };
  const people = new People({ database, log, adminPassword: SECRET, hasher: cheapHasher() });
  const directory = new Directory({
    database,
    people,
    log,
    internalNumbers: /^\d{2,4}$/,
    phoneRegion: "RU",
    retryMs: 1,
  });
  const calls = new FakeCalls(database);
  const endpoints = new FakeEndpoints();
  const logs = new FakeLogs();
  const config = new FakeConfig();
  const metrics = new Metrics();
  const feed: Feed = new Feed({
    gatherMs: 0,
    snapshot: (topics) => snapshot(topics),
    lastLines: (topic) => logs.lines.filter((line) => isAbout(topic, line)).slice(-500),
  });
  const links = new Links({ clock, feed });
  const writer = new Writer({ database, windowMs: 0, retryMs: 5 });
  const recorder = new Recorder({ writer, feed });
  const deadLetters = new DeadLetters({ writer, clock, onCount: metrics.refused });
  const sent: Edge["sent"] = [];
  const sending = { act: () => Promise.resolve() };
  const commands: DoorCommands = new DoorCommands({
    clock,
    recorder,
    feed,
    transport: () => ({
      sendCommand: async (topicMac, payload) => {
        await sending.act();
        sent.push({ topicMac, payload });
      },
    }),
    onChanged: (mac) => intercoms.shownAgain(mac),
    onError: (_, error) => errors.push(error),
    onSettled: metrics.settled,
  });
  const intercoms: Intercoms = new Intercoms({
    clock,
    settings: { offlineAfterMs: 120_000, heartbeatEveryMs: 30_000, heldOpenAfterMs: 60_000 },
    adopt: options.adopt ?? "auto",
    recorder,
    feed,
    commands,
    isLinkUp: () => links.isUp("broker"),
    isDatabaseUp: () => database.up,
    onTrouble: (_mac, _what, error) => errors.push(error),
  });
  const intake = createIntake({ intercoms, deadLetters, onMessage: metrics.message });
  const credentials = options.credentials === null
    ? null
    : new PanelCredentials({ database, onChanged: () => {}, audit: () => {} });

  function snapshot(topics: readonly Topic[]) {
    return {
      at: new Date(NOON).toISOString(),
      ...(topics.includes("intercoms") ? { intercoms: intercoms.list() } : {}),
      ...(topics.includes("events") ? { events: recorder.recent(100) } : {}),
      ...(topics.includes("links") ? { links: links.list() } : {}),
      ...(topics.includes("endpoints")
        ? { endpoints: endpoints.list(), endpoint_alerts: endpoints.alerts() }
        : {}),
    };
  }

  people.onEnded((ended) => endStreams(feed, ended));
  links.add("broker", "embedded");
  links.add("database", "embedded");
  links.opened("broker");
  links.opened("database");
  links.onChange(({ id, state }) => id === "broker" && intercoms.linkChanged(state === "up"));
  metrics.start({
    intercoms,
    commands,
    calls: { counts: () => ({ incoming: 0, answered: 0 }), taken: 0, ignored: 0, quarantined: [] },
    endpoints: { counts: () => ({ online: 0, offline: 0, unknown: 0 }), taken: 0, quarantined: [] },
    feed,
    links,
    writer,
  });
  try {
    await people.start();
    await directory.start();
    const app = createApp({
      people,
      directory,
      calls,
      endpoints,
      logs: options.logs === null ? null : logs,
      config,
      pbxs: options.pbxs ?? ["main"],
      testCall: null,
      intercoms,
      commands,
      credentials,
      recorder,
      feed,
      links,
      deadLetters,
      database,
      viewOfRow,
      pages: options.pages ?? new Map([["index.html", PAGE]]),
      settings: {
        version: "0.0.0",
        offline_after: 120,
        heartbeat_every: 30,
        held_open_after: 60,
        adopt: "auto",
        broker: "embedded",
      },
      trustProxy: [],
      publicOrigins: options.publicOrigins ?? [],
      streamsPerUser: options.streamsPerUser ?? 50,
      isStopping: () => edge.stopping,
      readiness: () =>
        readinessOf({ stopping: edge.stopping, links, database, quarantined: intercoms.quarantined.length }),
      metrics: () => metrics.text(),
      log,
    });
    const raw: Edge["raw"] = async (method, path, asked = {}) => {
      const { body } = asked;
      const headers = edge.headersOf(asked);
      if (body !== undefined && !headers.has("content-type")) headers.set("Content-Type", "application/json");
      const init = {
        method,
        headers,
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      };
      return await app.request(`${ORIGIN}${path}`, init, { remoteAddr: { hostname: "192.0.2.10" } });
    };
    const edge: Edge = {
      app,
      document: await readDocument(app),
      people,
      directory,
      calls,
      endpoints,
      logs,
      config,
      database,
      feed,
      intercoms,
      commands,
      links,
      recorder,
      writer,
      clock: { now: () => simulated.now(), pass: (ms) => simulated.increment(ms) },
      sent,
      sending,
      errors,
      cookies: { admin: "", operator: "", employee: "" },
      token: "",
      stopping: false,
      say: (mac, what, payload = {}) => {
        const bytes = new TextEncoder().encode(JSON.stringify(payload));
        return intake({
          topic: `intercom/${mac}/${what}`,
          payload: bytes,
          retained: false,
          redelivered: false,
        });
      },
      panel: (mac) => edge.say(mac, "heartbeat", { door_status: "closed" }),
      headersOf: ({ as = "operator", cookie, headers = {} }) => {
        const given = new Headers({ Host: "doors.test", ...headers });
        if (cookie !== undefined) given.set("Cookie", cookie);
        else if (as === "token of operator") given.set("Authorization", `Bearer ${edge.token}`);
        else if (as !== "nobody") given.set("Cookie", edge.cookies[as]);
        return given;
      },
      raw,
      ask: async (method, path, asked) => {
        const answer = await raw(method, path, asked);
        const text = await answer.text();
        checkProblem(answer, text, `${method} ${path}`);
        const operation = edge.document.find(method, path);
        if (operation !== undefined) edge.document.check(operation, answer, text);
        const isJson = /[/+]json\b/.test(answer.headers.get("content-type") ?? "");
        return {
          status: answer.status,
          headers: answer.headers,
          text,
          json: isJson ? JSON.parse(text) : null,
        };
      },
    };
    await enter(edge);
    await run(edge);
    assert.deepEqual(errors, [], "something unexpected was logged");
  } finally {
    database.before = () => {};
    database.after = () => {};
    database.away = false;
    feed.stop();
    intercoms.stop();
    commands.stop();
    await writer.stop();
    links.stop();
    metrics.stop();
    directory.stop();
    await people.stop();
    await database.stop();
  }
}

/** Every answer of the API from 400 on is a problem that says what it is. */
function checkProblem(answer: Response, text: string, what: string): void {
  if (answer.status < 400 || answer.headers.get("content-type")?.startsWith("text/html")) return;
  if (what.endsWith("/readyz")) return;
  assert.equal(answer.headers.get("content-type"), "application/problem+json", `${what}: ${text}`);
  const problem = JSON.parse(text);
  assert.equal(problem.status, answer.status, what);
  assert.match(problem.type, /^\/problems\/[a-z-]+$/, what);
  assert.ok(typeof problem.title === "string" && problem.title.length > 3, what);
}

/** Logs the admin in, and makes the others with their cookies and a token. */
async function enter(edge: Edge): Promise<void> {
  edge.cookies.admin = await loginAs(edge, "admin", SECRET);
  for (const role of ["operator", "employee"] as const) {
    const body = { login: role, role, password: `${SECRET} of ${role}` };
    assert.equal((await edge.ask("POST", "/api/users", { as: "admin", body })).status, 201);
    edge.cookies[role] = await loginAs(edge, role);
  }
  const made = await edge.ask("POST", "/api/tokens", { body: { name: "probe" } });
  assert.equal(made.status, 201);
  edge.token = made.json.token;
}

/** Logs somebody in and gives their cookie. */
export async function loginAs(
  edge: Edge,
  login: string,
  password = `${SECRET} of ${login}`,
): Promise<string> {
  const answer = await edge.ask("POST", "/api/login", { as: "nobody", body: { login, password } });
  assert.equal(answer.status, 200, answer.text);
  return answer.headers.get("set-cookie")!.split(";")[0]!;
}

function cheapHasher(): Hasher {
  return {
    hash: (password) => Promise.resolve(`plain:${password}`),
    verify: (password, encoded) => Promise.resolve(encoded === `plain:${password}`),
  };
}

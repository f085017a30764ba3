/**
 * @module
 * Every setting of the service in one schema, read from `DOORLINE_*` in the environment.
 * A secret may come as `NAME_FILE`. It reads files and the environment; it opens no socket.
 */
import { isIP } from "node:net";
import { resolve } from "node:path";
import { type CountryCode, isSupportedCountry } from "libphonenumber-js/min";
import { z } from "zod";

/** A setting that is unknown or bad. The message is one line that names it and what was expected. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const port = whole(0, 65535, "a port from 0 to 65535");

/** What may be emulated. */
export const EMULATIONS = ["intercoms", "asterisk", "webhooks"] as const;

const emulate = z.string().transform((text, ctx) => {
  if (text === "none") return [];
  const names = text.split(",").map((name) => name.trim());
  const wrong = names.find((name) => !EMULATIONS.includes(name as typeof EMULATIONS[number]));
  if (wrong === undefined) return names as (typeof EMULATIONS[number])[];
  ctx.addIssue({ code: "custom", message: `"none" or a list of ${EMULATIONS.join(",")}` });
  return z.NEVER;
});

const schema = z.strictObject({
  HOST: z.string().min(1).default("127.0.0.1"),
  HTTP_PORT: port.default(8000),
  WS_PORT: port.default(3771),
  DATA_DIR: z.string().min(1).default("./data"),
  DATABASE_URL: url(["postgres:", "postgresql:"], "postgres://user:password@host:port/name").optional(),
  MQTT_URL: url(["mqtt:", "mqtts:"], "mqtt[s]://[user:password@]host:port").optional(),
  MQTT_PORT: port.default(1883),
  MQTT_HOST: z.string().min(1).optional(),
  AMI_URL: z.string().transform(readAmiServers).optional(),
  ASTERISK_LOG: list(z.string().min(1)).optional(),
  ASTERISK_LOG_ZONE: z.string().default(new Intl.DateTimeFormat().resolvedOptions().timeZone).refine(
    isZone,
    "a time zone such as Europe/Moscow",
  ),
  PJSIP_CONF: list(z.string().min(1)).optional(),
  EMULATE: emulate.optional(),
  OFFLINE_AFTER: seconds(1, 86_400).default(120),
  HEARTBEAT_EVERY: seconds(1, 86_400).default(30),
  HELD_OPEN_AFTER: seconds(1, 86_400).default(60),
  ENDPOINT_ALERT_AFTER: seconds(1, 604_800).default(300),
  KEEP_EVENTS_MONTHS: whole(1, 1200, "a number of months from 1 to 1200").default(24),
  ADMIN_PASSWORD: z.string().min(10, "at least 10 characters").max(200, "at most 200 characters").optional(),
  ADOPT: z.enum(["auto", "approve"], { error: '"auto" or "approve"' }).optional(),
  INTERNAL_NUMBERS: z.string().default("^\\d{2,4}$").transform((text, ctx) => {
    try {
      return new RegExp(text);
    } catch {
      ctx.addIssue({ code: "custom", message: "a regular expression" });
      return z.NEVER;
    }
  }),
  PHONE_REGION: z.string().default("RU").refine(
    (text): text is CountryCode => isSupportedCountry(text),
    "a country of two capital letters, such as RU",
  ),
  TELEGRAM_API: url(["https:", "http:"], "https://host").default("https://api.telegram.org"),
  PUBLIC_ORIGIN: list(url(["https:", "http:"], "https://host, as browsers send it in Origin")).default([]),
  TRUST_PROXY: list(z.string().refine(isAddressRange, "a list of addresses or CIDR ranges")).default([]),
  STREAMS_PER_USER: whole(1, 100_000, "a number from 1 to 100000").default(50),
  LOG_LEVEL: z.enum(["trace", "debug", "info", "warn", "error", "fatal"], {
    error: "trace, debug, info, warn, error or fatal",
  }).default("info"),
  LOG_FORMAT: z.enum(["pretty", "json"], { error: '"pretty" or "json"' }).optional(),
});

/** Settings of what is to come: a value that does nothing must not look as if it did. */
const NOT_YET_USED = ["TELEGRAM_API"];
/** The same of what may be emulated. */
const NOT_YET_EMULATED = ["webhooks"];

/** The name of the emulated Asterisk. */
export const DEMO_PBX = "emulated";

/** Settings whose value must not be shown. */
const SECRET = new Set(["ADMIN_PASSWORD", "DATABASE_URL", "MQTT_URL", "AMI_URL"]);

/** Where an Asterisk listens for managers, and as whom to log in there. */
export interface AmiServer {
  /** Unique among the servers. */
  name: string;
  host: string;
  port: number;
  user: string;
  secret: string;
}

/** The service's settings. Durations are milliseconds. */
export type Config = ReturnType<typeof readConfig>;

/**
 * Reads the settings from an environment.
 *
 * @throws ConfigError naming the first setting that is unknown or bad
 */
export function readConfig(
  env: Record<string, string>,
  readFile: (path: string) => string = Deno.readTextFileSync,
) {
  const given = collect(env, readFile);
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw new ConfigError(explain(parsed.error, given));
  const s = parsed.data;
  const loopback = isLoopback(s.HOST) && (s.MQTT_HOST === undefined || isLoopback(s.MQTT_HOST));
  return {
    host: s.HOST,
    httpPort: s.HTTP_PORT,
    wsPort: s.WS_PORT,
    dataDir: s.DATA_DIR,
    databaseUrl: s.DATABASE_URL,
    mqttUrl: s.MQTT_URL,
    mqttPort: s.MQTT_PORT,
    mqttHost: s.MQTT_HOST ?? s.HOST,
    amiServers: s.AMI_URL ?? [],
    asteriskLog: perPbx("ASTERISK_LOG", s.ASTERISK_LOG, s.AMI_URL),
    asteriskLogZone: s.ASTERISK_LOG_ZONE,
    pjsipConf: onePerPbx("PJSIP_CONF", perPbx("PJSIP_CONF", s.PJSIP_CONF, s.AMI_URL)),
    endpointAlertAfterMs: s.ENDPOINT_ALERT_AFTER * 1000,
    emulate: s.EMULATE ?? unconfigured(s),
    /** Settings that were given but have nothing behind them in this version. */
    notYetUsed: [
      ...NOT_YET_USED.filter((name) => given[name] !== undefined),
      ...(s.EMULATE?.some((name) => NOT_YET_EMULATED.includes(name)) ? ["EMULATE"] : []),
    ].map((name) => `DOORLINE_${name}`),
    offlineAfterMs: s.OFFLINE_AFTER * 1000,
    heartbeatEveryMs: s.HEARTBEAT_EVERY * 1000,
    heldOpenAfterMs: s.HELD_OPEN_AFTER * 1000,
    keepEventsMonths: s.KEEP_EVENTS_MONTHS,
    adminPassword: s.ADMIN_PASSWORD,
    adopt: s.ADOPT ?? (loopback ? "auto" as const : "approve" as const),
    internalNumbers: s.INTERNAL_NUMBERS,
    phoneRegion: s.PHONE_REGION,
    telegramApi: s.TELEGRAM_API,
    publicOrigins: s.PUBLIC_ORIGIN,
    trustProxy: s.TRUST_PROXY,
    streamsPerUser: s.STREAMS_PER_USER,
    logLevel: s.LOG_LEVEL,
    logFormat: s.LOG_FORMAT,
  };
}

/** A path of something that is of one Asterisk. */
export interface PbxPath {
  pbx: string;
  /** Absolute. */
  path: string;
}

/** Whether an address or name means this machine only. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/i, "");
  return host.toLowerCase() === "localhost" || host === "::1" ||
    (isIP(address) === 4 && address.startsWith("127."));
}

/** Whether a text is an IP address, or a range of them such as `10.0.0.0/8`. */
export function isAddressRange(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

function collect(env: Record<string, string>, readFile: (path: string) => string): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("DOORLINE_")) continue;
    const key = name.slice("DOORLINE_".length);
    const secret = key.endsWith("_FILE") ? key.slice(0, -"_FILE".length) : key;
    const isFile = secret !== key && SECRET.has(secret);
    // An empty value means none, but a mistyped name is one with an empty value too.
    if (value === "" && (isFile || Object.hasOwn(schema.shape, key))) continue;
    if (isFile) {
      if (env[`DOORLINE_${secret}`]) {
        throw new ConfigError(`${name}: expected either it or DOORLINE_${secret}, got both`);
      }
      given[secret] = readSecret(name, value, readFile);
    } else {
      given[key] = value;
    }
  }
  return given;
}

function readSecret(name: string, path: string, readFile: (path: string) => string): string {
  try {
    return readFile(path).replace(/\r?\n$/, "");
  } catch (cause) {
    throw new ConfigError(`${name}: expected a file that can be read, got ${JSON.stringify(path)}`, {
      cause,
    });
  }
}

function explain(error: z.ZodError, given: Record<string, string>): string {
  const issue = error.issues[0]!;
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(schema.shape).map((key) => `DOORLINE_${key}`).join(", ");
    return `DOORLINE_${issue.keys[0]}: unknown setting, expected one of ${known}`;
  }
  const name = String(issue.path[0]);
  const got = SECRET.has(name) ? "another value" : JSON.stringify(given[name]);
  return `DOORLINE_${name}: expected ${issue.message}, got ${got}`;
}

const AMI_PORT = 5038;
const AMI_URL = "ami://user:secret@host:5038/name";

function readAmiServers(text: string, ctx: z.RefinementCtx): AmiServer[] {
  const servers = new Map<string, AmiServer>();
  for (const [index, part] of text.split(",").entries()) {
    const server = readAmiServer(part.trim(), servers);
    if (typeof server === "string") {
      ctx.addIssue({ code: "custom", message: `${server} in entry ${index + 1}` });
      return z.NEVER;
    }
    servers.set(server.name, server);
  }
  return [...servers.values()];
}

/** Gives the server, or what was expected. Nothing of the text is told: a secret may be anywhere in it. */
function readAmiServer(text: string, others: ReadonlyMap<string, AmiServer>): AmiServer | string {
  const url = URL.parse(text);
  if (url?.protocol !== "ami:" || url.hostname === "" || url.search !== "" || url.hash !== "") return AMI_URL;
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const [user, secret, name] = [url.username, url.password, url.pathname.slice(1)].map(decode);
  if (!user || !secret) return "a user and a secret";
  // Each would be a header of its own to Asterisk.
  if (/[\r\n\0]/.test(user + secret)) return "a user and a secret without line breaks";
  if (name === undefined || !/^[\w.:-]{0,64}$/.test(name)) {
    return "a name of letters, digits, dot, colon, dash, underscore";
  }
  if (others.has(name || host)) return "a name that no other server has";
  if (url.port === "0") return "a port from 1 to 65535";
  return { name: name || host, host, port: url.port === "" ? AMI_PORT : Number(url.port), user, secret };
}

/** `[PBX=]PATH`, each; without a name it is the first server's. @throws ConfigError when there is no such server */
function perPbx(setting: string, entries: string[] = [], servers: readonly AmiServer[] = []): PbxPath[] {
  return entries.map((entry) => {
    const [, name, path = entry] = /^([\w.:-]{1,64})=(.+)$/.exec(entry) ?? [];
    const pbx = name ?? servers[0]?.name ?? DEMO_PBX;
    if (pbx !== DEMO_PBX && !servers.some((server) => server.name === pbx)) {
      const known = servers.map((server) => server.name).join(", ");
      throw new ConfigError(
        `DOORLINE_${setting}: expected the name of a server in DOORLINE_AMI_URL (${known}), got ${
          JSON.stringify(pbx)
        }`,
      );
    }
    return { pbx, path: resolve(path) };
  });
}

function onePerPbx(setting: string, paths: PbxPath[]): PbxPath[] {
  const twice = paths.find(({ pbx }, index) => paths.findIndex((other) => other.pbx === pbx) !== index);
  if (twice === undefined) return paths;
  throw new ConfigError(`DOORLINE_${setting}: expected one path for each server, got two of ${twice.pbx}`);
}

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function unconfigured(
  s: { MQTT_URL?: string | undefined; AMI_URL?: unknown },
): (typeof EMULATIONS[number])[] {
  return [
    ...(s.MQTT_URL === undefined ? ["intercoms" as const] : []),
    ...(s.AMI_URL === undefined ? ["asterisk" as const] : []),
  ];
}

function whole(min: number, max: number, expected: string) {
  return z.string().regex(/^\d{1,9}$/, expected).transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}

function seconds(min: number, max: number) {
  const expected = `seconds from ${min} to ${max}`;
  return z.string().regex(/^\d{1,9}(\.\d{1,3})?$/, expected).transform(Number)
    .refine((value) => value >= min && value <= max, expected);
}

function url(protocols: string[], expected: string) {
  return z.string().refine((text) => {
    const parsed = URL.parse(text);
    return parsed !== null && protocols.includes(parsed.protocol) && parsed.hostname !== "";
  }, expected);
}

function list<T extends z.ZodType<unknown, string>>(item: T) {
  return z.string().transform((text) => text.split(",").map((part) => part.trim())).pipe(
    z.array(item as unknown as z.ZodType<z.output<T>, string>),
  );
}

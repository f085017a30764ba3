/**
 * @module
 * The settings: defaults, what is taken, what is refused and how that is said, secrets from files.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { type Config, ConfigError, readConfig } from "../config.ts";

const CANARY = "canary-7f3a-secret";

function read(env: Record<string, string>, files: Record<string, string> = {}): Config {
  return readConfig(env, (path) => {
    if (files[path] === undefined) throw new Deno.errors.NotFound(`no ${path}`);
    return files[path];
  });
}

/** Gives the one line with which a start is refused. */
function refusal(env: Record<string, string>, files: Record<string, string> = {}): string {
  try {
    read(env, files);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${error}`);
    assert.doesNotMatch(error.message, /\n/);
    return error.message;
  }
  return assert.fail(`taken: ${JSON.stringify(env)}`);
}

Deno.test("config: an empty environment gives the defaults of the contract", () => {
  const { internalNumbers, ...config } = read({ PATH: "/bin", HOME: "/home/x" });
  assert.deepEqual(config, {
    host: "127.0.0.1",
    httpPort: 8000,
    wsPort: 3771,
    dataDir: "./data",
    databaseUrl: undefined,
    mqttUrl: undefined,
    mqttPort: 1883,
    mqttHost: "127.0.0.1",
    amiServers: [],
    asteriskLog: [],
    // `deno task test` has a zone of its own.
    asteriskLogZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    endpointAlertAfterMs: 300_000,
    pjsipConf: [],
    emulate: ["intercoms", "asterisk"],
    notYetUsed: [],
    offlineAfterMs: 120_000,
    heartbeatEveryMs: 30_000,
    heldOpenAfterMs: 60_000,
    keepEventsMonths: 24,
    adminPassword: undefined,
    adopt: "auto",
    phoneRegion: "RU",
    telegramApi: "https://api.telegram.org",
    publicOrigins: [],
    trustProxy: [],
    streamsPerUser: 50,
    logLevel: "info",
    logFormat: undefined,
  });
  assert.equal(internalNumbers.source, "^\\d{2,4}$");
});

/** Name, a good value, what it becomes; then bad values. */
const SETTINGS: [
  name: string,
  good: string,
  read: (config: Config) => unknown,
  as: unknown,
  bad: string[],
][] = [
  ["HOST", "0.0.0.0", (c) => c.host, "0.0.0.0", []],
  ["HTTP_PORT", "0", (c) => c.httpPort, 0, ["-1", "65536", "80a", "8e3", "1.5", " 80", "0x50", "80\n"]],
  ["WS_PORT", "65535", (c) => c.wsPort, 65535, ["65536", "off"]],
  ["DATA_DIR", "/var/lib/doorline", (c) => c.dataDir, "/var/lib/doorline", []],
  ["DATABASE_URL", "postgres://u:p@db:5433/doors", (c) => c.databaseUrl, "postgres://u:p@db:5433/doors", [
    "mysql://db/x",
    "db:5432",
    "postgres:///doors",
    "postgres://db:99999/doors",
  ]],
  ["MQTT_URL", "mqtts://u:p@broker:8883", (c) => c.mqttUrl, "mqtts://u:p@broker:8883", [
    "http://broker",
    "broker",
  ]],
  ["MQTT_PORT", "1884", (c) => c.mqttPort, 1884, ["x"]],
  ["MQTT_HOST", "10.0.0.5", (c) => c.mqttHost, "10.0.0.5", []],
  ["AMI_URL", "ami://u:s@a/one, ami://u:p@b.example:5039/two", (c) => c.amiServers, [
    { name: "one", host: "a", port: 5038, user: "u", secret: "s" },
    { name: "two", host: "b.example", port: 5039, user: "u", secret: "p" },
  ], [
    "ami://u:s@a:5038/one,tcp://b",
    "u:s@a",
    "ami://u:s@a,",
    "ami://u@a",
    "ami://:s@a",
    "ami://u:s@a:0",
    "ami://u:s@a:65536",
    "ami://u:s@a/one,ami://u:s@b/one",
    "ami://u:s@a,ami://u:s@b/a",
    "ami://u:s%0d%0aAction: x@a",
    "ami://u:%zz@a",
    "ami://u:s@a/one/two",
    "ami://u:s@a?x",
    "ami://u:s@a#x",
  ]],
  ["ASTERISK_LOG", "/var/log/a,/var/log/b*", (c) => c.asteriskLog, [
    { pbx: "emulated", path: "/var/log/a" },
    { pbx: "emulated", path: "/var/log/b*" },
  ], ["/a,,/b", "other=/a"]],
  ["ASTERISK_LOG_ZONE", "Asia/Kolkata", (c) => c.asteriskLogZone, "Asia/Kolkata", ["Mars", "+25:00"]],
  ["PJSIP_CONF", "/etc/asterisk/pjsip.conf", (c) => c.pjsipConf, [
    { pbx: "emulated", path: "/etc/asterisk/pjsip.conf" },
  ], ["/a,,/b", "/a,/b", "other=/a"]],
  ["ENDPOINT_ALERT_AFTER", "60", (c) => c.endpointAlertAfterMs, 60_000, ["0", "604801", "5m"]],
  ["EMULATE", "none", (c) => c.emulate, [], ["all", "intercoms,none", "intercoms,"]],
  ["EMULATE", "webhooks, intercoms", (c) => c.emulate, ["webhooks", "intercoms"], []],
  ["OFFLINE_AFTER", "90.5", (c) => c.offlineAfterMs, 90_500, ["0", "-1", "86401", "2m", "NaN"]],
  ["HEARTBEAT_EVERY", "15", (c) => c.heartbeatEveryMs, 15_000, ["0", "x"]],
  ["HELD_OPEN_AFTER", "86400", (c) => c.heldOpenAfterMs, 86_400_000, ["1e9"]],
  ["KEEP_EVENTS_MONTHS", "1", (c) => c.keepEventsMonths, 1, ["0", "1201", "1.5"]],
  ["ADMIN_PASSWORD", "ten letters", (c) => c.adminPassword, "ten letters", ["short", "x".repeat(201)]],
  ["ADOPT", "approve", (c) => c.adopt, "approve", ["yes", "AUTO"]],
  ["INTERNAL_NUMBERS", "^[1-9]00$", (c) => c.internalNumbers.source, "^[1-9]00$", ["(", "[z-a]"]],
  ["PHONE_REGION", "BY", (c) => c.phoneRegion, "BY", ["ru", "ZZ", "RUS", "7", "__proto__"]],
  ["TELEGRAM_API", "http://127.0.0.1:9", (c) => c.telegramApi, "http://127.0.0.1:9", ["telegram", "ftp://x"]],
  ["PUBLIC_ORIGIN", "https://a.example, https://b.example", (c) => c.publicOrigins, [
    "https://a.example",
    "https://b.example",
  ], ["a.example", "*"]],
  ["TRUST_PROXY", "10.0.0.0/8, ::1", (c) => c.trustProxy, ["10.0.0.0/8", "::1"], [
    "proxy.example",
    "10.0.0.0/33",
    "10.0.0.1/",
    "::1/129",
    "10.0.0.0/8/8",
    "10.0.0.1,",
  ]],
  ["STREAMS_PER_USER", "3", (c) => c.streamsPerUser, 3, ["0", "many"]],
  ["LOG_LEVEL", "debug", (c) => c.logLevel, "debug", ["verbose", "INFO"]],
  ["LOG_FORMAT", "json", (c) => c.logFormat, "json", ["xml"]],
];

for (const [name, good, value, expected, bad] of SETTINGS) {
  Deno.test(`config: DOORLINE_${name} takes ${JSON.stringify(good)}, refuses what is not it`, () => {
    assert.deepEqual(value(read({ [`DOORLINE_${name}`]: good })), expected);
    for (const wrong of bad) {
      const said = refusal({ [`DOORLINE_${name}`]: wrong });
      assert.ok(said.startsWith(`DOORLINE_${name}: expected `), said);
      assert.match(said, /: expected \S.*, got \S/);
    }
  });
}

Deno.test("config: every setting that the contract names is known", () => {
  const known: string[] = refusal({ DOORLINE_NO_SUCH: "1" }).match(/DOORLINE_[A-Z_]+/g) ?? [];
  for (const [name] of SETTINGS) assert.ok(known.includes(`DOORLINE_${name}`), name);
});

Deno.test("config: an unknown name stops the start and is named", () => {
  for (
    const name of ["HTTPPORT", "http_port", "", "__proto__", "constructor", "HTTP_PORT_FILE", "HOST_FILE"]
  ) {
    const said = refusal({ [`DOORLINE_${name}`]: "8000" });
    assert.ok(said.startsWith(`DOORLINE_${name}: unknown setting, expected one of DOORLINE_HOST, `), said);
  }
  assert.match(refusal({ DOORLINE_HTTPPORT: "" }), /^DOORLINE_HTTPPORT: unknown setting/);
  assert.equal(read({ DOORLINE: "x", XDOORLINE_HOST: "y" }).host, "127.0.0.1");
});

Deno.test("config: what has nothing behind it yet is named when it was given, and only then", () => {
  const given = {
    DOORLINE_TELEGRAM_API: "http://127.0.0.1:9",
    DOORLINE_EMULATE: "intercoms,webhooks",
  };
  assert.deepEqual(read(given).notYetUsed, Object.keys(given));
  for (const emulate of ["none", "intercoms", "asterisk", "intercoms,asterisk", ""]) {
    assert.deepEqual(read({ DOORLINE_EMULATE: emulate, DOORLINE_WS_PORT: "" }).notYetUsed, []);
  }
});

Deno.test("config: a path is of the server that stands before it, else of the first", () => {
  const servers = { DOORLINE_AMI_URL: "ami://u:s@a/north,ami://u:s@b/south" };
  const { asteriskLog, pjsipConf } = read({
    ...servers,
    DOORLINE_ASTERISK_LOG: "/var/log/full, south=/mnt/south/full*, odd/../x=y",
    DOORLINE_PJSIP_CONF: "south=/mnt/south/pjsip.conf",
  });
  assert.deepEqual(asteriskLog, [
    { pbx: "north", path: "/var/log/full" },
    { pbx: "south", path: "/mnt/south/full*" },
    { pbx: "north", path: `${Deno.cwd()}/x=y` },
  ]);
  assert.deepEqual(pjsipConf, [{ pbx: "south", path: "/mnt/south/pjsip.conf" }]);
  assert.match(
    refusal({ ...servers, DOORLINE_PJSIP_CONF: "east=/a" }),
    /^DOORLINE_PJSIP_CONF: expected the name of a server in DOORLINE_AMI_URL \(north, south\), got "east"$/,
  );
  assert.match(refusal({ ...servers, DOORLINE_PJSIP_CONF: "/a,north=/b" }), /one path for each server, got/);
});

Deno.test("config: an empty value is the same as none", () => {
  assert.deepEqual(read({ DOORLINE_HTTP_PORT: "", DOORLINE_ADMIN_PASSWORD: "" }), read({}));
});

Deno.test("config: a secret's value is in no message", () => {
  const bad: [string, string][] = [
    ["ADMIN_PASSWORD", `${CANARY}${"x".repeat(200)}`],
    ["DATABASE_URL", `mysql://u:${CANARY}@db/x`],
    ["MQTT_URL", `http://u:${CANARY}@b`],
    ["AMI_URL", `tcp://u:${CANARY}@b`],
    ["AMI_URL", `ami://u:${CANARY}@b/one,ami://u:${CANARY}@c/one`],
    ["AMI_URL", `ami://u:${CANARY}%0a@b`],
    ["AMI_URL", `ami://u:x@b/one,${CANARY}`],
  ];
  for (const [name, value] of bad) {
    assert.ok(!refusal({ [`DOORLINE_${name}`]: value }).includes(CANARY), name);
    const fromFile = refusal({ [`DOORLINE_${name}_FILE`]: "/secret" }, { "/secret": value });
    assert.ok(!fromFile.includes(CANARY) && fromFile.startsWith(`DOORLINE_${name}`), fromFile);
  }
  assert.ok(!refusal({ [`DOORLINE_ADMIN_PASWORD`]: CANARY }).includes(CANARY), "a mistyped name");
});

Deno.test("config: a secret comes from the file that NAME_FILE names, without its last line break", () => {
  const files = {
    "/p": "a long password \r\n",
    "/d": "postgres://u:p@db/x\n",
    "/m": "mqtt://b",
    "/a": "ami://u:s@h/n",
  };
  const config = read({
    DOORLINE_ADMIN_PASSWORD_FILE: "/p",
    DOORLINE_DATABASE_URL_FILE: "/d",
    DOORLINE_MQTT_URL_FILE: "/m",
    DOORLINE_AMI_URL_FILE: "/a",
  }, files);
  assert.equal(config.adminPassword, "a long password ");
  assert.equal(config.databaseUrl, "postgres://u:p@db/x");
  assert.equal(config.mqttUrl, "mqtt://b");
  assert.deepEqual(config.emulate, []);
});

Deno.test("config: a secret's file that is missing, or given beside the value, stops the start", () => {
  const missing = refusal({ DOORLINE_ADMIN_PASSWORD_FILE: "/nowhere" });
  assert.equal(missing, 'DOORLINE_ADMIN_PASSWORD_FILE: expected a file that can be read, got "/nowhere"');
  const both = refusal(
    { DOORLINE_DATABASE_URL_FILE: "/d", DOORLINE_DATABASE_URL: `postgres://u:${CANARY}@db/x` },
    { "/d": "postgres://db/x" },
  );
  assert.match(both, /^DOORLINE_DATABASE_URL_FILE: expected either it or DOORLINE_DATABASE_URL, got both$/);
});

Deno.test("config: an Asterisk is named by its host where its URL has no name, and its secret is read as it is meant", () => {
  const given = "ami://door%40line:p%2C%3A%2F%40%23%20x@[::1]:5040,ami://u:s@192.0.2.1/";
  assert.deepEqual(read({ DOORLINE_AMI_URL: given }).amiServers, [
    { name: "::1", host: "::1", port: 5040, user: "door@line", secret: "p,:/@# x" },
    { name: "192.0.2.1", host: "192.0.2.1", port: 5038, user: "u", secret: "s" },
  ]);
  assert.equal(
    refusal({ DOORLINE_AMI_URL: "ami://u:s@a/one,ami://u:s@b/one" }),
    "DOORLINE_AMI_URL: expected a name that no other server has in entry 2, got another value",
  );
});

Deno.test("config: panels nobody knows join by themselves only where all listen on loopback", () => {
  const cases: [env: Record<string, string>, adopt: string][] = [
    [{ DOORLINE_HOST: "localhost" }, "auto"],
    [{ DOORLINE_HOST: "::1" }, "auto"],
    [{ DOORLINE_HOST: "127.8.9.10" }, "auto"],
    [{ DOORLINE_HOST: "0.0.0.0" }, "approve"],
    [{ DOORLINE_HOST: "::" }, "approve"],
    [{ DOORLINE_HOST: "127.evil.example" }, "approve"],
    [{ DOORLINE_HOST: "127.0.0.1.evil.example" }, "approve"],
    [{ DOORLINE_MQTT_HOST: "0.0.0.0" }, "approve"],
    [{ DOORLINE_HOST: "0.0.0.0", DOORLINE_MQTT_HOST: "127.0.0.1" }, "approve"],
    [{ DOORLINE_HOST: "0.0.0.0", DOORLINE_ADOPT: "auto" }, "auto"],
    [{ DOORLINE_ADOPT: "approve" }, "approve"],
  ];
  for (const [env, adopt] of cases) assert.equal(read(env).adopt, adopt, JSON.stringify(env));
});

Deno.test("config: what is configured is not emulated unless asked", () => {
  assert.deepEqual(read({ DOORLINE_MQTT_URL: "mqtt://b" }).emulate, ["asterisk"]);
  assert.deepEqual(read({ DOORLINE_AMI_URL: "ami://u:s@h/n" }).emulate, ["intercoms"]);
  assert.deepEqual(read({ DOORLINE_MQTT_URL: "mqtt://b", DOORLINE_EMULATE: "intercoms" }).emulate, [
    "intercoms",
  ]);
});

Deno.test("config: no environment whatever brings out anything but settings or a ConfigError", () => {
  const names = [
    ...new Set(SETTINGS.map(([name]) => name)),
    "ADMIN_PASSWORD_FILE",
    "MQTT_URL_FILE",
    "__proto__",
  ];
  const name = fc.oneof(
    fc.constantFrom(...names).map((name) => `DOORLINE_${name}`),
    fc.string().map((name) => `DOORLINE_${name}`),
    fc.string(),
  );
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(...SETTINGS.flatMap(([, good, , , bad]) => [good, ...bad])),
    fc.webUrl(),
    fc.integer().map(String),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), (entries) => {
      try {
        const config = read(Object.fromEntries(entries), { "/file": "x" });
        assert.ok(config.httpPort >= 0 && config.httpPort <= 65535);
        assert.ok(config.offlineAfterMs > 0);
      } catch (error) {
        assert.ok(error instanceof ConfigError, `${error}`);
        assert.ok(error.message.startsWith("DOORLINE_"), error.message);
        assert.match(error.message, /: (expected|unknown setting)/);
      }
    }),
    { numRuns: 2000 },
  );
});

/**
 * @module
 * Which tests there are, in the order in which they run, and which of them may run beside others.
 */

/** Tests of one kind. */
export interface TestGroup {
  name: "quick" | "scenarios" | "real";
  /** Test files, from the root of the project. */
  files: string[];
}

/**
 * What a file may run beside. `pages` and `asterisk`: anything but its own kind, since two browsers want more than two
 * cores, and every Asterisk has its hands on SIP and sound. `alone`: nothing.
 */
export type Company = "any" | "pages" | "asterisk" | "alone";

/**
 * Stories through emulators, what waits for sockets, what weighs its process, and what opens a database without being
 * about who may do what: each such file costs seconds of CPU, and `deno task ok` has one minute.
 */
const SCENARIOS = [
  "tests/scenarios/",
  "tests/db/",
  "tests/actors/endpoint_desk_test.ts",
  "tests/actors/pjsip_conf/desk",
  "tests/routes/auth_test.ts",
  "tests/routes/calls_test.ts",
  "tests/routes/endpoint_config_test.ts",
  "tests/routes/endpoint_logs_test.ts",
  "tests/routes/events_test.ts",
  "tests/routes/hostile_test.ts",
  "tests/routes/intercoms_test.ts",
  "tests/routes/stream_test.ts",
  "tests/routes/system_test.ts",
  "tests/routes/socket_",
  "tests/emulators/asterisk_",
  "tests/actors/feed_storm_test.ts",
];
const REAL = ["tests/real/", "tests/support/"];

/** What measures, or loads both cores: beside others it would measure them. */
const ALONE = [
  "tests/scenarios/calls_kill_test.ts",
  "tests/scenarios/calls_thousand_test.ts",
  "tests/scenarios/embedded_broker_test.ts",
  "tests/scenarios/slow_readers_test.ts",
  "tests/scenarios/stopping_test.ts",
  "tests/real/asterisk_log",
  "tests/real/broker_restart_test.ts",
  "tests/real/calls_kill_test.ts",
  "tests/real/calls_thousand_test.ts",
  "tests/real/database_away_test.ts",
  "tests/real/kill_test.ts",
  "tests/real/pages_many_test.ts",
];

/**
 * What `deno test` is given. The development build of XState says aloud what the production build swallows.
 * All permissions but those that reach into other processes' memory: tests listen, spawn and write where they like.
 */
export const TEST_FLAGS = [
  "test",
  "--conditions=development",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-net",
  "--allow-run",
  "--allow-sys",
];

/** Far from UTC, and not by whole hours, so that a local time taken for UTC shows. */
export const TEST_ENV = { TZ: "Asia/Kolkata" };

/** Finds the test files below `tests/` of a root, by group. A file of no other group is quick, so none is forgotten. */
export async function testGroups(root: string): Promise<TestGroup[]> {
  const groups: TestGroup[] = [
    { name: "quick", files: [] },
    { name: "scenarios", files: [] },
    { name: "real", files: [] },
  ];
  for (const path of (await testFiles(root, "tests")).sort()) {
    const at = startsWithAny(path, SCENARIOS) ? 1 : startsWithAny(path, REAL) ? 2 : 0;
    groups[at]!.files.push(path);
  }
  return groups;
}

/** Says what a file of the scenarios or of the real servers may run beside. */
export function companyOf(path: string): Company {
  if (startsWithAny(path, ALONE)) return "alone";
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (name.startsWith("pages_")) return "pages";
  return path.startsWith("tests/emulators/") || !/(^|_)asterisk_/.test(name) ? "any" : "asterisk";
}

function startsWithAny(path: string, beginnings: string[]): boolean {
  return beginnings.some((beginning) => path.startsWith(beginning));
}

async function testFiles(root: string, folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)) {
    const path = `${folder}/${name}`;
    if (isDirectory) files.push(...await testFiles(root, path));
    else if (/_test\.tsx?$/.test(name)) files.push(path);
  }
  return files;
}

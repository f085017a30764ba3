/**
 * @module
 * Which tests there are, in the order in which they run: those that need nothing first, real servers last.
 */

/** Tests that run together. */
export interface TestGroup {
  name: "quick" | "scenarios" | "real";
  /** Test files, from the root of the project. */
  files: string[];
}

/** Stories through emulators, and what waits for sockets: not for every commit. */
const SCENARIOS = ["tests/scenarios/", "tests/routes/socket_", "tests/emulators/asterisk_"];
const REAL = ["tests/real/", "tests/support/"];

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
    const at = SCENARIOS.some((folder) => path.startsWith(folder))
      ? 1
      : REAL.some((folder) => path.startsWith(folder))
      ? 2
      : 0;
    groups[at]!.files.push(path);
  }
  return groups;
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

/**
 * @module
 * Builds `ui/dist/`: the pages as one script, one stylesheet, two fonts, and the API document's viewer.
 * Does nothing when the output is younger than every source. Does not type-check: `deno check` does.
 */

const UI = new URL("./", import.meta.url);
const DIST = new URL("./dist/", UI);
const MODULES = new URL("../node_modules/", UI);

/** In the order of the cascade. */
const STYLES = [
  "tokens",
  "base",
  "controls",
  "dialog",
  "frame",
  "feed",
  "board",
  "fleet",
  "table",
  "pages",
  "calls",
  "call_page",
  "cards",
  "endpoints",
  "endpoint_page",
  "states",
  "phone",
  "phone_tables",
  "phone_calls",
  "phone_endpoints",
  "endpoint_logs",
  "endpoint_config",
];

/** Files taken from packages, by their name in the output. */
const VENDORED: Record<string, string> = {
  "inter-latin.woff2": "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  "inter-cyrillic.woff2": "@fontsource-variable/inter/files/inter-cyrillic-wght-normal.woff2",
  "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
  "swagger-ui-bundle.js": "swagger-ui-dist/swagger-ui-bundle.js",
};

const STATIC = ["index.html", "docs.html", "docs.js", "favicon.svg"];

/** Written last, so that a build cut in the middle is not taken for a whole one. */
const STAMP = new URL("./.built", DIST);

/** Builds the pages where they are out of date. Answers whether it had to. @throws when the bundler fails. */
export async function buildPages(options: { force?: boolean } = {}): Promise<boolean> {
  if (!options.force && await isFresh()) return false;
  await Deno.mkdir(DIST, { recursive: true });
  await Deno.remove(STAMP).catch(ignoreMissing);
  await Promise.all([
    bundle(),
    styles(),
    ...STATIC.map((name) => Deno.copyFile(new URL(`./static/${name}`, UI), new URL(name, DIST))),
    ...Object.entries(VENDORED).map(([name, from]) =>
      Deno.copyFile(new URL(from, MODULES), new URL(name, DIST))
    ),
  ]);
  await Deno.writeTextFile(STAMP, "");
  return true;
}

/**
 * The bundler inside this Deno, not a `deno bundle` beside it: under npx the `deno` of the PATH is another file
 * than the running one, and a permission to run the one does not let the other start.
 */
async function bundle(): Promise<void> {
  const { bundle } = Deno as unknown as Partial<Bundler>;
  if (!bundle) throw new Error("Cannot bundle ui/main.tsx: Deno was started without --unstable-bundle");
  const result = await bundle({
    entrypoints: [new URL("main.tsx", UI).pathname],
    platform: "browser",
    minify: true,
    write: false,
  });
  const file = result.outputFiles?.[0];
  if (!result.success || !file) {
    throw new Error(`Cannot bundle ui/main.tsx: ${result.errors.map(({ text }) => text).join("; ")}`);
  }
  await Deno.writeTextFile(new URL("app.js", DIST), unescaped(file.text()));
}

/** The bundler writes every Cyrillic letter as six characters: 70 kB that nobody needs, the script is UTF-8. */
function unescaped(script: string): string {
  return script.replace(
    /(?<!\\)((?:\\\\)*)\\u(04[0-9a-f]{2})/gi,
    (_, before: string, code: string) => before + String.fromCharCode(parseInt(code, 16)),
  );
}

/** The part of Deno's unstable bundler that is used here; its types are only known under the flag. */
interface Bundler {
  bundle(options: { entrypoints: string[]; platform: "browser"; minify: boolean; write: false }): Promise<{
    success: boolean;
    errors: { text: string }[];
    outputFiles?: { text(): string }[];
  }>;
}

async function styles(): Promise<void> {
  const parts = await Promise.all(
    STYLES.map((name) => Deno.readTextFile(new URL(`./styles/${name}.css`, UI))),
  );
  await Deno.writeTextFile(new URL("app.css", DIST), parts.join("\n"));
}

async function isFresh(): Promise<boolean> {
  const built = await Deno.stat(STAMP).catch(ignoreMissing);
  if (!built) return false;
  // The lock file stands for the versions of the packages.
  const lock = await Deno.stat(new URL("../deno.lock", UI)).catch(ignoreMissing);
  const newest = Math.max(await newestIn(UI), lock?.mtime?.getTime() ?? 0);
  return (built.mtime?.getTime() ?? 0) >= newest;
}

/** Time in milliseconds of the youngest file or folder; a folder's time shows a removed file. */
async function newestIn(folder: URL): Promise<number> {
  let newest = 0;
  for await (const entry of Deno.readDir(folder)) {
    if (entry.name === "dist") continue;
    const path = new URL(entry.isDirectory ? `${entry.name}/` : entry.name, folder);
    const info = await Deno.stat(path);
    newest = Math.max(newest, info.mtime?.getTime() ?? 0);
    if (entry.isDirectory) newest = Math.max(newest, await newestIn(path));
  }
  return newest;
}

function ignoreMissing(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  return undefined;
}

if (import.meta.main) {
  const started = performance.now();
  const built = await buildPages({ force: Deno.args.includes("--force") });
  console.log(
    built ? `Pages built in ${Math.round(performance.now() - started)} ms` : "Pages are up to date",
  );
}

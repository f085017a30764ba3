/**
 * @module
 * Reads the sources and says where they break the rules of the house: who may import whom, sizes, openings, exports.
 * Imports come from `deno info`, which parses as the runtime does; nothing here guesses at syntax.
 */
import { fileURLToPath, pathToFileURL } from "node:url";
import { run } from "./process.ts";

/** A source file of the project. */
export interface SourceFile {
  /** From the root, with slashes. */
  path: string;
  text: string;
  imports: SourceImport[];
}

/** One import, re-export or dynamic import; `import type` and `export type` are type-only. */
export interface SourceImport {
  /** As it is written. */
  specifier: string;
  /** Path from the root when it is a file of the project, else null. */
  file: string | null;
  typeOnly: boolean;
}

/** What the files of one folder may know. */
interface Rule {
  /** Folders and files of which they may import everything. */
  values?: string[];
  /** Folders of which they may import types only. */
  types?: string[];
  /** Packages of the import map; a trailing `/` stands for all below. Absent: any. */
  packages?: string[];
  /** Whether they may use Node's built-in modules. */
  builtins?: boolean;
}

/** The table "who may know whom". A folder may always know itself. */
const RULES: Record<string, Rule> = {
  machines: { packages: ["xstate"] },
  db: {
    types: ["machines"],
    packages: [
      "postgres",
      "@electric-sql/pglite",
      "@electric-sql/pglite/",
      "@electric-sql/pglite-socket",
      "ulid",
    ],
    builtins: true,
  },
  actors: { values: ["machines", "db", "config.ts"], builtins: true },
  routes: { values: ["db", "config.ts"], types: ["actors", "machines"], builtins: true },
  emulators: { builtins: true },
  ui: {
    types: ["machines", "routes"],
    packages: [
      "preact",
      "preact/",
      "@preact/signals",
      "@tanstack/virtual-core",
      "@fontsource-variable/",
      "eventsource-parser",
      "intl-messageformat",
      "lucide",
      "lucide/",
      "uplot",
    ],
  },
  "config.ts": { packages: ["libphonenumber-js/min", "zod"], builtins: true },
};

/** Folders and files without a rule: they may know everything but main.ts. */
const FREE = ["main.ts", "tests", "bench"];
/** Run by the build and not in a browser. */
const BUILD_SCRIPTS = ["ui/build.ts"];

const MOST_LINES = 600;
const MOST_LINES_OF_MAIN = 150;

/** Lists every breach, one line each, with the file it is in. */
export function layoutProblems(files: SourceFile[]): string[] {
  return files.flatMap((file) =>
    [...placeProblems(file), ...importProblems(file), ...textProblems(file)].map((problem) =>
      `${file.path}: ${problem}`
    )
  );
}

function placeProblems({ path }: SourceFile): string[] {
  const place = placeOf(path);
  return place in RULES || FREE.includes(place) ? [] : [`"${place}" has no place in the table of the house`];
}

function importProblems(source: SourceFile): string[] {
  const place = placeOf(source.path);
  const rule = RULES[place];
  const problems: string[] = [];
  for (const { specifier, file, typeOnly } of source.imports) {
    if (file === "main.ts") problems.push("imports main.ts, which nobody may");
    if (rule === undefined) continue;
    if (file === null) {
      const problem = typeOnly ? null : packageProblem(source.path, rule, specifier);
      if (problem !== null) problems.push(problem);
      continue;
    }
    const target = placeOf(file);
    if (target === place || rule.values?.includes(target)) continue;
    if (!rule.types?.includes(target)) problems.push(`imports ${file}, but ${place} may not know ${target}`);
    else if (!typeOnly) {
      problems.push(`imports values of ${file}, but ${place} may know only types of ${target}`);
    }
  }
  return problems;
}

function packageProblem(path: string, rule: Rule, specifier: string): string | null {
  if (/^(npm|jsr|https?|data|blob):/.test(specifier)) {
    return `imports "${specifier}", which is not through the import map`;
  }
  if (specifier.startsWith("node:")) {
    return rule.builtins || BUILD_SCRIPTS.includes(path)
      ? null
      : `imports "${specifier}", but its folder has no built-ins`;
  }
  const known =
    rule.packages?.some((name) => name.endsWith("/") ? specifier.startsWith(name) : specifier === name) ??
      true;
  return known ? null : `imports "${specifier}", but its folder may not know that package`;
}

function textProblems({ path, text }: SourceFile): string[] {
  const problems: string[] = [];
  const lines = text.replace(/\n$/, "").split("\n").length;
  const most = path === "main.ts" ? MOST_LINES_OF_MAIN : MOST_LINES;
  if (lines >= most) problems.push(`has ${lines} lines, and has to have fewer than ${most}`);
  const opening = text.match(/^(?:#!.*\n)?\s*\/\*\*[\s\S]*?\*\//)?.[0] ?? "";
  if (!/@module\b/.test(opening)) problems.push("does not open with a @module comment");
  if (/^\s*export\s+default\b/m.test(text) || /^\s*export\s*\{[^}]*\bas\s+default\b/m.test(text)) {
    problems.push("has a default export");
  }
  return problems;
}

/** First part of a path: a folder of the table, or a file in the root. */
function placeOf(path: string): string {
  return path.split("/")[0]!;
}

interface ModuleInfo {
  specifier: string;
  error?: string;
  dependencies?: DependencyInfo[];
}

interface DependencyInfo {
  specifier: string;
  code?: { specifier?: string; error?: string };
  type?: { specifier?: string; error?: string };
}

/**
 * Reads all .ts and .tsx files below a root that has a deno.json.
 * @throws when one does not parse, or imports what does not exist
 */
export async function readSources(root: string): Promise<SourceFile[]> {
  const paths = await sourcePaths(root, "");
  const base = pathToFileURL(`${root}/`).href;
  const dir = await Deno.makeTempDir({ prefix: "doorline-layout-" });
  try {
    // One graph of all files costs one process; a type import suffices to be in it, and runs nothing.
    const entry = paths.map((path, index) =>
      `import type * as m${index} from ${JSON.stringify(base + path)};\n`
    );
    await Deno.writeTextFile(`${dir}/all.ts`, entry.join(""));
    const args = ["info", "--json", "--no-lock", "--config", `${root}/deno.json`, `${dir}/all.ts`];
    const graph = JSON.parse(await run(Deno.execPath(), args, { env: { NO_COLOR: "1" } })) as {
      modules: ModuleInfo[];
    };
    const modules = new Map(graph.modules.map((module) => [module.specifier, module]));
    return await Promise.all(paths.map(async (path) => ({
      path,
      text: await Deno.readTextFile(`${root}/${path}`),
      imports: importsOf(modules.get(base + path), path, base),
    })));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

function importsOf(module: ModuleInfo | undefined, path: string, base: string): SourceImport[] {
  if (module === undefined || module.error !== undefined) {
    throw new Error(`Cannot read the imports of ${path}: ${module?.error ?? "not in the graph"}`);
  }
  return (module.dependencies ?? []).map(({ specifier, code, type }) => {
    const target = (code ?? type)?.specifier;
    if (target === undefined) {
      throw new Error(`Cannot resolve "${specifier}" in ${path}: ${(code ?? type)?.error ?? "no target"}`);
    }
    const file = target.startsWith(base) ? fileURLToPath(target).slice(fileURLToPath(base).length) : null;
    return { specifier, file, typeOnly: code === undefined };
  });
}

async function sourcePaths(root: string, folder: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${folder}`)) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (name.startsWith(".") || ["node_modules", "data", "ui/dist"].includes(path)) continue;
    if (isDirectory) paths.push(...await sourcePaths(root, path));
    else if (/\.[cm]?[jt]sx?$/.test(name)) paths.push(path);
  }
  return paths.sort();
}

/**
 * @module
 * The files that a glob stands for. Only what is within its folder counts, wherever links in it lead, and older parts
 * of a log do not.
 */
import { join, sep } from "node:path";
import { isRotated } from "./rotated.ts";

/** One glob stands for no more files. */
export const MOST_FILES = 64;
/** Entries of a folder that are looked at. */
const MOST_ENTRIES = 10_000;

/** A file that a glob stands for. */
export interface Found {
  path: string;
  /** Where it leads. */
  real: string;
  /** Why it must not be read; null when it may. */
  refused: string | null;
}

/** Parts of a path before the first that has a wildcard, and the others. */
function parts(glob: string): { folder: string; patterns: string[] } {
  const names = glob.split(sep);
  const first = names.findIndex((name) => /[*?[]/.test(name));
  return { folder: names.slice(0, first).join(sep) || sep, patterns: names.slice(first) };
}

/** Lists what a glob stands for now. `known` are names of logs that were there before. */
export async function findFiles(glob: string, known: ReadonlySet<string>): Promise<Found[]> {
  const { folder, patterns } = parts(glob);
  let paths = [folder];
  const unlisted: string[] = [];
  for (const [depth, pattern] of patterns.entries()) {
    const matches = matcher(pattern);
    const last = depth === patterns.length - 1;
    const next: string[] = [];
    for (const path of paths) {
      const entries = await entriesOf(path);
      if (entries === null) {
        unlisted.push(path);
        continue;
      }
      for (const entry of entries) {
        if (matches(entry.name) && (last ? !entry.isDirectory : !entry.isFile)) {
          next.push(join(path, entry.name));
        }
      }
    }
    paths = next;
  }
  const logs = new Set([...known, ...paths]);
  const found: Found[] = unlisted.map((path) => ({
    path,
    real: path,
    refused: "its folder cannot be listed",
  }));
  for (const path of paths.sort()) {
    if (isRotated(path, logs)) continue;
    if (found.length >= MOST_FILES) break;
    found.push({ path, ...await lead(path, folder) });
  }
  return found;
}

/** A check for a file of a glob, to be made again each time it is opened. @throws TypeError when it leads elsewhere */
export async function checkWithin(path: string, glob: string): Promise<void> {
  const { refused } = await lead(path, parts(glob).folder);
  if (refused !== null) throw new TypeError(refused);
}

async function lead(path: string, folder: string): Promise<{ real: string; refused: string | null }> {
  try {
    const [real, within] = await Promise.all([Deno.realPath(path), Deno.realPath(folder)]);
    const inside = real.startsWith(within.endsWith(sep) ? within : within + sep);
    return { real, refused: inside ? null : "it is a link that leads out of its folder" };
  } catch {
    return { real: path, refused: "it is a link that leads nowhere" };
  }
}

/** Null where the folder is there and may not be listed. One that is not there has no files yet. */
async function entriesOf(path: string): Promise<Deno.DirEntry[] | null> {
  const entries: Deno.DirEntry[] = [];
  try {
    for await (const entry of Deno.readDir(path)) {
      if (entries.push(entry) >= MOST_ENTRIES) break;
    }
  } catch (error) {
    const { PermissionDenied, NotCapable } = Deno.errors;
    if (error instanceof PermissionDenied || error instanceof NotCapable) return null;
  }
  return entries;
}

/** `*` and `?` stand for no leading dot, as in shells. */
function matcher(pattern: string): (name: string) => boolean {
  if (!/[*?[]/.test(pattern)) return (name) => name === pattern;
  const source = pattern.replace(/\[!?\]?[^\]]*\]|[*?]|[^*?[]+|\[/g, (part) => {
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    if (part.length > 2 && part.startsWith("[")) {
      const negated = part[1] === "!";
      const inner = part.slice(negated ? 2 : 1, -1).replace(/[\\\]^[]/g, "\\$&");
      return `[${negated ? "^/" : ""}${inner}]`;
    }
    return part.replace(/[\\^$.|?*+()[\]{}]/g, "\\$&");
  });
  const expression = readPattern(source);
  return (name) => (pattern.startsWith(".") || !name.startsWith(".")) && expression.test(name);
}

function readPattern(source: string): RegExp {
  try {
    return new RegExp(`^${source}$`, "u");
  } catch {
    // A range the wrong way round has nothing in it.
    return /^(?!)/;
  }
}

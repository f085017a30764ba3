/**
 * @module
 * Which files beside a log are what it was before a rotation, and the copy that copytruncate made of it. They are not
 * read as logs of their own; of a copy only that is read which the log lost when it was cut.
 */
import { basename, dirname, join } from "node:path";
import { Follow, isSameFile, same } from "./follow.ts";

/** A number, date or time, and what compresses it: `.1`, `.0.gz`, `-20261120`, `.1790000000`. */
const SUFFIX = /^[.-]\d[\dTZ:._-]*(?:\.(?:gz|bz2|xz|zst|lz4|Z))?$/;
const COMPRESSED = /\.(?:gz|bz2|xz|zst|lz4|Z)$/;
/** More files beside a log are not looked at. */
const MOST_BESIDE = 1000;

/** Whether a name says that it is an older part of one of these, such as `full.1`, `full-20261120.log` or `full.log.2.gz`. */
export function isRotated(name: string, logs: Iterable<string>): boolean {
  if (COMPRESSED.test(name)) return true;
  for (const log of logs) {
    if (log !== name && isPartOf(name, log)) return true;
  }
  return false;
}

function isPartOf(name: string, log: string): boolean {
  if (name.startsWith(log)) return SUFFIX.test(name.slice(log.length));
  const dot = log.lastIndexOf(".");
  if (dot <= 0) return false;
  const [stem, extension] = [log.slice(0, dot), log.slice(dot)];
  // logrotate can put the number before the extension.
  return name.startsWith(stem) && name.endsWith(extension) && name.length > log.length &&
    SUFFIX.test(name.slice(stem.length, -extension.length));
}

/** A copy of a file that was cut, opened where the file was last read. */
export async function findCopy(path: string, cut: Follow): Promise<Follow | null> {
  // With nothing read there is nothing to know it by.
  if (cut.mark.length === 0) return null;
  const [folder, log] = [dirname(path), basename(path)];
  let best: { follow: Follow; size: number } | null = null;
  let looked = 0;
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (++looked > MOST_BESIDE) break;
      if (!entry.isFile || entry.name === log || COMPRESSED.test(entry.name) || !isPartOf(entry.name, log)) {
        continue;
      }
      const size = await sizeIfCopy(join(folder, entry.name), cut);
      if (size === null || (best !== null && best.size >= size.bytes)) {
        size?.follow.close();
        continue;
      }
      best?.follow.close();
      best = { follow: size.follow, size: size.bytes };
    }
  } catch {
    // A folder that cannot be listed: then there is no copy to be had.
  }
  best?.follow.moveTo(cut.place);
  return best?.follow ?? null;
}

async function sizeIfCopy(path: string, cut: Follow): Promise<{ follow: Follow; bytes: number } | null> {
  const follow = await Follow.open(path).catch(() => null);
  if (follow === null) return null;
  try {
    const bytes = await follow.size();
    const before = cut.place - cut.mark.length;
    if (
      bytes >= cut.place && !isSameFile(follow.id, cut.id) &&
      same(await follow.peek(before, cut.mark.length), cut.mark)
    ) {
      return { follow, bytes };
    }
  } catch {
    // It went away while it was looked at.
  }
  follow.close();
  return null;
}

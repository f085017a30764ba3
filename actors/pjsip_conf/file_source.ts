/**
 * @module
 * pjsip.conf as a file on this machine. It is replaced as a whole, so that whoever reads it sees the old or the new one;
 * what it includes is read, and never written.
 */
import { createHash } from "node:crypto";
import { basename, dirname, isAbsolute, join } from "node:path";
import { applyPatch, structuredPatch } from "diff";
import { type LoadedConf, withDocument } from "./apply.ts";
import { type ConfFile, readCategories } from "./categories.ts";
import { parseConf, printConf } from "./document.ts";
import { ConfigRefused } from "./refusal.ts";
import type { ConfSource } from "./source.ts";
import { sameOwn, withoutChange } from "./take_back.ts";

/** What a crash may leave of a file that was being written. It holds secrets. */
const LEFT_OVER = /^\.doorline-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/;
/** Younger ones may be those of another Doorline that is at work. */
const LEFT_MS = 60_000;
/** Larger files are not read. */
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_DEPTH = 10;
const MAX_FILES = 200;

/** A source for the file at a path. */
export function fileSource(path: string): ConfSource {
  return {
    kind: "file",
    load: async () => {
      const conf = await load(path);
      return { ...conf, notEditable: conf.notEditable ?? await whyReadOnly(path) };
    },
    obstacle: () => null,
    save: (before, after) => save(path, before, after),
    takeBack: (before, after) => takeBack(path, before, after),
  };
}

interface Reading {
  hash: ReturnType<typeof createHash>;
  files: number;
  /** A file that is included and is not there: Asterisk refuses all of the file for it. */
  missing: string | null;
}

async function load(path: string): Promise<LoadedConf> {
  const reading: Reading = { hash: createHash("sha256"), files: 0, missing: null };
  let main: ConfFile;
  try {
    main = await readFile(path, "pjsip.conf", { reading, depth: 0, folder: dirname(path) });
  } catch (error) {
    throw new ConfigRefused(
      "not-editable",
      `Cannot read the configuration file: ${explain(error)}`,
      [],
      error,
    );
  }
  return {
    source: "file",
    main,
    categories: readCategories(main),
    revision: reading.hash.digest("hex"),
    notEditable: reading.missing === null
      ? null
      : `Asterisk takes nothing of the file while ${reading.missing}, which is included, is not there`,
  };
}

async function readFile(
  path: string,
  name: string,
  { reading, depth, folder }: { reading: Reading; depth: number; folder: string },
): Promise<ConfFile> {
  const { isFile, size } = await Deno.stat(path);
  if (!isFile) throw new Error(`${name} is no regular file`);
  if (size > MAX_BYTES) throw new Error(`${name} has more than ${MAX_BYTES} bytes`);
  const bytes = await Deno.readFile(path);
  reading.hash.update(`${bytes.length}:`).update(bytes);
  reading.files++;
  const file: ConfFile = { name, document: parseConf(decode(bytes)), includes: new Map() };
  for (const { word, argument, line } of file.document.directives) {
    if (word === "exec") continue;
    file.includes.set(line, await readIncluded(argument, { reading, depth: depth + 1, folder, word }));
  }
  return file;
}

async function readIncluded(
  argument: string,
  { word, ...at }: { reading: Reading; depth: number; folder: string; word: string },
): Promise<ConfFile[] | null> {
  if (at.depth > MAX_DEPTH) return null;
  const files: ConfFile[] = [];
  try {
    for (const name of await expand(argument, at.folder)) {
      if (at.reading.files >= MAX_FILES) return null;
      files.push(await readFile(isAbsolute(name) ? name : join(at.folder, name), name, at));
    }
  } catch (error) {
    // A #tryinclude of nothing is nothing; what is there and cannot be read may hold anything.
    const isMissing = error instanceof Deno.errors.NotFound;
    if (isMissing && word === "tryinclude") return [];
    // Where there is not even the folder, Asterisk may see other folders than Doorline.
    if (isMissing && await isThere(dirname(join(isAbsolute(argument) ? "" : at.folder, argument)))) {
      at.reading.missing ??= argument;
    }
    return null;
  }
  return files;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

/** Paths that a pattern in the last part stands for, in Asterisk's order, which is that of names. */
async function expand(argument: string, folder: string): Promise<string[]> {
  const at = argument.lastIndexOf("/") + 1;
  const [parent, last] = [argument.slice(0, at), argument.slice(at)];
  if (!/[*?[]/.test(last)) return [argument];
  const pattern = new RegExp(
    `^${last.replace(/[.+^${}()|\\]/g, "\\$&").replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`,
  );
  const names: string[] = [];
  const path = isAbsolute(parent) ? parent : join(folder, parent);
  for await (const entry of Deno.readDir(path)) {
    if (pattern.test(entry.name) && !entry.name.startsWith(".")) names.push(parent + entry.name);
  }
  return names.sort();
}

async function save(path: string, before: LoadedConf, after: LoadedConf): Promise<LoadedConf> {
  const isText = (conf: LoadedConf) => printConf(conf.main.document);
  if (isText(before) === isText(after)) return before;
  try {
    // A link is followed, so that it stays one.
    const real = await Deno.realPath(path);
    const { isFile, mode, uid, gid } = await Deno.stat(real);
    if (!isFile) throw new Error("it is no regular file");
    const made = temporary(real);
    try {
      const latin = decodeUtf8(await Deno.readFile(real)) === null;
      await writeWhole(made, encode(isText(after), latin), { mode: mode ?? 0o640, uid, gid });
      // What cannot be tidied up is no reason to write nothing.
      await removeLeftOver(dirname(real), made).catch(() => {});
      const now = await load(path);
      if (now.revision !== before.revision) throw conflict();
      await Deno.rename(made, real);
      await syncFolder(dirname(real));
    } catch (error) {
      await Deno.remove(made).catch(() => {});
      throw error;
    }
  } catch (error) {
    if (error instanceof ConfigRefused) throw error;
    throw new ConfigRefused(
      "not-editable",
      `Cannot write the configuration file: ${explain(error)}`,
      [],
      error,
    );
  }
  // It is written, even if it cannot be read any more.
  return await load(path).catch(() => after);
}

/** Only the lines of the change, wherever they are by now; not where others changed those, or what is around them. */
async function takeBack(path: string, before: LoadedConf, after: LoadedConf): Promise<LoadedConf> {
  const [was, written] = [printConf(before.main.document), printConf(after.main.document)];
  const now = await load(path);
  const text = printConf(now.main.document);
  if (text === was) return now;
  const wanted = text === written
    ? was
    : applyPatch(text, structuredPatch("", "", written, was), { autoConvertLineEndings: false });
  if (wanted === false) throw conflict();
  const restored = withDocument(now, parseConf(wanted));
  const change = { before: before.categories, after: after.categories };
  if (!sameOwn(restored.categories, withoutChange(change, now.categories))) throw conflict();
  return await save(path, now, restored);
}

async function removeLeftOver(folder: string, but: string): Promise<void> {
  // Both times are of the same file system.
  const now = (await Deno.stat(but)).mtime?.getTime() ?? 0;
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !LEFT_OVER.test(name)) continue;
    const path = join(folder, name);
    const { mtime } = await Deno.lstat(path);
    if (mtime !== null && now - mtime.getTime() > LEFT_MS) await Deno.remove(path);
  }
}

/** What says that somebody else was faster. */
export function conflict(): ConfigRefused {
  return new ConfigRefused("conflict", "The configuration was changed meanwhile: look at it again");
}

async function writeWhole(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
  { mode, uid, gid }: { mode: number; uid: number | null; gid: number | null },
): Promise<void> {
  // Nobody else reads it before it has the rights of the other.
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
  const made = await file.stat();
  await giveTo(path, { made, uid, gid });
  await Deno.chmod(path, mode & 0o7777);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch {
    // Not every file system can; then a power cut may bring the old file back, which is whole too.
  }
}

/**
 * Groups, access lists and disks that are read only are known to the system alone: so it is asked, with the file as it is
 * and an empty one beside it.
 */
async function whyReadOnly(path: string): Promise<string | null> {
  try {
    const real = await Deno.realPath(path);
    for (const one of [real, dirname(real)]) {
      const { state } = await Deno.permissions.query({ name: "write", path: one });
      if (state !== "granted") {
        throw new Error("Doorline was started without the right to write in its folder");
      }
    }
    const { uid, gid } = await Deno.stat(real);
    try {
      (await Deno.open(real, { write: true })).close();
    } catch (error) {
      throw isDenied(error) ? new Error(`${denied()}: ${advice(real, uid)}`, { cause: error }) : error;
    }
    await tryBeside(real, { uid, gid });
    return null;
  } catch (error) {
    return `The configuration file cannot be written: ${explain(error)}`;
  }
}

async function tryBeside(real: string, owner: { uid: number | null; gid: number | null }): Promise<void> {
  const made = temporary(real);
  try {
    (await Deno.open(made, { write: true, createNew: true, mode: 0o600 })).close();
  } catch (error) {
    if (!isDenied(error)) throw error;
    throw new Error(
      `${denied()}, to make a file in its folder, as each change does: let that user write there`,
      { cause: error },
    );
  }
  try {
    await giveTo(made, { made: await Deno.stat(made), ...owner });
  } finally {
    await Deno.remove(made);
  }
}

/** Gives a file that was made here the owner and group that another has. */
async function giveTo(
  path: string,
  { made, uid, gid }: { made: Deno.FileInfo; uid: number | null; gid: number | null },
): Promise<void> {
  if (made.uid === uid && made.gid === gid) return;
  try {
    await Deno.chown(path, uid, gid);
  } catch (cause) {
    const why = made.uid === uid
      ? `it would lose its group, ${gid}: add Doorline's user to that group`
      : `it would get another owner, user ${made.uid}: ${advice("pjsip.conf", uid)}`;
    throw new Error(why, { cause });
  }
}

function denied(): string {
  return `Doorline runs as user ${Deno.uid()}, who has no right to`;
}

function advice(path: string, owner: number | null): string {
  return `chown ${Deno.uid()} ${basename(path)}, or run Doorline as user ${owner}, or change it through AMI`;
}

function isDenied(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === "EACCES" || code === "EPERM";
}

function temporary(real: string): string {
  return `${dirname(real)}/.doorline-${crypto.randomUUID()}.tmp`;
}

/** Old files are often in a one-byte encoding; it is kept byte by byte. */
function decode(bytes: Uint8Array): string {
  return decodeUtf8(bytes) ?? Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function encode(text: string, latin: boolean): Uint8Array<ArrayBuffer> {
  if (!latin) return new TextEncoder().encode(text);
  // deno-lint-ignore no-control-regex -- one byte each
  if (/[^\x00-\xff]/.test(text)) {
    throw new Error("it is not in UTF-8, and the change has letters beyond Latin-1");
  }
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Without the path: it is of no use to who reads it in a browser. */
function explain(error: unknown): string {
  // Its message names the path, and a way to be given the right that is none for a browser.
  if (error instanceof Deno.errors.NotCapable) return "Doorline was started without the right to it";
  const { code, message } = error as { code?: string; message?: string };
  if (code === "ENOENT") return "there is no such file";
  if (isDenied(error)) return `Doorline runs as user ${Deno.uid()}, who has no right to it`;
  if (code === "EROFS") return "its disk is read only";
  return code ?? message ?? String(error);
}

/**
 * @module
 * Configuration files of an emulated Asterisk over the manager interface: GetConfig, UpdateConfig and CreateConfig on
 * files of its own folder. What it answers and writes is what Asterisk 16.28 and 22.10 answered and wrote.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { AmiAction, Header } from "./ami_codec.ts";
import type { AmiSession } from "./ami_server.ts";
import { type ConfSection, ConfSyntaxError, parseConf, same, writeConf } from "./asterisk_conf.ts";
import { ConfigRefusal, edit, type Filter, readFilter, selected } from "./asterisk_config_edit.ts";
import type { EmulatedClock } from "./emulated_clock.ts";

/** The folder, and what a reload is. */
export interface ConfigWorld {
  /** Null for an Asterisk that keeps no files. */
  dir: string | null;
  clock: EmulatedClock;
  /** Reads files again. @returns false when there is no such module */
  reload(module: string): boolean;
}

/** Answers GetConfig. */
export function getConfig(session: AmiSession, action: AmiAction, world: ConfigWorld): void {
  const name = action.get("Filename");
  if (name === "") return session.fail(action, "Filename not specified");
  const sections = read(session, action, name, world);
  if (sections === null) return;
  const filter = readFilter(action.get("Filter"));
  const category = action.get("Category");
  const headers: Header[] = [];
  let number = 0;
  for (const section of sections.filter((one) => wanted(one, category, filter))) {
    const index = six(number++);
    headers.push([`Category-${index}`, section.name]);
    if (section.template) headers.push([`IsTemplate-${index}`, 1]);
    if (section.bases.length > 0) headers.push([`Templates-${index}`, section.bases.join(",")]);
    for (const [at, line] of section.lines.entries()) {
      headers.push([`Line-${index}-${six(at)}`, `${line.name}=${line.value}`]);
    }
  }
  if (number > 0) return session.respond(action, "Success", ...headers);
  // The one line of the protocol that is no header.
  const id = action.actionId === null ? "" : `ActionID: ${action.actionId}\r\n`;
  session.write(`Response: Success\r\n${id}No categories found\r\n\r\n`);
}

/** Answers UpdateConfig: all of it is done, or nothing. */
export function updateConfig(session: AmiSession, action: AmiAction, world: ConfigWorld): void {
  const [from, to] = [action.get("SrcFilename"), action.get("DstFilename")];
  if (from === "" || to === "") return session.fail(action, "Filename not specified");
  const path = pathOf(to, world);
  const sections = read(session, action, from, world);
  if (sections === null) return;
  if (path === null) return session.fail(action, "File requires escalated priveledges");
  try {
    for (let number = 0; action.get(`Action-${six(number)}`) !== ""; number++) {
      const field = (name: string) => action.get(`${name}-${six(number)}`);
      edit(sections, {
        what: field("Action").toLowerCase(),
        category: field("Cat"),
        variable: field("Var"),
        value: field("Value"),
        match: field("Match"),
        line: field("Line"),
        options: field("Options"),
      });
    }
  } catch (error) {
    if (!(error instanceof ConfigRefusal)) throw error;
    return session.fail(action, error.message);
  }
  const preserve = !/^(no|false|off|0|n|f)$/i.test(action.get("PreserveEffectiveContext"));
  const text = writeConf(sections, { path: `/etc/asterisk/${to}`, nowMs: world.clock.now(), preserve });
  // A reader sees the old file or the new one, never half of it.
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  const reload = action.get("Reload");
  if (reload !== "") world.reload(/^(yes|true|on|1|y|t)$/i.test(reload) ? "" : reload);
  session.respond(action, "Success");
}

/** Answers CreateConfig. */
export function createConfig(session: AmiSession, action: AmiAction, world: ConfigWorld): void {
  const path = pathOf(action.get("Filename"), world);
  if (path === null) return session.fail(action, "Permission denied");
  if (!existsSync(path)) writeFileSync(path, "");
  session.respond(action, "Success", ["Message", "New configuration file created successfully"]);
}

/** Answers Reload. */
export function reload(session: AmiSession, action: AmiAction, world: ConfigWorld): void {
  if (!world.reload(action.get("Module"))) return session.fail(action, "No such module");
  session.respond(action, "Success", ["Message", "Module Reloaded"]);
}

function wanted(section: ConfSection, category: string, filter: Filter | null): boolean {
  return (category === "" || same(section.name, category)) && selected(section, filter);
}

function read(
  session: AmiSession,
  action: AmiAction,
  name: string,
  world: ConfigWorld,
): ConfSection[] | null {
  const path = pathOf(name, world);
  if (world.dir !== null && path === null) session.fail(action, "File requires escalated priveledges");
  else if (path === null || !existsSync(path)) session.fail(action, "Config file not found");
  else {
    try {
      return parseConf(readFileSync(path, "utf8"));
    } catch (error) {
      if (!(error instanceof ConfSyntaxError)) throw error;
      session.fail(action, "Config file has invalid format");
    }
  }
  return null;
}

/** Where a file of the folder is; null for what is none, such as one elsewhere. */
function pathOf(name: string, { dir }: ConfigWorld): string | null {
  return dir !== null && /^[\w-]+\.conf$/.test(name) ? `${dir}/${name}` : null;
}

function six(number: number): string {
  return String(number).padStart(6, "0");
}

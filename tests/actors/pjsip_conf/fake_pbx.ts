/**
 * @module
 * An Asterisk of tests as far as configuration goes: it answers GetConfig, UpdateConfig, Reload and PJSIPShowEndpoint as
 * the real ones were seen to, keeps the old configuration of what it cannot take, and loses its link when it is told to.
 */
import type { ConfigAmi } from "../../../actors/pjsip_conf/desk.ts";
import { AmiNotUp, type AmiPacket, AmiRefused, encodeFields } from "../../../actors/ami/packet.ts";
import type { Clock } from "../../../actors/clock.ts";
import {
  type Category,
  listOf,
  readCategories,
  typeOf,
  valueOf,
} from "../../../actors/pjsip_conf/categories.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";
import { codecsOf } from "../../../actors/pjsip_conf/values.ts";

/** Options that it cannot take, whatever the rest is. */
const BAD = /^(nocodec|zzz)$/;

/** What it is told to do wrong. */
export interface Trouble {
  /** The link goes down before the answer to this action; it was done all the same, or not. */
  dropAt?: { action: string; done: boolean };
  /** Refuses this action, once. */
  refuse?: { action: string; reason: string };
}

/** Holds its file and what it has loaded. */
export class FakePbx implements ConfigAmi {
  /** Where it reads and writes its file. */
  readonly file: { read(): string; write(text: string): void };
  readonly done: string[] = [];
  rights = new Set(["UpdateConfig"]);
  version = "22.10.1";
  up = true;
  trouble: Trouble = {};
  /** Called before each action. */
  before: (action: string) => void | Promise<void> = () => {};
  #loaded = new Map<string, Category>();

  constructor(text: string | { read(): string; write(text: string): void }) {
    let held = typeof text === "string" ? text : "";
    this.file = typeof text === "string" ? { read: () => held, write: (given) => void (held = given) } : text;
    this.#reload();
  }

  async action(_pbx: string, action: string, fields: Record<string, string> = {}): Promise<AmiPacket> {
    await this.before(action);
    this.done.push(action);
    encodeFields(action, fields);
    if (!this.up) throw new AmiNotUp("main", false);
    const { refuse, dropAt } = this.trouble;
    if (refuse?.action === action) {
      this.trouble = {};
      throw new AmiRefused(action, refuse.reason);
    }
    const drops = dropAt?.action === action;
    const answer = drops && !dropAt.done ? {} : this.#answer(action, fields);
    if (drops) {
      this.up = false;
      this.trouble = {};
      throw new AmiNotUp("main", true);
    }
    return { response: "Success", ...answer };
  }

  async list(_pbx: string, action: string, fields: Record<string, string> = {}): Promise<AmiPacket[]> {
    await this.before(action);
    this.done.push(action);
    if (!this.up) throw new AmiNotUp("main", false);
    if (this.trouble.dropAt?.action === action) {
      this.up = false;
      this.trouble = {};
      throw new AmiNotUp("main", true);
    }
    return this.#show(fields.Endpoint ?? "");
  }

  /** What it has in memory of an endpoint. */
  knows(name: string, type = "endpoint"): Category | undefined {
    return this.#loaded.get(`${type} ${name}`);
  }

  #answer(action: string, fields: Record<string, string>): AmiPacket {
    switch (action) {
      case "CoreSettings":
        return { asteriskversion: this.version };
      case "ListCommands":
        return this.rights.has("UpdateConfig") ? { updateconfig: "Update basic configuration." } : {};
      case "GetConfig":
        return this.#getConfig();
      case "UpdateConfig":
        if (!this.rights.has("UpdateConfig")) throw new AmiRefused(action, "Permission denied");
        this.file.write(updateConfig(this.file.read(), fields));
        return {};
      case "Reload":
        this.#reload();
        return {};
      default:
        throw new AmiRefused(action, "Invalid/unknown command");
    }
  }

  #getConfig(): AmiPacket {
    const packet: Record<string, string> = {};
    this.#categories().forEach(({ name, template, inherits, lines }, at) => {
      const number = String(at).padStart(6, "0");
      packet[`category-${number}`] = name;
      if (template) packet[`istemplate-${number}`] = "1";
      if (inherits.length > 0) packet[`templates-${number}`] = inherits.join(",");
      lines.forEach((line, index) =>
        packet[`line-${number}-${String(index).padStart(6, "0")}`] = `${line.name}=${line.value}`
      );
    });
    return packet;
  }

  #categories(): Category[] {
    const { all, broken } = readFile(this.file.read());
    if (broken.length > 0) throw new AmiRefused("GetConfig", "Config file has invalid format");
    return all;
  }

  #reload(): void {
    const { all, broken } = readFile(this.file.read());
    if (broken.length > 0) return;
    const next = new Map<string, Category>();
    for (const one of all.filter(({ template }) => !template)) {
      const key = `${typeOf(one)} ${one.name}`;
      if (next.has(key)) return;
      const isBad = one.lines.some(({ name, value }) =>
        name === "nosuch" || listOf(value).some((word) => BAD.test(word))
      );
      const kept = isBad ? this.#loaded.get(key) : one;
      if (kept !== undefined) next.set(key, kept);
    }
    this.#loaded = next;
  }

  #show(name: string): AmiPacket[] {
    const endpoint = this.knows(name);
    if (endpoint === undefined) {
      throw new AmiRefused("PJSIPShowEndpoint", `Unable to retrieve endpoint ${name}`);
    }
    const transport = this.knows(valueOf(endpoint, "transport") ?? "", "transport");
    return [
      detail("EndpointDetail", endpoint, { allow: `(${codecsOf(endpoint.lines)?.join("|") ?? ""})` }),
      ...this.#named("auth", [
        ...listOf(valueOf(endpoint, "auth")),
        ...listOf(valueOf(endpoint, "outbound_auth")),
      ]),
      ...this.#named("aor", listOf(valueOf(endpoint, "aors"))),
      ...(transport === undefined ? [] : [detail("TransportDetail", transport)]),
      ...[...this.#loaded.values()].filter((one) =>
        typeOf(one) === "identify" && valueOf(one, "endpoint") === name
      )
        .map((one) => detail("IdentifyDetail", one, { match: "" })),
    ];
  }

  #named(type: string, names: string[]): AmiPacket[] {
    const event = type === "aor" ? "AorDetail" : "AuthDetail";
    return names.flatMap((name) => {
      const found = this.knows(name, type);
      return found === undefined ? [] : [detail(event, found)];
    });
  }
}

/** A clock whose timers run at once, while its time goes on as if they had been waited for. */
export function hastyClock(): Clock {
  let now = Date.UTC(2026, 0, 15, 12);
  return {
    now: () => now,
    toWall: (at) => at,
    fromWall: (at) => at,
    setTimeout: (run, ms) => {
      queueMicrotask(() => {
        now += ms;
        run();
      });
      return 0;
    },
    clearTimeout: () => {},
  };
}

function detail(event: string, category: Category, more: Record<string, string> = {}): AmiPacket {
  const packet: Record<string, string> = { event, objectname: category.name };
  // What is not set is shown all the same, empty.
  for (const option of ["context", "callerid", "dtmfmode", "language"]) packet[option] = "";
  for (const { name, value } of category.lines) packet[name.replaceAll("_", "").toLowerCase()] = value;
  return { ...packet, ...more };
}

function readFile(text: string) {
  return readCategories({ name: "pjsip.conf", document: parseConf(text), includes: new Map() });
}

interface Held {
  name: string;
  template: boolean;
  inherits: string[];
  lines: { name: string; value: string; inherited: boolean }[];
}

/** What UpdateConfig makes of a file: all of its actions, or none. */
export function updateConfig(text: string, fields: Record<string, string>): string {
  const all: Held[] = readFile(text).all.map(({ name, template, inherits, lines }) => ({
    name,
    template,
    inherits: [...inherits],
    lines: lines.map((line) => ({ ...line })),
  }));
  for (let at = 0;; at++) {
    const part = (name: string) => fields[`${name}-${String(at).padStart(6, "0")}`];
    if (part("Action") === undefined) break;
    doAction(all, part);
  }
  return all.map(({ name, template, inherits, lines }) => {
    const args = [...(template ? ["!"] : []), ...inherits];
    const bases = lines.filter(({ inherited }) => inherited);
    const own = lines.filter((line) =>
      !line.inherited && !bases.some((base) => base.name === line.name && base.value === line.value)
    );
    return `[${name}]${args.length > 0 ? `(${args})` : ""}\n` +
      own.map((line) => `${line.name} = ${line.value.replaceAll(";", "\\;")}\n`).join("");
  }).join("\n");
}

function doAction(all: Held[], part: (name: string) => string | undefined): void {
  const [action, cat = "", name = "", value = ""] = ["Action", "Cat", "Var", "Value"].map(part);
  const options = part("Options") ?? "";
  if (action === "NewCat") {
    const inherits = /inherit="([^"]*)"/.exec(options)?.[1]?.split(",") ?? [];
    const lines = inherits.flatMap((base) => all.find((one) => one.name === base)?.lines ?? [])
      .map((line) => ({ ...line, inherited: true }));
    const before = part("Match") === undefined ? -1 : all.findIndex((one) => one.name === part("Match"));
    const made = { name: cat, template: /\btemplate\b/.test(options), inherits, lines };
    all.splice(before < 0 ? all.length : before, 0, made);
    return;
  }
  const filter = /catfilter="([^"]*)"/.exec(options)?.[1] ?? "";
  const found = all.filter((one) => one.name.toLowerCase() === cat.toLowerCase() && isMeant(one, filter));
  if (found.length === 0) throw new AmiRefused("UpdateConfig", "Given category does not exist");
  for (const one of found) {
    const line = Number(part("Line"));
    if (action === "DelCat") all.splice(all.indexOf(one), 1);
    else if (action === "RenameCat") one.name = value;
    else if (action === "Append") one.lines.push({ name, value, inherited: false });
    else if (action === "Insert") one.lines.splice(line, 0, { name, value, inherited: false });
    else if (action === "Delete") one.lines.splice(line, 1);
    else if (action === "Update") {
      const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
      const match = part("Match") ?? "";
      const lines = one.lines.filter((held) =>
        same(held.name, name) && (match === "" || same(held.value, match))
      );
      if (lines.length === 0) throw new AmiRefused("UpdateConfig", "Update did not complete successfully");
      for (const held of lines) Object.assign(held, { value, inherited: false });
    } else throw new AmiRefused("UpdateConfig", "Unknown action command");
  }
}

function isMeant({ template, lines }: Held, filter: string): boolean {
  const terms = filter.split(",").filter((term) => term !== "");
  if (template !== terms.includes("TEMPLATES=restrict")) return false;
  return terms.filter((term) => !term.startsWith("TEMPLATES=")).every((term) => {
    const [name = "", value = ""] = term.split("=");
    return lines.some((line) => new RegExp(name).test(line.name) && new RegExp(value).test(line.value));
  });
}

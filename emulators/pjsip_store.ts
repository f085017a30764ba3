/**
 * @module
 * The objects of pjsip.conf that an emulated Asterisk goes by: out of what a test names, or out of the file, which is
 * taken as Asterisk takes it, so that a bad object keeps its old configuration and the others take the new one.
 */
import { type ConfSection, ConfSyntaxError, parseConf } from "./asterisk_conf.ts";
import { PjsipObject, type PjsipType, problemOf } from "./pjsip_fields.ts";

/** One endpoint as a test names it; what is missing is as it is on most phones. */
export interface EndpointSpec {
  /** The extension, such as `777`; the endpoint is called `777-ep`. */
  number: string;
  /** What the endpoint is called instead. */
  endpoint?: string;
  /** Name of its address of record. Default the number; null for an endpoint that has none. */
  aor?: string | null;
  /** The caller's name that it shows. Default `User 777`. */
  name?: string;
  /** Default true. */
  registered?: boolean;
  /** Whether it answers a ringing call when it gets a NOTIFY with `Event: talk`. Default true. */
  remoteAnswer?: boolean;
  /** Whether it is an outside line; that needs no registration. Default false. */
  trunk?: boolean;
  /** How many contacts may be registered. Default 2. */
  maxContacts?: number;
  /** Whether a contact too many takes the place of an older one, instead of being refused. Default false. */
  removeExisting?: boolean;
  /** How often Asterisk asks whether it is there; 0 for never. Default 2. */
  qualifySeconds?: number;
  /** Its network address. Default 127.0.0.1. */
  host?: string;
  userAgent?: string;
  /** Password that it registers with; null for one that needs none. Default one of its own. */
  password?: string | null;
}

/** What stands where the world has phones, when nothing else is asked for. */
export const DEFAULT_ENDPOINTS: readonly EndpointSpec[] = [
  ...["777", "888", "150", "151", "152"].map((number) => ({ number })),
  { number: "trunk", trunk: true },
];

/** Where the trunk is. */
export const TRUNK_HOST = "127.0.0.2";

/** Something for Asterisk's log. */
export interface Complaint {
  level: "ERROR" | "NOTICE";
  source: string;
  message: string;
}

type Options = [name: string, value: string][];
type Known = { type: PjsipType; id: string; options: Options; template?: string };

const TYPES: readonly string[] = ["endpoint", "auth", "aor", "identify", "transport"];
const SORCERY = "res_sorcery_config.c";
const CODECS: Options = [["disallow", "all"], ["allow", "ulaw"], ["direct_media", "no"]];

/** What a phone's endpoint is called. */
export function endpointName(spec: EndpointSpec): string {
  return spec.endpoint ?? `${spec.number}-ep`;
}

/** The objects, by type and name. */
export class PjsipStore {
  #objects = new Map<string, PjsipObject>();
  readonly #version: 16 | 22;

  constructor(version: 16 | 22) {
    this.#version = version;
  }

  get(type: PjsipType, id: string): PjsipObject | null {
    return this.#objects.get(`${type} ${id}`) ?? null;
  }

  /** All of a type, in the order of the file. */
  all(type: PjsipType): PjsipObject[] {
    return [...this.#objects.values()].filter((one) => one.type === type);
  }

  /** Takes endpoints that a test names. */
  add(specs: readonly EndpointSpec[]): void {
    this.#put({ type: "transport", id: "udp", options: [["protocol", "udp"], ["bind", "127.0.0.1:5060"]] });
    for (const spec of specs) for (const one of objectsOf(spec)) this.#put(one);
  }

  /** Takes a file; what it does not take, it says. */
  load(text: string, name: string): Complaint[] {
    const said: Complaint[] = [];
    const error = (message: string, source = SORCERY) => said.push({ level: "ERROR", source, message });
    let sections: ConfSection[];
    try {
      sections = parseConf(text);
    } catch (fault) {
      if (!(fault instanceof ConfSyntaxError)) throw fault;
      error(`${fault.message} of ${name}`, "config.c");
      error(`Contents of config file '${name}' are invalid and cannot be parsed`);
      return said;
    }
    const taken = new Map<string, PjsipObject>();
    for (const section of sections.filter(({ template }) => !template)) {
      const type = section.lines.findLast((line) => line.name === "type")?.value ?? "";
      if (!TYPES.includes(type)) continue;
      const { name: id, lines } = section;
      const key = `${type} ${id}`;
      if (taken.has(key)) {
        error(
          `Config file '${name}' could not be loaded; configuration contains a duplicate object: '${id}' ` +
            `of type '${type}'`,
        );
        return said;
      }
      const object = new PjsipObject(
        type as PjsipType,
        id,
        lines.map((line) => [line.name.toLowerCase(), line.value]),
      );
      const lineOf = (option: string) =>
        lines.findLast((line) => line.name.toLowerCase() === option)?.number ?? 0;
      const problem = problemOf(object, this.#version, lineOf);
      const kept = problem === null ? object : this.#objects.get(key);
      if (problem !== null) {
        error(problem, "config_options.c");
        error(
          `Could not create an object of type '${type}' with id '${id}' from configuration file '${name}'`,
        );
        if (kept === undefined) continue;
        const message = `Retaining existing configuration for object of type '${type}' with id '${id}'`;
        said.push({ level: "NOTICE", source: SORCERY, message });
      }
      // Transports are as they were at the start until Asterisk is restarted.
      const before = type === "transport" ? this.#objects.get(key) : undefined;
      taken.set(key, before ?? kept!);
    }
    this.#objects = taken;
    return said;
  }

  #put({ type, id, options }: Known): void {
    this.#objects.set(`${type} ${id}`, new PjsipObject(type, id, [["type", type], ...options]));
  }
}

/** A file that names these endpoints, with templates and comments, as somebody would have written it. */
export function confOf(specs: readonly EndpointSpec[]): string {
  const out = [
    "; SIP endpoints of an emulated Asterisk. It is read anew at every start, and at a reload.",
    "",
    ...section("udp", "", [["type", "transport"], ["protocol", "udp"], ["bind", "127.0.0.1:5060"]]),
    "; What every phone has in common",
    ...section("phone", "!", [["type", "endpoint"], ["context", "internal"], ...CODECS]),
    ...section("phone-auth", "!", [["type", "auth"], ["auth_type", "userpass"]]),
    ...section("phone-aor", "!", [["type", "aor"], ["max_contacts", "2"], ["qualify_frequency", "2"]]),
  ];
  for (const spec of specs) {
    out.push(spec.trunk ? "; The line to the outside" : `; ${nameOf(spec)}`);
    for (const { type, id, options, template } of objectsOf(spec)) {
      const common = template === undefined ? [] : COMMON[template]!;
      const own = options.filter(([name, value]) =>
        !common.some(([one, normal]) => one === name && normal === value)
      );
      out.push(...section(id, template ?? "", template === undefined ? [["type", type], ...own] : own));
    }
  }
  return `${out.join("\n").trimEnd()}\n`;
}

const COMMON: Record<string, Options> = {
  phone: [["context", "internal"], ...CODECS],
  "phone-auth": [["auth_type", "userpass"]],
  "phone-aor": [["max_contacts", "2"], ["qualify_frequency", "2"]],
};

function section(name: string, words: string, options: Options): string[] {
  const lines = options.map(([option, value]) => `${option} = ${value.replaceAll(";", "\\;")}`);
  return [`[${name}]${words && `(${words})`}`, ...lines, ""];
}

function nameOf(spec: EndpointSpec): string {
  return spec.name ?? `User ${spec.number}`;
}

function objectsOf(spec: EndpointSpec): Known[] {
  const id = endpointName(spec);
  const aor = spec.aor === undefined ? spec.number : spec.aor;
  const named: Options = aor === null ? [] : [["aors", aor]];
  if (spec.trunk) {
    const contact = `sip:${spec.number}@${TRUNK_HOST}:5060`;
    return [
      { type: "endpoint", id, options: [["context", "from-trunk"], ...CODECS, ...named] },
      ...(aor === null
        ? []
        : [{ type: "aor" as const, id: aor, options: [["contact", contact]] as Options }]),
      { type: "identify", id: `${spec.number}-identify`, options: [["endpoint", id], ["match", TRUNK_HOST]] },
    ];
  }
  const { password = `secret-of-${spec.number}` } = spec;
  const objects: Known[] = [{
    type: "endpoint",
    id,
    template: "phone",
    options: [
      ...COMMON.phone!,
      ...named,
      ...(password === null ? [] : [["auth", spec.number] as [string, string]]),
      ["callerid", `"${nameOf(spec)}" <${spec.number}>`],
    ],
  }];
  if (password !== null) {
    objects.push({
      type: "auth",
      id: spec.number,
      template: "phone-auth",
      options: [["auth_type", "userpass"], ["username", spec.number], ["password", password]],
    });
  }
  if (aor === null) return objects;
  const options: Options = [
    ["max_contacts", String(spec.maxContacts ?? 2)],
    ["qualify_frequency", String(spec.qualifySeconds ?? 2)],
    ...(spec.removeExisting ? [["remove_existing", "yes"] as [string, string]] : []),
  ];
  return [...objects, { type: "aor", id: aor, template: "phone-aor", options }];
}

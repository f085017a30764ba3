/**
 * @module
 * What an endpoint can be made from: a phone, a door panel, a trunk. It makes sections of the four types that an
 * endpoint consists of; a trunk that has to register elsewhere needs a section of type registration, which is not among
 * them and stays with whoever keeps the file.
 */
import { type Categories, typeOf, valueOf } from "./categories.ts";
import type { SectionInput } from "./form.ts";

export type CreatableId = "phone" | "panel" | "trunk";

/** A field of a form. */
export interface CreatableField {
  name: string;
  required: boolean;
  secret: boolean;
  default: string | null;
  /** A regular expression for the whole value. */
  pattern?: string;
}

/** What can be created. */
export interface Creatable {
  id: CreatableId;
  fields: CreatableField[];
}

/** Values that a form was sent with. */
export type CreatableValues = Readonly<Record<string, string>>;

const IDS: readonly CreatableId[] = ["phone", "panel", "trunk"];
const WORD = "[A-Za-z0-9_.@+-]{1,80}";
const CODECS = "[A-Za-z0-9_.,]{1,200}";
const HOST = "[A-Za-z0-9_.:\\[\\]-]{1,200}";
/** What phones behind a router, and panels, need to be heard. */
const BEHIND_NAT = ["rtp_symmetric", "force_rport", "rewrite_contact"];

/** The ways to create an endpoint; defaults are those that most endpoints here have. */
export function creatables(categories: Categories): Creatable[] {
  const context = usual(categories, "context") ?? "internal";
  const field = (name: string, given: Partial<CreatableField> = {}): CreatableField => ({
    name,
    required: false,
    secret: false,
    default: null,
    ...given,
  });
  const person = [
    field("username", { pattern: WORD }),
    field("password", { required: true, secret: true }),
    field("context", { required: true, default: context, pattern: WORD }),
    field("callerid"),
    field("transport", { pattern: WORD }),
  ];
  return IDS.map((id) => {
    switch (id) {
      case "phone":
        return {
          id,
          fields: [
            ...person,
            field("codecs", { required: true, default: "ulaw,alaw", pattern: CODECS }),
            field("max_contacts", { required: true, default: "1", pattern: "[1-9]\\d?" }),
          ],
        };
      case "panel":
        return {
          id,
          fields: [
            ...person,
            field("codecs", { required: true, default: "ulaw,alaw,h264", pattern: CODECS }),
            field("dtmf_mode", {
              required: true,
              default: "rfc4733",
              pattern: "rfc4733|info|inband|auto|auto_info",
            }),
          ],
        };
      case "trunk":
        return {
          id,
          fields: [
            field("host", { required: true, pattern: HOST }),
            field("port", { default: "5060", pattern: "\\d{1,5}" }),
            field("match", { pattern: "[A-Za-z0-9_.:,/\\[\\]-]{1,300}" }),
            field("username", { pattern: WORD }),
            field("password", { secret: true }),
            field("context", { required: true, default: "from-trunk", pattern: WORD }),
            field("codecs", { required: true, default: "ulaw,alaw", pattern: CODECS }),
            field("transport", { pattern: WORD }),
          ],
        };
    }
  });
}

/** What is wrong with the values, by field; empty when nothing is. */
export function fieldProblems(
  creatable: Creatable,
  values: CreatableValues,
): { field: string; message: string }[] {
  const unknown = Object.keys(values).filter((name) =>
    !creatable.fields.some((field) => field.name === name)
  );
  return [
    ...unknown.map((field) => ({
      field,
      message: `There is no field ${JSON.stringify(field.slice(0, 50))}`,
    })),
    ...creatable.fields.flatMap(({ name, required, pattern, default: usualValue }) => {
      const value = values[name] ?? usualValue ?? "";
      if (value === "") return required ? [{ field: name, message: `Expected a value for ${name}` }] : [];
      if (pattern === undefined || new RegExp(`^(?:${pattern})$`).test(value)) return [];
      return [{ field: name, message: `Cannot take this value for ${name}: expected ${pattern}` }];
    }),
  ];
}

/** The sections of a new endpoint. Its values are not safe to write yet. */
export function createSections(creatable: Creatable, name: string, values: CreatableValues): SectionInput[] {
  const value = (field: string) =>
    values[field] ?? creatable.fields.find((one) => one.name === field)?.default ?? "";
  return creatable.id === "trunk" ? trunk(name, value) : phone(name, value, creatable.id);
}

/** What is to be entered into the phone itself, in English; null for what is no phone. */
export function phoneSettings({ id }: Creatable, name: string, values: CreatableValues): string | null {
  if (id === "trunk") return null;
  return `In the phone: user ${name}, authentication user ${values.username || name}, and the password`;
}

type Value = (field: string) => string;

/**
 * All sections have the one name: by default Asterisk finds the endpoint of a registration by the user of its From, and
 * the AOR by the user of its To, which are the same in ordinary phones.
 */
function phone(name: string, value: Value, id: "phone" | "panel"): SectionInput[] {
  return [
    section(name, {
      type: "endpoint",
      transport: value("transport"),
      context: value("context"),
      disallow: "all",
      allow: value("codecs"),
      aors: name,
      auth: name,
      callerid: value("callerid"),
      ...(id === "panel" ? { dtmf_mode: value("dtmf_mode") } : {}),
      direct_media: "no",
      ...Object.fromEntries(BEHIND_NAT.map((option) => [option, "yes"])),
    }),
    section(name, {
      type: "auth",
      auth_type: "userpass",
      username: value("username") || name,
      password: value("password"),
    }),
    section(name, {
      type: "aor",
      max_contacts: id === "panel" ? "1" : value("max_contacts"),
      remove_existing: "yes",
      qualify_frequency: "60",
    }),
  ];
}

function trunk(name: string, value: Value): SectionInput[] {
  const withAuth = value("username") !== "";
  const port = value("port") === "" ? "" : `:${value("port")}`;
  return [
    section(name, {
      type: "endpoint",
      transport: value("transport"),
      context: value("context"),
      disallow: "all",
      allow: value("codecs"),
      aors: name,
      outbound_auth: withAuth ? name : "",
      from_user: value("username"),
      direct_media: "no",
    }),
    ...(withAuth
      ? [section(name, {
        type: "auth",
        auth_type: "userpass",
        username: value("username"),
        password: value("password"),
      })]
      : []),
    section(name, { type: "aor", contact: `sip:${value("host")}${port}`, qualify_frequency: "60" }),
    section(`${name}-identify`, { type: "identify", endpoint: name, match: value("match") || value("host") }),
  ];
}

function section(name: string, options: Record<string, string>): SectionInput {
  return {
    name,
    options: Object.entries(options).filter(([, value]) => value !== "").map(([option, value]) => ({
      name: option,
      value,
    })),
  };
}

function usual({ all }: Categories, option: string): string | null {
  const counts = new Map<string, number>();
  for (const one of all) {
    const value = typeOf(one) === "endpoint" && !one.template ? valueOf(one, option) : undefined;
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

/**
 * @module
 * The single steps of UpdateConfig on the sections of a file, as Asterisk 16.28 and 22.10 take them: which sections a
 * step reaches, and why it is refused.
 */
import { type ConfLine, type ConfSection, same } from "./asterisk_conf.ts";

/** A step cannot be taken. The message is Asterisk's. */
export class ConfigRefusal extends Error {
  override name = "ConfigRefusal";
}

/** One step. */
export interface Step {
  /** In lower case. */
  what: string;
  category: string;
  variable: string;
  value: string;
  match: string;
  line: string;
  options: string;
}

/** Which sections are meant: by their lines, and whether templates are. */
export interface Filter {
  templates: "no" | "include" | "restrict";
  lines: { name: RegExp; value: RegExp }[];
}

/** Reads `Filter` of GetConfig, and what is quoted in `catfilter`. */
export function readFilter(text: string): Filter | null {
  if (text === "") return null;
  const filter: Filter = { templates: "no", lines: [] };
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const [name, value] = [part.slice(0, at).trim(), part.slice(at + 1).trim()];
    if (name === "TEMPLATES") filter.templates = value === "restrict" ? "restrict" : "include";
    else filter.lines.push({ name: expression(name), value: expression(value) });
  }
  return filter;
}

/** What is no expression fits nothing. */
function expression(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    return /(?!)/;
  }
}

/** Whether a section is meant. */
export function selected(section: ConfSection, filter: Filter | null): boolean {
  const templates = filter?.templates ?? "no";
  if (section.template ? templates === "no" : templates === "restrict") return false;
  return (filter?.lines ?? []).every(({ name, value }) =>
    section.lines.some((line) => name.test(line.name) && value.test(line.value))
  );
}

/** Takes one step. @throws ConfigRefusal when Asterisk does not */
export function edit(sections: ConfSection[], step: Step): void {
  if (step.category === "") throw new ConfigRefusal("Category not specified");
  if (incomplete(step)) throw new ConfigRefusal("Problem with category, value, or line (if required)");
  const options = optionsOf(step.options);
  const filter = step.options.includes("catfilter") ? options.filter : null;
  const those = sections.filter((one) => same(one.name, step.category) && selected(one, filter));
  if (step.what === "newcat") return create(sections, step, options);
  const steps = { renamecat, delcat, emptycat, update, delete: remove, append, insert };
  if (!Object.hasOwn(steps, step.what)) throw new ConfigRefusal("Unknown action command");
  if (those.length === 0) throw new ConfigRefusal("Given category does not exist");
  steps[step.what as keyof typeof steps](those, step, sections);
}

function incomplete({ what, variable, value, line }: Step): boolean {
  switch (what) {
    case "renamecat":
      return value === "";
    case "update":
    case "append":
      return variable === "";
    case "delete":
      return variable === "" && line === "";
    case "insert":
      return variable === "" || line === "";
    default:
      return false;
  }
}

interface Options {
  allowdups: boolean;
  template: boolean;
  inherit: string[];
  filter: Filter;
}

/** Something that no section has: what a filter without quotes comes to. */
const NOTHING: Filter = { templates: "no", lines: [{ name: /(?!)/, value: /(?!)/ }] };

function optionsOf(text: string): Options {
  const quoted = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(text)?.[1];
  return {
    allowdups: /(^|,)\s*allowdups/.test(text),
    template: /(^|,)\s*template/.test(text),
    inherit: quoted("inherit")?.split(",") ?? [],
    filter: readFilter(quoted("catfilter") ?? "") ?? NOTHING,
  };
}

function create(sections: ConfSection[], step: Step, { allowdups, template, inherit }: Options): void {
  const refusal = new ConfigRefusal("Create category did not complete successfully");
  if (!allowdups && sections.some((one) => same(one.name, step.category) && !one.template)) throw refusal;
  const lines = inherit.flatMap((name) => {
    const base = sections.find((one) => same(one.name, name));
    if (base === undefined) throw refusal;
    return base.lines.map((line) => ({ ...line, inherited: true, above: [], beside: "" }));
  });
  const before = step.match === "" ? -1 : sections.findIndex((one) => same(one.name, step.match));
  if (step.match !== "" && before === -1) throw refusal;
  sections.splice(before === -1 ? sections.length : before, 0, {
    name: step.category,
    template,
    bases: inherit,
    lines,
    above: [],
    beside: "",
  });
}

function renamecat(those: ConfSection[], { value }: Step): void {
  for (const section of those) section.name = value;
}

function delcat(those: ConfSection[], _step: Step, sections: ConfSection[]): void {
  for (const section of those) {
    dropLines(section, () => true, sections);
    const index = sections.indexOf(section);
    leaveBlank(sections[index + 1], section.above.length + 1);
    sections.splice(index, 1);
  }
}

function emptycat(those: ConfSection[], _step: Step, sections: ConfSection[]): void {
  for (const section of those) dropLines(section, () => true, sections);
}

function update(those: ConfSection[], { variable, value, match }: Step): void {
  let found = false;
  for (const section of those) {
    for (const line of section.lines) {
      if (!same(line.name, variable) || (match !== "" && !same(line.value, match))) continue;
      found = true;
      Object.assign(line, valueOf(value), { inherited: false });
    }
  }
  if (!found) throw new ConfigRefusal("Update did not complete successfully");
}

function remove(those: ConfSection[], { variable, match, line }: Step, sections: ConfSection[]): void {
  let found = false;
  for (const section of those) {
    const meant = (one: ConfLine, index: number) =>
      line === ""
        ? same(one.name, variable) && (match === "" || same(one.value, match))
        : index === Number(line);
    found = dropLines(section, meant, sections) || found;
  }
  if (!found) throw new ConfigRefusal("Delete did not complete successfully");
}

/** Takes lines away with their comments; what was there before stays empty, as Asterisk writes it. */
function dropLines(
  section: ConfSection,
  meant: (line: ConfLine, index: number) => boolean,
  sections: readonly ConfSection[],
): boolean {
  const kept: ConfLine[] = [];
  let empty = 0;
  for (const [index, line] of section.lines.entries()) {
    if (meant(line, index)) empty += line.inherited ? 0 : line.above.length + 1;
    else {
      if (!line.inherited) {
        leaveBlank(line, empty);
        empty = 0;
      }
      kept.push(line);
    }
  }
  leaveBlank(sections[sections.indexOf(section) + 1], empty);
  const dropped = kept.length < section.lines.length;
  section.lines = kept;
  return dropped;
}

function leaveBlank(next: { above: string[] } | undefined, count: number): void {
  next?.above.unshift(...Array<string>(count).fill(""));
}

function append(those: ConfSection[], { variable, value }: Step): void {
  for (const section of those) section.lines.push(newLine(variable, value));
}

function insert(those: ConfSection[], { variable, value, line }: Step): void {
  for (const section of those) section.lines.splice(Number(line), 0, newLine(variable, value));
}

function newLine(name: string, value: string): ConfLine {
  return { name, ...valueOf(value), inherited: false, above: [], beside: "", number: 0 };
}

/** A value that begins with `>` is written behind `=>`. */
function valueOf(value: string): { value: string; arrow: boolean } {
  return value.startsWith(">") ? { value: value.slice(1).trimStart(), arrow: true } : { value, arrow: false };
}

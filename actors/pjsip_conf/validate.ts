/**
 * @module
 * Whether sections make sense to Asterisk before they are written: types, options, values, references, what has to be
 * there once or at least once. What was wrong before and is left as it is becomes a warning.
 */
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";
import type { LoadedConf } from "./apply.ts";
import { type Category, listOf, sameName, typeOf, valueOf } from "./categories.ts";
import { parseConf } from "./document.ts";
import { authsOf, belongsTo, findGroup, type Group, GROUP_TYPES, type GroupType } from "./group.ts";
import { isKnown, isSecret, type KnownOptions, nearest } from "./options.ts";
import { valueProblem } from "./values.ts";

interface ValidateOptions {
  before: LoadedConf;
  after: LoadedConf;
  name: string;
  /** The sections as they were sent, for line numbers. */
  text: string;
  known: KnownOptions;
  /** What of the text is left out, and what its sections are, by the lines of their heads. */
  fit?: { left: ReadonlySet<number>; types: ReadonlyMap<number, string> };
}

/** Shorter passwords can be guessed by trying. */
const SHORT_PASSWORD = 10;

/** What is wrong with a name's sections, errors first. */
export function validate(options: ValidateOptions): ConfigProblemView[] {
  const { before, after, name, text, known } = options;
  const was = new Set(problemsOf(before, name, known).map(identity));
  const group = findGroup(after.categories, name);
  const problems = [...textProblems(after, group, options), ...problemsOf(after, name, known)]
    .map((one) => was.has(identity(one)) ? { ...one, severity: "warning" as const } : one);
  if (after.source === "ami" && /^[^\S\n]*;|[^\\];/m.test(text)) {
    problems.push(
      problem("comments_not_kept", "AMI has no way to write comments: they are left out", {}, "warning"),
    );
  }
  const lines = locator(text);
  return problems.map((one) => ({ ...one, line: one.line ?? lines(one) }))
    .sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
}

/** Sections of the text that are not this endpoint's to have. */
function textProblems(after: LoadedConf, group: Group | null, options: ValidateOptions): ConfigProblemView[] {
  const { name, text, before, fit } = options;
  const kind = findGroup(before.categories, name)?.kind;
  // A section whose template is not there has no type; that is said once.
  if (group === null && after.categories.broken.length > 0) return [];
  if (group === null || kind !== undefined && group.kind !== kind) {
    return [
      problem("not_there", `There is no ${kind ?? "endpoint"} [${name}] among the sections`, {
        section: name,
      }),
    ];
  }
  const problems: ConfigProblemView[] = [];
  const endpoint = group.members.find(({ type }) => type === "endpoint")?.category;
  for (const block of parseConf(text).blocks) {
    // The first that could be it, of the sections of that name: if any is this endpoint's, it is.
    if (fit?.left.has(block.head)) continue;
    const own = fit?.types.get(block.head) ??
      block.options.findLast((option) => option.name.toLowerCase() === "type")?.value;
    const candidates = after.categories.all.filter((one) =>
      one.name === block.name && one.template === block.template && (own === undefined || typeOf(one) === own)
    );
    const at = { section: block.name, line: block.head + 1 };
    const type = own ?? candidates.map(typeOf).find((one) => one !== undefined);
    if (block.addsTo !== null) continue; // applying refuses what adds to a section of others
    if (type !== undefined && !isGroupType(type) || type === undefined && !block.template) {
      problems.push(
        problem("section_type", `Expected type ${GROUP_TYPES.join(", ")}, got ${type ?? "none"}`, at),
      );
    } else if (group.kind === "template") {
      if (!block.template || block.name !== name) {
        problems.push(problem("foreign_section", `[${block.name}] is not the template [${name}]`, at));
      }
    } else if (block.template) {
      const used = group.templates.some((one) => one.name === block.name);
      if (!used) {
        problems.push(problem("foreign_section", `No section of [${name}] inherits [${block.name}]`, at));
      }
    } else if (endpoint === undefined || !candidates.some((one) => belongsTo(one, endpoint))) {
      problems.push(
        problem("foreign_section", `[${block.name}] is no part of [${name}]: nothing there names it`, at),
      );
    }
  }
  return problems;
}

function problemsOf(conf: LoadedConf, name: string, known: KnownOptions): ConfigProblemView[] {
  const group = findGroup(conf.categories, name);
  const problems = brokenProblems(conf);
  if (group === null) return problems;
  for (const { category, type } of group.members) {
    problems.push(...duplicates(conf, category, type));
    if (type !== null && isGroupType(type)) problems.push(...optionProblems(category, type, known));
  }
  if (group.kind === "template") return problems;
  const refer = (from: Category, option: string, type: string, names: string[]) => {
    for (const one of names) problems.push(...missing(conf, { from, option, type, name: one }));
  };
  for (const { category, type } of group.members) {
    if (type === "endpoint") {
      refer(category, "aors", "aor", listOf(valueOf(category, "aors")));
      refer(category, "auth", "auth", listOf(valueOf(category, "auth")));
      refer(category, "outbound_auth", "auth", listOf(valueOf(category, "outbound_auth")));
      refer(category, "transport", "transport", listOf(valueOf(category, "transport")));
      problems.push(...endpointProblems(category));
    } else if (type === "auth") problems.push(...authProblems(conf, category));
    else if (
      type === "identify" && !has(category, "match") && !has(category, "match_header") &&
      !has(category, "match_request_uri")
    ) {
      problems.push(problem("missing_option", "An identify matches nothing without match or match_header", {
        section: category.name,
        option: "match",
      }));
    }
  }
  return problems;
}

function brokenProblems({ categories, main }: LoadedConf): ConfigProblemView[] {
  return categories.broken.map(({ file, line, why }) => {
    const where = file === main ? "" : ` in ${file.name}`;
    const block = file.document.blocks.find(({ head }) => head === line);
    const code = why.includes("to inherit") ? "missing_template" : "syntax";
    return problem(code, `Asterisk refuses the whole file${where}: ${why}`, { section: block?.name ?? null });
  });
}

function duplicates(
  { categories }: LoadedConf,
  category: Category,
  type: string | null,
): ConfigProblemView[] {
  const same = categories.all.filter((one) =>
    sameName(one.name, category.name) && one.template === category.template &&
    (category.template || (typeOf(one) ?? null) === type)
  );
  if (same.length < 2) return [];
  const what = category.template ? "template" : `section of type ${type}`;
  return [problem("duplicate_section", `There is another ${what} with the name ${category.name}`, {
    section: category.name,
  })];
}

function optionProblems(category: Category, type: GroupType, known: KnownOptions): ConfigProblemView[] {
  return category.lines.filter(({ inherited }) => !inherited).flatMap(({ name, value }) => {
    const at = { section: category.name, option: name };
    if (!isKnown(known, type, name)) {
      const near = nearest(known, type, name);
      const hint = near === null ? "" : `; did you mean ${near}`;
      return [problem("unknown_option", `Asterisk knows no option ${name} of type ${type}${hint}`, at)];
    }
    const kind = known[type].get(name);
    if (kind === undefined || value === "") return [];
    const why = valueProblem(kind, name, value);
    // An address may have a password in it.
    const isTold = kind.kind !== "contact" && !isSecret(name);
    return why === null ? [] : [
      problem("bad_value", `Cannot take ${name}${isTold ? ` = ${JSON.stringify(value)}` : ""}: ${why}`, at),
    ];
  });
}

function missing(
  { categories }: LoadedConf,
  { from, option, type, name }: { from: Category; option: string; type: string; name: string },
): ConfigProblemView[] {
  if (categories.all.some((one) => !one.template && one.name === name && typeOf(one) === type)) return [];
  const message = `There is no section [${name}] of type ${type}`;
  // It may be in a file that cannot be read from here.
  const severity = categories.incomplete ? "warning" : "error";
  return [problem("missing_reference", message, { section: from.name, option }, severity)];
}

function endpointProblems(category: Category): ConfigProblemView[] {
  const problems: ConfigProblemView[] = [];
  const section = category.name;
  const warn = (code: string, option: string, message: string) =>
    problems.push(problem(code, message, { section, option }, "warning"));
  if (listOf(valueOf(category, "aors")).length === 0) {
    warn("no_aor", "aors", "Without aors nobody can call it");
  }
  if (!has(category, "allow")) warn("no_codecs", "allow", "Without allow it has no codecs");
  return problems;
}

function authProblems({ categories }: LoadedConf, category: Category): ConfigProblemView[] {
  const problems: ConfigProblemView[] = [];
  const section = category.name;
  const method = (valueOf(category, "auth_type") ?? "userpass").toLowerCase();
  const username = valueOf(category, "username") ?? "";
  const password = valueOf(category, "password") ?? "";
  const need = (option: string) =>
    problems.push(
      problem("missing_option", `An auth of type ${method} needs ${option}`, { section, option }),
    );
  if (method === "md5" && !has(category, "md5_cred")) need("md5_cred");
  if ((method === "md5" || method === "userpass") && username === "") need("username");
  if (method === "userpass") {
    const why = weakness(password, username);
    const at = { section, option: "password" };
    if (why !== null) problems.push(problem("weak_password", `The password is weak: ${why}`, at, "warning"));
  }
  const isInbound = (one: Category) =>
    categories.all.some((other) =>
      typeOf(other) === "endpoint" && !other.template && listOf(valueOf(other, "auth")).includes(one.name)
    );
  const twin = username === "" || !isInbound(category)
    ? undefined
    : categories.all.find((one) =>
      one !== category && !one.template && typeOf(one) === "auth" && valueOf(one, "username") === username &&
      isInbound(one)
    );
  if (twin !== undefined) {
    problems.push(
      problem("duplicate_username", `The username ${username} is that of [${twin.name}] already`, {
        section,
        option: "username",
      }),
    );
  }
  return problems;
}

function weakness(password: string, username: string): string | null {
  if (password === "") return "there is none";
  if (password.length < SHORT_PASSWORD) return `it is shorter than ${SHORT_PASSWORD} characters`;
  if (username !== "" && password.toLowerCase().includes(username.toLowerCase())) {
    return "the username is in it";
  }
  return new Set(password).size < 5 ? "it has few different characters" : null;
}

/** Sections that a deletion would leave with a reference to nothing. */
export function stillUsed(conf: LoadedConf, group: Group): ConfigProblemView[] {
  if (group.kind === "template") {
    const users = group.members[0]!.usedBy;
    return users.length === 0
      ? []
      : [problem("still_used", `The template is inherited by ${users.join(", ")}`, {
        section: group.name,
      })];
  }
  const heirs = conf.categories.all.filter((one) => one.inherits.includes(group.name)).map(({ name }) =>
    name
  );
  return heirs.length === 0
    ? []
    : [problem("still_used", `The endpoint is inherited by ${heirs.join(", ")}`, {
      section: group.name,
    })];
}

/** Shared sections that would be gone though others use them. */
export function lostShared(before: LoadedConf, after: LoadedConf, name: string): ConfigProblemView[] {
  const group = findGroup(before.categories, name);
  return (group?.members ?? []).flatMap(({ category, type, usedBy }) => {
    const there = after.categories.all.some((one) => one.name === category.name && typeOf(one) === type);
    if (there || usedBy.length === 0 || category.template) return [];
    return [
      problem("still_used", `[${category.name}] is used by ${usedBy.join(", ")}`, { section: category.name }),
    ];
  });
}

/** Endpoints whose objects change when a name's sections do. */
export function touched({ categories }: LoadedConf, name: string): Category[] {
  const heirs = new Set([name]);
  for (const one of categories.all) {
    if (one.inherits.some((base) => heirs.has(base))) heirs.add(one.name);
  }
  return categories.all.filter((one) => {
    if (one.template || typeOf(one) !== "endpoint") return false;
    const parts = [one.name, ...listOf(valueOf(one, "aors")), ...authsOf(one)];
    return parts.some((part) => heirs.has(part));
  });
}

function locator(text: string): (problem: ConfigProblemView) => number | null {
  const { blocks } = parseConf(text);
  return ({ section, option }) => {
    const named = blocks.filter(({ name }) => name === section);
    for (const block of named) {
      const line = block.options.findLast(({ name }) => name === option)?.line;
      if (line !== undefined) return line + 1;
    }
    return named[0] === undefined ? null : named[0].head + 1;
  };
}

/** A problem of any kind. */
export function problem(
  code: string,
  message: string,
  at: Partial<Pick<ConfigProblemView, "section" | "option" | "line">>,
  severity: ConfigProblemView["severity"] = "error",
): ConfigProblemView {
  return { severity, code, section: null, option: null, line: null, ...at, message };
}

/** A problem as it is told: a whole sentence. */
export function asSentence(one: ConfigProblemView): ConfigProblemView {
  return /[.!?]$/.test(one.message) ? one : { ...one, message: `${one.message}.` };
}

function identity({ code, section, option, message }: ConfigProblemView): string {
  return JSON.stringify([code, section, option, message]);
}

function has(category: Category, option: string): boolean {
  return (valueOf(category, option) ?? "") !== "";
}

function isGroupType(type: string): type is GroupType {
  return (GROUP_TYPES as readonly string[]).includes(type);
}

/**
 * @module
 * Which sections a text may take the places of, before it is put into the file: those of its endpoint, what nobody else
 * uses any more, and never what others use. What is left out of a text, or stays beside it, is told.
 */
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";
import { type LoadedConf, ownBlocks } from "./apply.ts";
import { type Category, readCategories, sameName, typeOf, valueOf } from "./categories.ts";
import { type Block, blockText, parseConf } from "./document.ts";
import { belongsTo, type Group, GROUP_TYPES, type Member, usersOf, usersOfTemplate } from "./group.ts";
import type { ConfigAction } from "./history.ts";
import { problem } from "./validate.ts";

/** A text as it is to be put into the file. */
export interface Fit {
  /** What it takes the places of; other sections that the endpoint has stay as they are. */
  group: Group | null;
  /** What was sent without what is left out. */
  text: string;
  /** Lines of the heads, in what was sent, that are left out. */
  left: ReadonlySet<number>;
  /** Types of what was sent by the line of its head; they may come from templates. */
  types: ReadonlyMap<number, string>;
  notes: ConfigProblemView[];
}

interface Sent {
  conf: LoadedConf;
  group: Group | null;
  name: string;
  text: string;
  action: ConfigAction;
}

/** Fits a text to what is there. It has to be free of what `textProblems` finds. */
export function fitText(sent: Sent): Fit {
  const { group, name, text, action } = sent;
  const fit = { group, text, left: new Set<number>(), types: new Map<number, string>(), notes: [] };
  if (group?.kind === "template") return fit;
  const read = readBeside(sent);
  const given = [...new Set(read.values())].filter(({ template }) => !template);
  for (const [line, category] of read) {
    const type = typeOf(category);
    if (type !== undefined) fit.types.set(line, type);
  }
  const endpoint = given.find((one) => one.name === name && typeOf(one) === "endpoint");
  if (endpoint === undefined) return fit;
  const fitting = new Fitting(sent, endpoint);
  for (const member of group?.members ?? []) {
    fitting.member(
      member,
      given.find((one) => isSame(one, member.category)),
    );
  }
  for (const one of given) {
    if (!group?.members.some(({ category }) => isSame(one, category))) fitting.stranger(one);
  }
  const left = new Set([...read].filter(([, category]) => fitting.left.has(category)).map(([line]) => line));
  const members = [...fitting.members];
  return {
    ...fit,
    left,
    group: group === null && members.length === 0
      ? null
      : { name, kind: "endpoint", templates: group?.templates ?? [], members },
    text: left.size === 0 ? text : without(text, left),
    notes: action === "delete" ? [] : fitting.notes,
  };
}

/** Sections of others that an endpoint names and did not name before. */
export function newlyShared(before: Group | null, after: Group | null): ConfigProblemView[] {
  return (after?.members ?? []).filter(({ category, usedBy }) =>
    usedBy.length > 0 && !category.template && !before?.members.some((one) => isSame(one.category, category))
  ).map(({ category: { name }, type, usedBy }) =>
    problem("shared_section", `[${name}] of type ${type} is used by ${usedBy.join(", ")} too`, {
      section: name,
    }, "warning")
  );
}

class Fitting {
  readonly members: Set<Member>;
  readonly left = new Set<Category>();
  readonly notes: ConfigProblemView[] = [];
  readonly #sent: Sent;
  readonly #endpoint: Category;

  constructor(sent: Sent, endpoint: Category) {
    this.#sent = sent;
    this.#endpoint = endpoint;
    this.members = new Set(sent.group?.members);
  }

  /** A section that the endpoint has, and what the text makes of it. */
  member(member: Member, given: Category | undefined): void {
    const { category, type } = member;
    if (type !== "aor" && type !== "auth" && type !== "identify") return;
    const isRollback = this.#sent.action === "rollback";
    const holder = this.#holderOf(category);
    const differs = given !== undefined && ownLines(given) !== ownLines(category);
    if (!belongsTo(category, this.#endpoint)) {
      if (given !== undefined) this.left.add(given);
      if (holder !== null) this.#keep(member, holder);
      else if (given !== undefined) {
        this.#note(
          "section_removed",
          category,
          `is removed: nothing in ${this.#endpoint.name} names it any more`,
        );
      }
    } else if (holder !== null && isRollback) {
      if (given !== undefined) this.left.add(given);
      this.members.delete(member);
      if (differs) this.#note("section_kept", category, `stays as it is: ${holder}`);
    } else if (member.usedBy.length > 0 && differs) {
      this.#note("shared_section", category, `is changed for ${member.usedBy.join(", ")} too`);
    }
  }

  /** A section of the text that the endpoint does not have. */
  stranger(given: Category): void {
    const { conf, action } = this.#sent;
    if (given === this.#endpoint || !(GROUP_TYPES as readonly string[]).includes(typeOf(given) ?? "")) return;
    if (action === "rollback" && !belongsTo(given, this.#endpoint)) {
      this.left.add(given);
      return;
    }
    const there = conf.categories.all.find((one) => isSame(one, given));
    if (there === undefined) return;
    const holder = this.#holderOf(there);
    if (holder === null) {
      // What a new endpoint is made of has to be new: nobody would expect it to take something over.
      if (action !== "create") this.members.add({ category: there, type: typeOf(there) ?? null, usedBy: [] });
    } else if (action === "rollback") {
      this.left.add(given);
      this.#note("section_kept", there, `stays as it is: ${holder}`);
    }
  }

  #keep(member: Member, holder: string): void {
    this.members.delete(member);
    this.#note("section_kept", member.category, `stays as it is: ${holder}`);
  }

  /** Why a section is not this endpoint's to change; null when it is. */
  #holderOf(category: Category): string | null {
    const { conf, name } = this.#sent;
    const { all } = conf.categories;
    const [place] = category.places;
    if (place!.file !== conf.main) return `it stands in ${place!.file.name}`;
    const users = typeOf(category) === "identify"
      ? all.filter((one) => typeOf(one) === "endpoint" && one.name === valueOf(category, "endpoint")).map((
        one,
      ) => one.name)
        .filter((one) => one !== name)
      : usersOf(conf.categories, category, name);
    // Of several with one name the first is inherited.
    const heirs = all.find((one) => sameName(one.name, category.name)) === category
      ? usersOfTemplate(conf.categories, category.name)
      : [];
    const both = [...new Set([...users, ...heirs])];
    return both.length === 0 ? null : `${both.join(", ")} ${both.length === 1 ? "uses" : "use"} it`;
  }

  #note(code: string, category: Category, what: string): void {
    const { name } = category;
    const message = `[${name}] of type ${typeOf(category)} ${what}`;
    this.notes.push(problem(code, message, { section: name }, "warning"));
  }
}

/** Sections of a text by the lines of their heads, with all that they get from what is in the file beside them. */
function readBeside({ conf, group, text }: Sent): Map<number, Category> {
  const own = new Set<Block>(group === null ? [] : ownBlocks(conf, group));
  const others = conf.categories.all.flatMap(({ places }) => places).filter(({ block }) => !own.has(block))
    .map(({ file, block }) => blockText(file.document, block)).join("") + "\n";
  const first = others.split("\n").length - 1;
  const { all } = readCategories({ name: "", document: parseConf(others + text), includes: new Map() });
  return new Map(
    all.filter(({ places }) => places[0]!.block.head >= first).flatMap((category) =>
      category.places.map(({ block }) => [block.head - first, category])
    ),
  );
}

function without(text: string, heads: ReadonlySet<number>): string {
  const { blocks, lines } = parseConf(text);
  const gone = blocks.filter(({ head }) => heads.has(head));
  return lines.filter((_, at) => !gone.some(({ from, to }) => at >= from && at < to)).map(({ raw }) => raw)
    .join("");
}

function isSame(a: Category, b: Category): boolean {
  return sameName(a.name, b.name) && a.template === b.template && typeOf(a) === typeOf(b);
}

function ownLines({ inherits, lines }: Category): string {
  return JSON.stringify([
    inherits,
    lines.filter(({ inherited }) => !inherited).map(({ name, value }) => [name, value]),
  ]);
}

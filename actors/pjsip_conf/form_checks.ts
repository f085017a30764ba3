/**
 * @module
 * What a form may ask for: what it was made from is there, its values fit, and it changes nothing that it cannot show or
 * that stands in another file.
 */
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";
import { type LoadedConf, ownBlocks } from "./apply.ts";
import {
  type Creatable,
  creatables,
  type CreatableValues,
  createSections,
  fieldProblems,
  phoneSettings,
} from "./creatable.ts";
import { formProblems, type SectionInput } from "./form.ts";
import type { Group, Member } from "./group.ts";
import { ConfigRefused } from "./refusal.ts";
import { isSafeName, refused, whyUnsafeName } from "./safety.ts";
import { asSentence, problem } from "./validate.ts";

const MAX_WHY = 500;

/** Why a change is refused before anything is looked at, by its name and reason; null when it is not. */
export function whyRefused(name: string, why: string): ConfigRefused | null {
  if (!isSafeName(name)) {
    const unsafe = refused("a section", `its name ${whyUnsafeName(name)}`);
    return new ConfigRefused("unsafe", "The name cannot be written", [asSentence(unsafe)]);
  }
  // deno-lint-ignore no-control-regex -- these are what is looked for
  if (why.length <= MAX_WHY && !/[\x00-\x08\x0b-\x1f\x7f]/.test(why)) return null;
  return new ConfigRefused("invalid", `Expected a reason of at most ${MAX_WHY} characters`);
}

/** What an endpoint is made from. @throws ConfigRefused `invalid` when there is no such thing */
export function creatable(conf: LoadedConf, id: string): Creatable {
  const found = creatables(conf.categories).find((one) => one.id === id);
  if (found === undefined) {
    throw new ConfigRefused("invalid", `There is no template ${id.slice(0, 40)} to create from`);
  }
  return found;
}

/** What is wrong with the values for a new endpoint. */
export function checkValues(
  conf: LoadedConf,
  name: string,
  change: { template: string; values: CreatableValues },
): ConfigProblemView[] {
  const from = creatable(conf, change.template);
  return [
    ...fieldProblems(from, change.values)
      .map(({ field, message }) => problem("bad_field", message, { option: field })),
    ...formProblems(createSections(from, name, change.values)),
  ];
}

/** What is told to who makes a phone. */
export function settingsNote(
  conf: LoadedConf,
  name: string,
  change: { template: string; values: CreatableValues },
): ConfigProblemView[] {
  const settings = phoneSettings(creatable(conf, change.template), name, change.values);
  return settings === null ? [] : [problem("phone_settings", settings, { section: name }, "warning")];
}

/** What a form cannot change: it has one list of options for each section, and those of this file only. */
export function noForm(
  conf: LoadedConf,
  group: Group,
  sections: readonly SectionInput[],
): ConfigProblemView[] {
  const added = ownBlocks(conf, group).filter(({ addsTo, options }) =>
    addsTo !== null || options.some(({ joined }) => joined !== null)
  ).slice(0, 1).map(({ name: section }) =>
    problem("not_editable", `[${section}] has (+) or +=, which a form cannot show: change it as text`, {
      section,
    })
  );
  const changed = group.members.filter((one) =>
    isElsewhere(conf, one) && !sections.some((section) => isSame(one, section))
  );
  return [
    ...added,
    ...changed.map(({ category: { name: section, places } }) =>
      problem(
        "not_editable",
        `[${section}] stands in ${places[0]!.file.name}: it can be changed only there`,
        {
          section,
        },
      )
    ),
  ];
}

/** The sections of a form that are of this file. */
export function ownSections(
  conf: LoadedConf,
  group: Group,
  sections: readonly SectionInput[],
): SectionInput[] {
  const elsewhere = group.members.filter((one) => isElsewhere(conf, one));
  return sections.filter((section) => !elsewhere.some((one) => isSame(one, section)));
}

function isElsewhere(conf: LoadedConf, { category }: Member): boolean {
  return category.places[0]!.file !== conf.main;
}

function isSame({ category, type }: Member, section: SectionInput): boolean {
  const options = category.lines.filter(({ inherited }) => !inherited);
  const key = (list: readonly { name: string; value: string }[]) =>
    JSON.stringify(list.map(({ name, value }) => [name.toLowerCase(), value]));
  return category.name === section.name && type === (section.type ?? type) &&
    category.template === (section.template ?? false) &&
    category.inherits.join() === (section.inherits ?? []).join() && key(options) === key(section.options);
}

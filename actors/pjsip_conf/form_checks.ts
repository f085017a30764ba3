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
} from "./creatable.ts";
import { formProblems, type SectionInput } from "./form.ts";
import type { Group, Member } from "./group.ts";
import { ConfigRefused } from "./refusal.ts";
import { problem } from "./validate.ts";

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

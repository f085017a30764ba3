/**
 * @module
 * Configuration as it is shown: text and sections of a name, with secrets masked for who may not see them.
 */
import type {
  ConfigSectionView,
  ConfigVersionView,
  EndpointConfigView,
} from "../../machines/endpoint_views.ts";
import type { PjsipVersionRow } from "../../db/pjsip_versions.ts";
import { type LoadedConf, ownBlocks } from "./apply.ts";
import { type Category, typeOf } from "./categories.ts";
import { unifiedDiff } from "./diff.ts";
import { blockText } from "./document.ts";
import type { Group } from "./group.ts";
import { usersOfTemplate } from "./group.ts";
import { isSecret, type KnownOptions, listKnown } from "./options.ts";
import { isSafeName, whyUnsafeName } from "./safety.ts";
import { maskText, maskValue, withoutSecrets } from "./secrets.ts";

/** The sections of a name as text, those that can be changed; with none of these, all. */
export function groupText(conf: LoadedConf, group: Group): string {
  const own = ownBlocks(conf, group).map((block) => blockText(conf.main.document, block));
  if (own.length > 0) return own.join("\n");
  return group.members.flatMap(({ category }) => category.places)
    .map(({ file, block }) => blockText(file.document, block)).join("\n");
}

/** Why a name's sections cannot be changed, in English; null when they can. */
export function whyNotEditable(conf: LoadedConf, group: Group | null): string | null {
  if (conf.notEditable !== null || group === null) return conf.notEditable;
  if (!isSafeName(group.name)) {
    return `Its name ${whyUnsafeName(group.name)}: it can be changed only in the file`;
  }
  for (const { category, type } of group.members) {
    if (category.name !== group.name || group.kind === "endpoint" && type !== "endpoint") continue;
    const elsewhere = category.places.find(({ file }) => file !== conf.main);
    if (elsewhere !== undefined) {
      return `[${category.name}] stands in ${elsewhere.file.name}, which is included: it can be changed only there`;
    }
  }
  const interrupted = ownBlocks(conf, group).find((block) => block.interrupted);
  return interrupted === undefined ? null : `An #include stands among the options of [${interrupted.name}]`;
}

/** Everything about a name's configuration. */
export function configView(
  conf: LoadedConf,
  group: Group,
  { pbx, masked, known }: { pbx: string; masked: boolean; known: KnownOptions },
): EndpointConfigView {
  const reason = whyNotEditable(conf, group);
  const text = groupText(conf, group);
  return {
    pbx,
    name: group.name,
    kind: group.kind,
    source: conf.source,
    revision: conf.revision,
    editable: reason === null,
    not_editable_reason: reason,
    text: masked ? maskText(text) : text,
    sections: group.members.map(({ category, usedBy }) => sectionView(category, usedBy, masked)),
    templates: group.templates.map((one) =>
      sectionView(
        one,
        usersOfTemplate(conf.categories, one.name).filter((name) => name !== group.name),
        masked,
      )
    ),
    known_options: listKnown(known),
  };
}

/** A version as it is shown. */
export function versionView(row: PjsipVersionRow, masked: boolean): ConfigVersionView {
  const { id, pbx, name, at, user_id, user_name, why, action, result, failure, text_before, text_after } =
    row;
  const told = (text: string) => masked ? withoutSecrets(text, text_before + text_after) : text;
  return {
    id,
    pbx,
    name,
    at: at.toISOString(),
    by: { id: user_id, name: user_name },
    why: told(why),
    action,
    result,
    failure: failure === null ? null : told(failure),
    diff: unifiedDiff(name, text_before, text_after, { masked }),
  };
}

function sectionView(category: Category, usedBy: string[], masked: boolean): ConfigSectionView {
  return {
    name: category.name,
    type: typeOf(category) ?? null,
    template: category.template,
    inherits: category.inherits,
    options: category.lines.filter(({ inherited }) => !inherited).map(({ name, value }) => ({
      name,
      value: maskValue(name, value, masked),
      secret: isSecret(name),
    })),
    used_by: usedBy,
  };
}

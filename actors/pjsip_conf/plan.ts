/**
 * @module
 * What a change would come to, before anything is written: the configuration after it, what is wrong with that, and the
 * difference.
 */
import type { ConfigProblemView } from "../../machines/endpoint_views.ts";
import { applyText, type LoadedConf, ownBlocks, textProblems } from "./apply.ts";
import { unifiedDiff } from "./diff.ts";
import { blockKey, blockText, parseConf } from "./document.ts";
import { fitText, newlyShared } from "./fit.ts";
import { sectionText } from "./form.ts";
import { findGroup, type Group } from "./group.ts";
import { readLines } from "./lines.ts";
import type { ConfigAction, Texts } from "./history.ts";
import type { KnownOptions } from "./options.ts";
import type { ConfSource } from "./source.ts";
import { lostShared, problem, stillUsed, validate } from "./validate.ts";
import { groupText } from "./views.ts";

/** What a change makes of what is there. */
export interface Wanted {
  action: ConfigAction;
  /** The sections as they are to be; empty to have none. */
  text: (conf: LoadedConf, group: Group | null) => string;
  /** Problems that are known before. */
  problems?: (conf: LoadedConf, group: Group | null) => ConfigProblemView[];
  /** Warnings that go with it. */
  notes?: (conf: LoadedConf) => ConfigProblemView[];
  masked: boolean;
}

/** What a change would come to. */
export interface Plan {
  /** Null where it cannot even be put into the file. */
  next: LoadedConf | null;
  problems: ConfigProblemView[];
  diff: string;
  texts: Texts;
}

/** Makes the plan of a change. @throws ConfigRefused `unsafe` when it would alter more than it is about */
export function planChange({ name, conf, group, source, wanted, known }: {
  name: string;
  conf: LoadedConf;
  group: Group | null;
  source: ConfSource;
  wanted: Wanted;
  known: KnownOptions;
}): Plan {
  const textBefore = group === null ? "" : groupText(conf, group);
  const failed = (problems: ConfigProblemView[], text: string) => ({
    next: null,
    problems,
    diff: unifiedDiff(name, textBefore, text, { masked: wanted.masked }),
    texts: { before: textBefore, after: text },
  });
  const early = wanted.problems?.(conf, group) ?? [];
  if (early.length > 0) return failed(early, textBefore);
  const sent = wanted.text(conf, group).replaceAll("\r\n", "\n");
  const gone = sent.trim() === "";
  if (gone && group !== null && wanted.action !== "delete" && wanted.action !== "rollback") {
    return failed([problem("not_there", "There are no sections: to have none, delete it", {})], sent);
  }
  const there = new Set(readLines(textBefore).map(({ raw }) => raw.trim()));
  const mayStay = (line: string) => wanted.action === "rollback" || there.has(line.trim());
  const wrong = [...textProblems(sent, mayStay), ...amiProblems(source, sent)];
  if (wrong.some(({ severity }) => severity === "error")) return failed(wrong, sent);
  const bound = gone && group !== null ? stillUsed(conf, group) : [];
  if (bound.length > 0) return failed(bound, sent);
  const { action } = wanted;
  const fit = gone ? null : fitText({ conf, group, name, text: sent, action });
  const mine = fit === null ? group : fit.group;
  const fitted = fit === null ? group === null ? "" : sharedText(conf, group) : fit.text;
  const next = applyText(conf, mine, source.kind === "ami" ? plain(fitted) : fitted);
  const problems = fit === null ? [] : withoutTwins([
    ...wrong,
    ...validate({ before: conf, after: next, name, text: sent, known, fit }),
    ...lostShared(conf, next, name),
    ...fit.notes,
    ...newlyShared(group, findGroup(next.categories, name)),
    ...(wanted.notes?.(conf) ?? []),
  ]).map((one) =>
    action === "rollback" && MAY_COME_BACK.has(one.code) ? { ...one, severity: "warning" as const } : one
  );
  const obstacle = problems.some(({ severity }) => severity === "error") ? null : source.obstacle(conf, next);
  if (obstacle !== null) problems.push(problem("not_editable", obstacle, {}));
  const after = findGroup(next.categories, name);
  const textAfter = gone || after === null ? "" : groupText(next, after);
  const adopted = (mine?.members ?? []).filter((one) => !group?.members.includes(one));
  const textsBefore = [textBefore, replaced(conf, mine === null ? null : { ...mine, members: adopted })];
  return {
    next,
    problems,
    diff: unifiedDiff(name, replaced(conf, mine), written(conf, mine, next), { masked: wanted.masked }),
    texts: { before: textsBefore.filter((one) => one !== "").join("\n"), after: textAfter },
  };
}

/**
 * What was in force once may be so again, even if something that it names is not there any more: whether Asterisk takes
 * it is seen when it has loaded it.
 */
const MAY_COME_BACK = new Set([
  "unknown_option",
  "bad_value",
  "missing_reference",
  "missing_option",
  "duplicate_username",
]);

function withoutTwins(problems: ConfigProblemView[]): ConfigProblemView[] {
  const keys = new Set<string>();
  return problems.filter(({ code, section, option, message }) => {
    const key = JSON.stringify([code, section, option, message]);
    return !keys.has(key) && keys.add(key);
  });
}

/** What a change takes away, or writes anew. */
function replaced(conf: LoadedConf, group: Group | null): string {
  if (group === null) return "";
  return ownBlocks(conf, group).map((block) => blockText(conf.main.document, block)).join("\n");
}

/** What stands there then: all but what is there now and is not replaced. */
function written(conf: LoadedConf, group: Group | null, next: LoadedConf): string {
  const own = new Set(group === null ? [] : ownBlocks(conf, group));
  const others = conf.main.document.blocks.filter((block) => !own.has(block)).map(blockKey);
  return next.main.document.blocks.filter((block) => {
    const at = others.indexOf(blockKey(block));
    if (at >= 0) others.splice(at, 1);
    return at < 0;
  }).map((block) => blockText(next.main.document, block)).join("\n");
}

/** Sections that others use too: they stay when an endpoint goes. */
function sharedText(conf: LoadedConf, group: Group): string {
  if (group.kind === "template") return "";
  return group.members.filter(({ usedBy }) => usedBy.length > 0).flatMap(({ category }) => category.places)
    .filter(({ file }) => file === conf.main).map(({ block }) => blockText(conf.main.document, block)).join(
      "\n",
    );
}

/** What AMI has no way to write. */
function amiProblems(source: ConfSource, text: string): ConfigProblemView[] {
  if (source.kind !== "ami") return [];
  return parseConf(text).blocks.flatMap(({ name, addsTo, options, head }) => [
    ...(addsTo === null ? [] : [problem("not_editable", "AMI has no way to write [name](+)", {
      section: name,
      line: head + 1,
    })]),
    ...options.filter(({ joined }) => joined !== null).map((option) =>
      problem("not_editable", "AMI has no way to write +=", {
        section: name,
        option: option.name,
        line: option.line + 1,
      })
    ),
  ]);
}

/** A text as AMI has it: sections and options, without comments. */
function plain(text: string): string {
  return parseConf(text).blocks.map(sectionText).join("\n");
}

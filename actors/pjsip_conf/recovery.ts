/**
 * @module
 * What became of changes that nobody saw to their end, since Doorline or the link went down: what is in the file, and
 * what Asterisk shows once it has loaded it, says so. Of the file it changes nothing, but for half of a change, which it
 * takes back.
 */
import type { PjsipVersionRow } from "../../db/pjsip_versions.ts";
import { applyText, type LoadedConf, withDocument } from "./apply.ts";
import type { Act } from "./ami_source.ts";
import { type List, type Outcome, OWED, reload, show } from "./carry_out.ts";
import type { Categories, Category } from "./categories.ts";
import { blockKey, blockText, parseConf } from "./document.ts";
import { findGroup } from "./group.ts";
import { type ConfigAction, type ConfigHistory, NOT_KNOWN } from "./history.ts";
import type { KnownOptions } from "./options.ts";
import type { ConfSource } from "./source.ts";
import { isHalfMade, keyOf, standing } from "./take_back.ts";
import { verify } from "./verify.ts";
import { groupText } from "./views.ts";

interface RecoverOptions {
  history: ConfigHistory;
  source: ConfSource;
  act: Act;
  list: List;
  known: (name: string) => Promise<KnownOptions>;
  log: { info(detail: Record<string, unknown>, message: string): void };
}

type Judged = Pick<Outcome, "result" | "failure">;

const HALF: Judged = {
  result: "rolled_back",
  failure: "only a part of it was written; it was taken back when Asterisk was there again",
};

/**
 * Has Asterisk load its configuration where a change still owes that, and notes what became of each such change.
 *
 * @returns names whose configuration may be another now
 * @throws ConfigRefused, DatabaseAway
 */
export async function recover(pbx: string, options: RecoverOptions): Promise<string[]> {
  const { history, source, act, log } = options;
  const rows = await history.unsettled(pbx);
  if (rows.length === 0) return [];
  let conf = await source.load();
  const halves = new Set<PjsipVersionRow>();
  for (const row of rows) {
    const change = source.kind === "ami" && row.result === "saved" ? halfOf(row, conf) : null;
    if (change === null) continue;
    conf = await source.takeBack(change.before, change.after);
    halves.add(row);
  }
  await reload(act);
  for (const row of rows) {
    const { id, name, text_before, text_after } = row;
    const isHalf = halves.has(row);
    const judged = isHalf ? HALF : await judge(row, conf, options);
    await history.settle({
      version: id,
      pbx,
      name,
      action: row.action as ConfigAction,
      by: { userId: row.user_id, name: row.user_name, address: null },
      ...judged,
      texts: isHalf ? { before: text_before, after: text_after } : null,
    });
    log.info(
      { pbx, name, version: id, ...judged },
      "What became of a change of configuration was found out later",
    );
  }
  return [...new Set(rows.map(({ name }) => name))];
}

async function judge(row: PjsipVersionRow, conf: LoadedConf, options: RecoverOptions): Promise<Judged> {
  const { name, result, failure, text_before, text_after } = row;
  const told = failure === null || failure === NOT_KNOWN ? null : failure.slice(0, -OWED.length);
  if (result === "rolled_back") return { result, failure: told };
  const group = findGroup(conf.categories, name);
  const now = sections(group === null ? "" : groupText(conf, group));
  if (now === sections(text_before) && now !== sections(text_after)) {
    return { result: "rolled_back", failure: "Nobody saw its end, and nothing of it is there" };
  }
  if (now !== sections(text_after)) {
    return { result, failure: "Nobody saw its end, and the configuration was changed since" };
  }
  if (group?.kind === "template") {
    return { result, failure: "It is saved and loaded; whether the endpoints took it, nobody has looked" };
  }
  const { differences, unseen } = verify({
    name,
    before: categoriesBefore(conf, text_before, name),
    after: conf.categories,
    shownBefore: undefined,
    shown: await show(options.list, name),
    known: await options.known(name),
  });
  if (differences.length > 0) {
    const what = differences.join("; ");
    return { result, failure: `${what}; it could not be taken back, since nobody saw its end` };
  }
  return {
    result,
    failure: unseen.length === 0 ? null : `It is saved and loaded, but: ${unseen.join("; ")}`,
  };
}

/** What there was before a change that stands; nothing where that cannot be told any more. */
function categoriesBefore(conf: LoadedConf, text: string, name: string): Categories {
  try {
    return applyText(conf, findGroup(conf.categories, name), text).categories;
  } catch {
    return { all: [], broken: [], incomplete: false };
  }
}

/** AMI brings no comments back, and sections in another order. */
function sections(text: string): string {
  return parseConf(text).blocks.map(blockKey).sort().join();
}

/** A change of an endpoint, of which UpdateConfig was told only a part; null where it is all there, or others' by now. */
function halfOf(
  { text_before, text_after }: PjsipVersionRow,
  conf: LoadedConf,
): { before: LoadedConf; after: LoadedConf } | null {
  const textOf = (categories: Category[]) =>
    categories.flatMap(({ places }) => places).map(({ file, block }) => blockText(file.document, block)).join(
      "",
    );
  const { all } = conf.categories;
  const templates = textOf(all.filter(({ template }) => template));
  const keys = new Set(
    [text_before, text_after].flatMap((text) => read(conf, templates + text).categories.all)
      .filter(({ template }) => !template).map(keyOf),
  );
  const rest = textOf(all.filter((one) => !keys.has(keyOf(one)) && !isHalfMade(one)));
  const [before, after] = [read(conf, rest + text_before), read(conf, rest + text_after)];
  const change = { before: before.categories, after: after.categories };
  return standing(change, conf.categories) === "part" ? { before, after } : null;
}

function read(conf: LoadedConf, text: string): LoadedConf {
  return withDocument({ ...conf, main: { ...conf.main, includes: new Map() } }, parseConf(text));
}

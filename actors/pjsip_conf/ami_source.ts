/**
 * @module
 * pjsip.conf behind AMI: read by GetConfig, which tells no comments, and written by UpdateConfig, which keeps most of
 * them. Facts are of Asterisk 16.28 and 22.10.
 */
import { createHash } from "node:crypto";
import {
  AmiNotUp,
  type AmiPacket,
  AmiRefused,
  AmiTimeout,
  AmiUnsafeValue,
  MAX_HEADERS,
} from "../ami/packet.ts";
import { type AnswerText, sectionsOfAnswer, sectionsOfJson, textOfSections } from "./ami_answers.ts";
import { CannotPlan, lostLine, planUpdate, type UpdateAction } from "./ami_plan.ts";
import { type LoadedConf, sameCategories } from "./apply.ts";
import { type Categories, readCategories } from "./categories.ts";
import { parseConf } from "./document.ts";
import { conflict } from "./file_source.ts";
import { ConfigRefused } from "./refusal.ts";
import type { ConfSource } from "./source.ts";

/** Does one action on the PBX at hand. */
export type Act = (action: string, fields?: Record<string, string>) => Promise<AmiPacket>;

const FILE = "pjsip.conf";
/** Of UpdateConfig itself: Action, ActionID, both file names, PreserveEffectiveContext. */
const OWN_HEADERS = 5;

/** A source that speaks AMI. */
export function amiSource(act: Act): ConfSource {
  return {
    kind: "ami",
    load: () => load(act),
    obstacle,
    save: (before, after) => save(act, before, after),
  };
}

/** Nobody knows whether it was written: the answer did not come. */
export class SaveUncertain extends Error {
  override name = "SaveUncertain";
}

async function load(act: Act): Promise<LoadedConf> {
  const { text, opaque } = await read(act);
  const document = parseConf(text);
  const main = { name: FILE, document, includes: new Map() };
  const categories = readCategories(main);
  return {
    source: "ami",
    main,
    categories,
    revision: createHash("sha256").update(text).digest("hex"),
    notEditable: opaque !== null
      ? `AMI does not tell which options of [${opaque}] are its own`
      : await whyReadOnly(act, categories),
  };
}

/**
 * GetConfigJSON says all in one line, where GetConfig has a header for each: of 5,000 endpoints these took 8 s, and that
 * 0.8 s. But it does not escape names of templates, so that its answer may be none.
 */
async function read(act: Act): Promise<AnswerText> {
  const fields = { Filename: FILE, Filter: "TEMPLATES=include" };
  try {
    const sections = sectionsOfJson((await act("GetConfigJSON", fields)).json ?? "");
    const answer = sections === null ? null : textOfSections(sections);
    if (answer !== null && answer.opaque === null) return answer;
  } catch (error) {
    if (!(error instanceof AmiRefused)) throw asRefusal(error);
  }
  return textOfSections(sectionsOfAnswer(await ask(act, "GetConfig", fields)));
}

async function whyReadOnly(act: Act, categories: Categories): Promise<string | null> {
  const commands = await ask(act, "ListCommands", {});
  if (commands.updateconfig === undefined) {
    return 'The AMI account has no right to write configuration: add "config" to its write classes';
  }
  return lossOf(categories);
}

function lossOf(categories: Categories): string | null {
  const lost = lostLine(categories);
  return lost === null
    ? null
    : `Asterisk's UpdateConfig would drop ${lost.option} of [${lost.section}], which is in ` +
      `its template too: change it in the file, or set DOORLINE_PJSIP_CONF`;
}

function obstacle(before: LoadedConf, after: LoadedConf): string | null {
  try {
    planUpdate(before.categories, after.categories);
  } catch (error) {
    if (error instanceof CannotPlan) return error.message;
    throw error;
  }
  if (after.main.document.blocks.some(({ addsTo }) => addsTo !== null)) {
    return "AMI has no way to write [name](+)";
  }
  return lossOf(after.categories);
}

async function save(act: Act, before: LoadedConf, after: LoadedConf): Promise<LoadedConf> {
  const now = await load(act);
  if (now.revision !== before.revision) throw conflict();
  const batches = inBatches(planUpdate(now.categories, after.categories));
  try {
    for (const batch of batches) await send(act, batch);
  } catch (error) {
    if (!(error instanceof ConfigRefused) || error.kind !== "pbx-refused") throw error;
    await undo(act, now);
    throw error;
  }
  const written = await load(act);
  if (sameCategories(written.categories, readCategories(after.main))) return written;
  await undo(act, now);
  throw new ConfigRefused("pbx-refused", "Asterisk wrote something else than it was told; it was taken back");
}

/** Brings back what was there, whatever is there now. */
async function undo(act: Act, wanted: LoadedConf): Promise<void> {
  const now = await load(act);
  for (const batch of inBatches(planUpdate(now.categories, wanted.categories))) await send(act, batch);
}

async function send(act: Act, batch: UpdateAction[]): Promise<void> {
  const fields: Record<string, string> = {
    SrcFilename: FILE,
    DstFilename: FILE,
    // Otherwise sections get what their template had before.
    PreserveEffectiveContext: "no",
  };
  batch.forEach((action, at) => {
    for (const [part, value] of Object.entries(action)) {
      fields[`${part}-${String(at).padStart(6, "0")}`] = value;
    }
  });
  await ask(act, "UpdateConfig", fields);
}

/** One after another as many as fit into an action. */
function inBatches(actions: UpdateAction[]): UpdateAction[][] {
  const batches: UpdateAction[][] = [];
  let room = 0;
  for (const action of actions) {
    const headers = Object.keys(action).length;
    if (headers > room) {
      batches.push([]);
      room = MAX_HEADERS - OWN_HEADERS;
    }
    batches.at(-1)!.push(action);
    room -= headers;
  }
  return batches;
}

async function ask(act: Act, action: string, fields: Record<string, string>): Promise<AmiPacket> {
  try {
    return await act(action, fields);
  } catch (error) {
    if (
      action === "UpdateConfig" && (error instanceof AmiTimeout || error instanceof AmiNotUp && error.sent)
    ) {
      throw new SaveUncertain("Nobody knows whether Asterisk wrote the change: it did not answer", {
        cause: error,
      });
    }
    throw asRefusal(error);
  }
}

/** What an action failed with, as a refusal. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof AmiNotUp || error instanceof AmiTimeout) {
    return new ConfigRefused("link-down", error.message, [], error);
  }
  if (error instanceof AmiUnsafeValue) return new ConfigRefused("unsafe", error.message, [], error);
  if (!(error instanceof AmiRefused)) return error;
  if (/permission denied/i.test(error.reason)) {
    return new ConfigRefused("not-editable", "The AMI account has no right to do this", [], error);
  }
  return new ConfigRefused("pbx-refused", error.message, [], error);
}

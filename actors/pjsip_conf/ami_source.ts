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
import type { LoadedConf } from "./apply.ts";
import { type Categories, readCategories } from "./categories.ts";
import { parseConf } from "./document.ts";
import { conflict } from "./file_source.ts";
import { ConfigRefused, SaveUncertain } from "./refusal.ts";
import { MAX_VALUE_BYTES } from "./safety.ts";
import type { ConfSource } from "./source.ts";
import { standing, withoutChange } from "./take_back.ts";

/** Does one action on the PBX at hand. */
export type Act = (action: string, fields?: Record<string, string>) => Promise<AmiPacket>;

const FILE = "pjsip.conf";
/** Of UpdateConfig itself: Action, ActionID, both file names, PreserveEffectiveContext. */
const OWN_HEADERS = 5;
const encoder = new TextEncoder();

/** A source that speaks AMI. */
export function amiSource(act: Act): ConfSource {
  return {
    kind: "ami",
    load: () => load(act),
    obstacle,
    save: (before, after) => save(act, before, after),
    takeBack: (before, after) => takeBack(act, before, after),
  };
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
    const long = planUpdate(before.categories, after.categories)
      .find(({ Value = "" }) => encoder.encode(Value).length > MAX_VALUE_BYTES);
    if (long !== undefined) {
      return `AMI takes no value of more than ${MAX_VALUE_BYTES} bytes, as ${long.Var} would have`;
    }
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
  let begun = false;
  let written: LoadedConf;
  try {
    for (const batch of batches) {
      await send(act, batch);
      begun = true;
    }
    written = await load(act);
  } catch (error) {
    const refusal = asRefusal(error);
    // An action is done as a whole or not at all; only of the first one that was refused is it known that none was.
    if (!begun && !mayBeDone(error) || !(refusal instanceof ConfigRefused)) throw refusal;
    throw new SaveUncertain(refusal.kind, refusal.message, error);
  }
  if (standing({ before: now.categories, after: after.categories }, written.categories) === "whole") {
    return written;
  }
  throw new SaveUncertain("pbx-refused", "Asterisk wrote something else than it was told", null);
}

async function takeBack(act: Act, before: LoadedConf, after: LoadedConf): Promise<LoadedConf> {
  const change = { before: before.categories, after: after.categories };
  const now = await load(act);
  const stands = standing(change, now.categories);
  if (stands === "none") return now;
  if (stands === "others") throw conflict();
  try {
    const wanted = withoutChange(change, now.categories);
    for (const batch of inBatches(planUpdate(now.categories, wanted))) await send(act, batch);
  } catch (error) {
    if (error instanceof CannotPlan) throw new ConfigRefused("pbx-refused", error.message, [], error);
    throw asRefusal(error);
  }
  const restored = await load(act);
  if (standing(change, restored.categories) === "none") return restored;
  throw new ConfigRefused("pbx-refused", "Asterisk wrote something else than it was told");
}

/** Whether an action that failed may have been done all the same. */
function mayBeDone(error: unknown): boolean {
  return error instanceof AmiTimeout || error instanceof AmiNotUp && error.sent;
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
  await act("UpdateConfig", fields);
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

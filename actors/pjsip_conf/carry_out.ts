/**
 * @module
 * A change of configuration from the moment it is written until it is proven, or taken back: save, reload, look at what
 * Asterisk knows. What is not proven is never called so.
 */
import type { AmiPacket } from "../ami/packet.ts";
import { AmiRefused } from "../ami/packet.ts";
import type { Clock } from "../clock.ts";
import { type Act, asRefusal } from "./ami_source.ts";
import { type LoadedConf, sameCategories } from "./apply.ts";
import type { KnownOptions } from "./options.ts";
import { ConfigRefused, SaveUncertain } from "./refusal.ts";
import type { ConfSource } from "./source.ts";
import { standing } from "./take_back.ts";
import { needsRestart, NO_TRANSPORT, type Shown, verify } from "./verify.ts";

/** Reads a list of the PBX at hand. */
export type List = (action: string, fields?: Record<string, string>) => Promise<AmiPacket[]>;

interface CarryOutOptions {
  source: ConfSource;
  act: Act;
  list: List;
  clock: Clock;
  before: LoadedConf;
  after: LoadedConf;
  /** Endpoints that show whether it was taken. */
  names: readonly string[];
  known: KnownOptions;
}

/** What a change came to. */
export interface Outcome {
  /** `rolled_back`: what was there before is there again. */
  result: "saved" | "rolled_back";
  /** What went wrong, in English; also set where it is saved and could not be verified. */
  failure: string | null;
  needsRestart: string | null;
  revision: string;
  /** What nothing shows whether Asterisk took it, in English. */
  unseen: string[];
  /** Asterisk goes on with what it loaded until it is reloaded. */
  reloadPending: boolean;
}

/** Ends what is told of a change that Asterisk may not have loaded; by it the change is found again. */
export const OWED = "; Asterisk has to be reloaded when it is there again";

/** Ends what is told of a change in a file of which Asterisk shows nothing at all. */
const OTHER_FILE = "; is this the file that Asterisk reads?";
const MODULE = "res_pjsip.so";
/** A reload is done when it is answered; a busy Asterisk may show it a little later. In milliseconds, from try to try. */
const LOOK_AGAIN_MS = [100, 200, 400, 800];
const OBJECTS = new Set(["EndpointDetail", "AuthDetail", "AorDetail", "IdentifyDetail"]);
/** Parts of them that tell of calls and contacts. */
const BY_ITSELF = new Set(
  ["actionid", "devicestate", "activechannels", "contacts", "totalcontacts", "contactsregistered"],
);
/** How long a link that went down is waited for, and how often it is tried. */
const PATIENCE_MS = 15_000;
const TRY_EVERY_MS = 500;
/** Differences that are told. */
const MOST_TOLD = 5;

/**
 * Writes a change and sees to it that Asterisk takes it.
 *
 * @throws ConfigRefused, or anything else, only when nothing was written
 */
export async function carryOut(options: CarryOutOptions): Promise<Outcome> {
  const { source, before, after } = options;
  // Also finds out whether there is anybody to verify it with, before anything is written.
  const shownBefore = await showAll(options);
  let written: LoadedConf;
  try {
    written = await source.save(before, after);
  } catch (error) {
    if (!(error instanceof SaveUncertain)) throw error;
    const found = await lookAgain(options);
    const change = { before: before.categories, after: after.categories };
    switch (found === null ? null : standing(change, found.categories)) {
      case null:
        return outcome("saved", {
          failure: `It is not known whether the change was written: ${error.message}`,
          revision: before.revision,
          reloadPending: true,
        });
      case "none":
        throw new ConfigRefused(error.kind, error.message, [], error);
      case "whole":
        written = found!;
        break;
      default: {
        const failure = `only a part of it was written: ${error.message}`;
        return await takeBack(options, found!, { shownBefore, failure });
      }
    }
  }
  let proof: Proof | null;
  try {
    // A file can be brought back with no link; behind AMI there is nothing to do but to wait for it.
    proof = source.kind === "file"
      ? await prove(options, shownBefore)
      : await patiently(options, () => prove(options, shownBefore));
  } catch (error) {
    // Whatever it is: the file is written by now, and nobody knows what Asterisk made of it.
    return await takeBack(options, written, {
      shownBefore,
      failure: `it could not be verified: ${messageOf(error)}`,
    });
  }
  if (proof === null) {
    return outcome("saved", {
      failure: "It is saved, and could not be verified: the link to Asterisk is down",
      revision: written.revision,
      reloadPending: true,
    });
  }
  if (proof.differences.length > 0) {
    const failure = proof.differences.slice(0, MOST_TOLD).join("; ");
    const hint = source.kind === "file" && !proof.moved ? OTHER_FILE : "";
    return await takeBack(options, written, { shownBefore, failure, hint });
  }
  const alone = sameCategories(written.categories, after.categories);
  return outcome("saved", {
    revision: written.revision,
    needsRestart: proof.needsRestart,
    unseen: [...proof.unseen, ...alone ? [] : ["Something else in the configuration was changed meanwhile"]],
  });
}

/** Has Asterisk read its configuration. @throws ConfigRefused */
export async function reload(act: Act): Promise<void> {
  try {
    await act("Reload", { Module: MODULE });
  } catch (error) {
    throw asRefusal(error);
  }
}

/** What Asterisk shows of an endpoint. @throws ConfigRefused */
export async function show(list: List, name: string): Promise<Shown> {
  try {
    return await list("PJSIPShowEndpoint", { Endpoint: name });
  } catch (error) {
    const what = error instanceof AmiRefused
      ? /^unable to retrieve (endpoint|transport) (.*)$/i.exec(error.reason)
      : null;
    if (what?.[1]?.toLowerCase() === "endpoint") return null;
    if (what !== null) return [{ event: NO_TRANSPORT, objectname: what[2]! }];
    throw asRefusal(error);
  }
}

interface Proof {
  differences: string[];
  unseen: string[];
  needsRestart: string | null;
  /** Asterisk shows something else than before. */
  moved: boolean;
}

async function prove(options: CarryOutOptions, shownBefore: Map<string, Shown>): Promise<Proof> {
  const { act, before, after, known, clock } = options;
  await reload(act);
  for (let attempt = 0;; attempt++) {
    const shown = await showAll(options);
    const verdicts = [...shown].map(([name, packets]) =>
      verify({
        name,
        before: before.categories,
        after: after.categories,
        shownBefore: shownBefore.get(name) ?? null,
        shown: packets,
        known,
      })
    );
    const found = verdicts.flatMap(({ differences }) => differences);
    const unseen = verdicts.flatMap((verdict) => verdict.unseen);
    const wait = LOOK_AGAIN_MS[attempt];
    if (found.length + unseen.length === 0 || wait === undefined) {
      const restarts = [...shown.values()].map(needsRestart);
      return {
        differences: found,
        unseen,
        needsRestart: restarts.find((one) => one !== null) ?? null,
        moved: [...shown].some(([name, packets]) =>
          objectsOf(packets) !== objectsOf(shownBefore.get(name) ?? null)
        ),
      };
    }
    await sleep(clock, wait);
  }
}

async function takeBack(
  options: CarryOutOptions,
  written: LoadedConf,
  { shownBefore, failure, hint = "" }: { shownBefore: Map<string, Shown>; failure: string; hint?: string },
): Promise<Outcome> {
  const { source, before, after, act } = options;
  let restored: LoadedConf | null;
  try {
    restored = await patiently(options, () => source.takeBack(before, after));
  } catch (error) {
    const isConflict = error instanceof ConfigRefused && error.kind === "conflict";
    const why = isConflict ? "others changed the same sections meanwhile" : messageOf(error);
    return outcome("saved", {
      failure: `${failure}; it could not be taken back: ${why}`,
      revision: written.revision,
    });
  }
  if (restored === null) {
    return outcome("saved", {
      failure: `${failure}; it could not be taken back: the link to Asterisk is down`,
      revision: written.revision,
      reloadPending: true,
    });
  }
  let shown: Map<string, Shown> | null = null;
  try {
    shown = await patiently(options, async () => {
      await reload(act);
      return await showAll(options);
    });
  } catch {
    // Refused: what it knows now cannot be told, as below.
  }
  const same = shown !== null &&
    [...shown].every(([name, packets]) => (packets === null) === ((shownBefore.get(name) ?? null) === null));
  const rest = shown === null
    ? "; the former configuration is back"
    : same
    ? ""
    : "; the former configuration is back, but Asterisk does not show the endpoint as before";
  return outcome("rolled_back", {
    failure: failure + rest + hint,
    revision: restored.revision,
    reloadPending: shown === null,
  });
}

/** What Asterisk shows of objects, without what changes by itself. */
function objectsOf(shown: Shown): string {
  return JSON.stringify(
    shown?.filter(({ event }) => OBJECTS.has(event ?? "")).map((packet) =>
      Object.entries(packet).filter(([name]) => !BY_ITSELF.has(name)).sort(([a], [b]) => a < b ? -1 : 1)
    ) ?? null,
  );
}

/** What is there now; null when nobody can say. */
async function lookAgain(options: CarryOutOptions): Promise<LoadedConf | null> {
  try {
    return await patiently(options, () => options.source.load());
  } catch {
    return null;
  }
}

async function showAll({ list, names }: CarryOutOptions): Promise<Map<string, Shown>> {
  const shown = new Map<string, Shown>();
  for (const name of names) shown.set(name, await show(list, name));
  return shown;
}

/** Tries again while the link is down; null when it stays so. @throws ConfigRefused of any other kind */
async function patiently<T>({ clock }: CarryOutOptions, run: () => Promise<T>): Promise<T | null> {
  const until = clock.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof ConfigRefused && error.kind === "link-down")) throw error;
      if (clock.now() >= until) return null;
      await sleep(clock, TRY_EVERY_MS);
    }
  }
}

function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimeout(() => resolve(), ms));
}

function outcome(result: Outcome["result"], rest: Partial<Outcome> & { revision: string }): Outcome {
  const { failure = null, reloadPending = false } = rest;
  return {
    result,
    needsRestart: null,
    unseen: [],
    reloadPending,
    ...rest,
    failure: failure !== null && reloadPending ? failure + OWED : failure,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @module
 * Whether a running Asterisk knows what was written. It says nothing of objects that it did not take: it goes on with
 * their old configuration, so that what it shows is compared with what was changed. No secret is told.
 */
import type { AmiPacket } from "../ami/packet.ts";
import { type Categories, type Category, typeOf, valueOf } from "./categories.ts";
import { findGroup, GROUP_TYPES, type GroupType } from "./group.ts";
import { isSecret, type KnownOptions, shownValue } from "./options.ts";
import { EXACT, sameValue } from "./values.ts";

/**
 * Stands for an answer that broke off: Asterisk shows nothing of an endpoint whose transport it does not have, and says
 * `Unable to retrieve transport NAME`.
 */
export const NO_TRANSPORT = "NoTransport";

/** What PJSIPShowEndpoint answered; null when Asterisk knows no such endpoint. */
export type Shown = readonly AmiPacket[] | null;

const EVENTS: Record<GroupType, string> = {
  endpoint: "EndpointDetail",
  auth: "AuthDetail",
  aor: "AorDetail",
  identify: "IdentifyDetail",
};
/** `webrtc=yes` sets these itself. */
const BY_WEBRTC = new Set(
  ("use_avpf ice_support rtcp_mux bundle media_encryption media_use_received_transport dtls_setup dtls_verify " +
    "dtls_auto_generate_cert").split(" "),
);

interface VerifyOptions {
  name: string;
  before: Categories;
  after: Categories;
  /** Undefined where nobody looked: then a value that cannot be compared shows nothing. */
  shownBefore: Shown | undefined;
  shown: Shown;
  known: KnownOptions;
}

/** Kinds whose values are told: none of them can hold a secret. */
const TOLD = new Set(["yes", "int", "float", "one", "codecs", "list", "match", "callerid"]);

/** What a look at an endpoint came to, in English. */
export interface Verdict {
  /** What is not as it was written; empty when all that can be compared is. */
  differences: string[];
  /** What nothing shows, neither right nor wrong. */
  unseen: string[];
}

/** Compares what Asterisk shows of an endpoint with what was written. */
export function verify(options: VerifyOptions): Verdict {
  const { name, before, after, shownBefore, shown, known } = options;
  const group = findGroup(after, name);
  const wrong = (...differences: string[]): Verdict => ({ differences, unseen: [] });
  if (group === null || group.kind === "template") {
    return shown === null ? wrong() : wrong(`Asterisk still knows the endpoint ${name}`);
  }
  if (shown === null) return wrong(`Asterisk does not know the endpoint ${name}`);
  const verdict = wrong();
  if (needsRestart(shown) !== null) {
    return { differences: [], unseen: [`Asterisk shows nothing of ${name} while it lacks the transport`] };
  }
  for (const { category, type } of group.members) {
    if (!isGroupType(type)) continue;
    const old = before.all.find((one) =>
      one.name === category.name && !one.template && typeOf(one) === type
    ) ?? null;
    const changed = old === null || linesOf(old) !== linesOf(category);
    const packet = detail(shown, type, category.name);
    const packetBefore = detail(shownBefore ?? [], type, category.name);
    if (packet !== undefined && changed) {
      const blind = shownBefore === undefined;
      const found = compare({ category, old, type, packet, packetBefore, blind, known });
      verdict.differences.push(...found.differences);
      verdict.unseen.push(...found.unseen);
    } else if (packet === undefined && (changed || packetBefore !== undefined)) {
      verdict.differences.push(`Asterisk does not know [${category.name}] of type ${type}`);
    }
  }
  const gone =
    findGroup(before, name)?.members.filter(({ category, type }) =>
      !after.all.some((one) => one.name === category.name && !one.template && (typeOf(one) ?? null) === type)
    ) ?? [];
  for (const { category, type } of gone) {
    if (isGroupType(type) && detail(shown, type, category.name) !== undefined) {
      verdict.differences.push(`Asterisk still knows [${category.name}] of type ${type}`);
    }
  }
  return verdict;
}

/**
 * What Asterisk has to be restarted for, in English; null when nothing. All of an endpoint is taken at a reload; a
 * transport only if it is new and its port is free (16.28, 22.10).
 */
export function needsRestart(shown: Shown): string | null {
  const transport = shown?.find(({ event }) => event === NO_TRANSPORT)?.objectname;
  if (transport === undefined) return null;
  return `Asterisk did not take the transport ${transport} at the reload: it may at a restart`;
}

function compare({ category, old, type, packet, packetBefore, blind, known }: {
  category: Category;
  old: Category | null;
  type: GroupType;
  packet: AmiPacket;
  packetBefore: AmiPacket | undefined;
  blind: boolean;
  known: KnownOptions;
}): Verdict {
  const webrtc = /^(yes|true|y|t|1|on)$/i.test(valueOf(category, "webrtc") ?? "");
  const names = new Set([...category.lines, ...old?.lines ?? []].map(({ name }) => name));
  const differences: string[] = [];
  const unseen: string[] = [];
  let seen = false;
  for (const option of names) {
    // What comes of `disallow` shows in `allow`.
    const [same, whole] = option === "allow" || option === "disallow"
      ? ["allow", ["allow", "disallow"]] as const
      : [option, [option]] as const;
    if (valuesOf(old, whole) === valuesOf(category, whole)) continue;
    const shown = shownOf(packet, same);
    const shownWas = packetBefore === undefined ? undefined : shownOf(packetBefore, same);
    const written = valueOf(category, same);
    if (written === undefined) {
      // What an option is when nobody says it is not told anywhere: only that it became another shows something.
      if (!blind && shown !== shownWas) seen = true;
      else {unseen.push(
          `Asterisk shows [${category.name}] as before, so that nobody can see whether ${option} is gone`,
        );}
      continue;
    }
    if (webrtc && BY_WEBRTC.has(option)) continue;
    if (shown === undefined) {
      unseen.push(
        `Asterisk does not show ${option} of [${category.name}], so that nobody can see whether it took it`,
      );
      continue;
    }
    const kind = known[type].get(same) ?? { kind: "text" };
    const verdict = sameValue(kind, { option: same, written, shown, category }) ??
      (written.toLowerCase() === shown.toLowerCase() || (blind ? null : shownWas !== shown));
    if (verdict === null) {
      unseen.push(`Nobody can see whether Asterisk took ${option} of [${category.name}]`);
    } else if (verdict) seen ||= shown !== shownWas;
    else {
      const isTold = !isSecret(same) && (TOLD.has(kind.kind) || EXACT.has(same));
      const values = isTold ? `: wanted ${short(written)}, it has ${short(shown)}` : "";
      differences.push(`Asterisk did not take ${same} of [${category.name}]${values}`);
    }
  }
  // An object is taken as a whole or not at all: one that is new, or of which one option is right, is taken.
  const isNew = blind ? old === null : packetBefore === undefined;
  return { differences: [...new Set(differences)], unseen: seen || isNew ? [] : unseen };
}

function short(value: string): string {
  return JSON.stringify(value.slice(0, 200));
}

function shownOf(packet: AmiPacket, option: string): string | undefined {
  return option === "contact" ? packet.contacts : shownValue(packet, option);
}

function detail(shown: readonly AmiPacket[], type: GroupType, name: string): AmiPacket | undefined {
  return shown.find((packet) => packet.event === EVENTS[type] && packet.objectname === name);
}

function linesOf(category: Category): string {
  return JSON.stringify(category.lines.map(({ name, value }) => [name, value]));
}

function valuesOf(category: Category | null, options: readonly string[]): string {
  const lines = category?.lines.filter(({ name }) => options.includes(name)) ?? [];
  return JSON.stringify(lines.map(({ name, value }) => [name, value]));
}

function isGroupType(type: string | null): type is GroupType {
  return type !== null && (GROUP_TYPES as readonly string[]).includes(type);
}

/**
 * @module
 * Who takes part in a call, in words.
 */
import type { Call, Party } from "../types.ts";
import { shownNumber } from "./phones.ts";
import { t } from "./translate.ts";

/** A party in one line: `Ivan Ivanov (777)`, or what of it is known. */
export function partyLabel(party: Party): string {
  const number = party.number ? shownNumber(party.number) : "";
  if (!party.name || party.name === party.number) return number || party.name || t("call.hidden");
  return number ? `${party.name} (${number})` : party.name;
}

/** A party by one word: the name, else the number. */
export function partyName(party: Party): string {
  return party.name || (party.number ? shownNumber(party.number) : t("call.hidden"));
}

/** The other side of a call for one of its people: who was called, where they called themselves. */
export function otherParty(call: Call, userId: number | undefined): Party {
  return userId !== undefined && call.caller.user_id === userId ? call.receiver : call.caller;
}

/** Who calls, as the tab's title says it: the number is how people know each other, the name says the rest. */
export function callerLabel(call: Call): string {
  return labelOf(call.caller, call.company?.name);
}

/** The other side of a call for one of its people, said in the same way. */
export function otherLabel(call: Call, userId: number | undefined): string {
  return labelOf(otherParty(call, userId), call.company?.name);
}

function labelOf({ number, name }: Party, company = ""): string {
  const said = name && name !== number ? name : company;
  return [number ? shownNumber(number) : said ? "" : t("call.hidden"), said].filter(Boolean).join(", ");
}

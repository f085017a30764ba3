/**
 * @module
 * A party of a call: a name and a number, or what of them is known.
 */
import { shownNumber } from "../i18n/phones.ts";
import { partyLabel } from "../i18n/parties.ts";
import { t } from "../i18n/translate.ts";
import type { Party } from "../types.ts";

/** A phone number, grouped; a withheld one says so. */
export function Phone({ number }: { number: string | null }) {
  if (!number) return <span class="phone faint">{t("call.hidden")}</span>;
  return <span class="phone num">{shownNumber(number)}</span>;
}

/** A party on one line: the name first, where one is known. All of it stands in the title. */
export function PartyName({ party }: { party: Party }) {
  const named = party.name && party.name !== party.number;
  return (
    <span class="party" title={partyLabel(party)}>
      {named && <span class="party-name">{party.name}</span>}
      {(party.number || !named) && (
        <span class={named ? "party-number faint" : "party-name"}>
          <Phone number={party.number} />
        </span>
      )}
    </span>
  );
}

/**
 * @module
 * What the search finds for a text, in the order of its list.
 */
import { Building2, History, type IconNode, UserRound } from "lucide";
import { partyLabel } from "../i18n/parties.ts";
import { shownNumber } from "../i18n/phones.ts";
import { t } from "../i18n/translate.ts";
import { callPath, panelPath } from "../router.ts";
import { digitsIn, isOver, mentions } from "../store/calls.ts";
import { liveCalls } from "../store/call_views.ts";
import { pathOf } from "../store/endpoint_views.ts";
import { findEndpoints, mainContact } from "../store/endpoints.ts";
import { directory, findIn } from "../store/directory.ts";
import { endpointKey } from "../store/live_endpoints.ts";
import { endpoints, panels } from "../store/live.ts";
import { isAdmin } from "../store/session.ts";
import { find } from "../store/table.ts";
import { ringingMacs } from "../store/views.ts";
import { CALL_MARKS } from "./call_words.ts";
import { type MarkKind, markOf } from "./mark.tsx";

/** One line of the search's list. */
export interface Found {
  id: string;
  /** Its state, or the icon of its kind where it has none. */
  mark?: MarkKind;
  icon: IconNode;
  name: string;
  detail: string;
  aside: string;
  to: string;
}

const PANELS = 8;
const OTHERS = 4;
/** Fewer digits than an extension has are no number yet. */
const LEAST_DIGITS = 3;

/** All that fits a text. Empty for an empty one. */
export function foundFor(text: string): Found[] {
  if (text.trim() === "") return [];
  const found = [...callsFor(text), ...endpointsFor(text), ...peopleFor(text), ...companiesFor(text)];
  const doors = panelsFor(text, found.length ? OTHERS : PANELS);
  return [...doors, ...found, ...historyFor(text)];
}

function panelsFor(text: string, limit: number): Found[] {
  return find(panels.value.values(), text, limit).map((panel) => ({
    id: panel.mac,
    mark: markOf(panel, ringingMacs.value.has(panel.mac)),
    icon: History,
    name: panel.name || panel.mac,
    detail: panel.address,
    aside: panel.mac,
    to: panelPath(panel.mac),
  }));
}

function callsFor(text: string): Found[] {
  const living = liveCalls.value.filter((call) => !isOver(call) && mentions(call, text));
  return living.slice(0, OTHERS).map((call) => ({
    id: `call-${call.id}`,
    mark: CALL_MARKS[call.status],
    icon: History,
    name: partyLabel(call.caller),
    detail: `→ ${partyLabel(call.receiver)}`,
    aside: t("found.call"),
    to: callPath(call.id),
  }));
}

function endpointsFor(text: string): Found[] {
  return findEndpoints(endpoints.value.values(), text, OTHERS).map((endpoint) => ({
    id: `endpoint-${endpointKey(endpoint).replace(/\s/g, "_")}`,
    mark: endpoint.status,
    icon: History,
    name: endpoint.display_name,
    detail: [endpoint.owner?.name, mainContact(endpoint)?.address].filter(Boolean).join(" · "),
    aside: t("found.endpoint"),
    to: pathOf(endpoint),
  }));
}

function peopleFor(text: string): Found[] {
  const { people } = directory.value;
  const named = (one: typeof people[number]) => `${one.first_name} ${one.last_name}`.trim() || one.login;
  return findIn(people, text, (one) => `${named(one)} ${one.login}`, OTHERS).map((one) => ({
    id: `person-${one.id}`,
    icon: UserRound,
    name: named(one),
    detail: one.phones.map(shownNumber).join(", "),
    aside: t("found.people"),
    to: `/settings?tab=people&person=${one.id}`,
  }));
}

function companiesFor(text: string): Found[] {
  return findIn(directory.value.companies, text, ({ name }) => name, OTHERS).map((one) => ({
    id: `company-${one.id}`,
    icon: Building2,
    name: one.name,
    detail: one.phones.map(shownNumber).join(", "),
    aside: t("found.company"),
    // Only an admin minds companies; to others it is the calls that matter.
    to: `${isAdmin.value ? "/settings?tab=companies&q=" : "/calls?q="}${encodeURIComponent(one.name)}`,
  }));
}

function historyFor(text: string): Found[] {
  const digits = digitsIn(text);
  if (digits.length < LEAST_DIGITS) return [];
  return [{
    id: "history",
    icon: History,
    name: t("found.history", { text: text.trim() }),
    detail: "",
    aside: "",
    to: `/calls?q=${encodeURIComponent(text.trim())}`,
  }];
}

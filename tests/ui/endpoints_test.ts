/**
 * @module
 * Endpoints on the pages: filters, order, search, and what of an endpoint is said first.
 */
import assert from "node:assert/strict";
import { endpointOf, endpointPath } from "../../ui/router.ts";
import { outcomeOf } from "../../ui/store/endpoint_refresh.ts";
import {
  arrangeEndpoints,
  countEndpoints,
  displayName,
  endpointChoice,
  endpointsNamed,
  findEndpoints,
  mainCall,
  mainContact,
  pbxsOf,
} from "../../ui/store/endpoints.ts";
import { translate } from "../../ui/i18n/translate.ts";
import type { Endpoint } from "../../ui/types.ts";
import { contact, endpoint, endpointCall } from "./endpoint_sample.ts";
import { past } from "./sample.ts";

function shown(all: Endpoint[], query = ""): string[] {
  return arrangeEndpoints(all, endpointChoice(new URLSearchParams(query)));
}

Deno.test("endpoints: by name as people count, equal names by their PBX", () => {
  const all = [endpoint("1000"), endpoint("99"), endpoint("777", { pbx: "west" }), endpoint("777")];
  assert.deepEqual(shown(all), ["main/99", "main/777", "west/777", "main/1000"]);
});

Deno.test("endpoints: filters by status, call, flapping, PBX and alert come together", () => {
  const all = [
    endpoint("1", { status: "offline", contacts: [], alert_id: "a" }),
    endpoint("2", { flapping: true }),
    endpoint("3", { active_calls: [endpointCall("c")] }),
    endpoint("4", { pbx: "west", status: "offline", contacts: [] }),
  ];
  assert.deepEqual(shown(all, "status=offline"), ["main/1", "west/4"]);
  assert.deepEqual(shown(all, "status=offline&pbx=west"), ["west/4"]);
  assert.deepEqual(shown(all, "only=flapping"), ["main/2"]);
  assert.deepEqual(shown(all, "only=call"), ["main/3"]);
  assert.deepEqual(shown(all, "alert=a"), ["main/1"]);
  assert.deepEqual(shown(all, "status=nonsense&only=nonsense&sort=nonsense").length, 4);
});

Deno.test("endpoints: text finds name, person, address, user agent and the number of a call", () => {
  const all = [
    endpoint("777-ep", { owner: { id: 1, name: "Пётр Сидоров" } }),
    endpoint("888", { contacts: [contact("198.51.100.9:5060", { user_agent: "Desk phone" })] }),
    endpoint("999", { active_calls: [endpointCall("c", { number: "+78120000123" })] }),
  ];
  assert.deepEqual(shown(all, "q=сидоров"), ["main/777-ep"]);
  assert.deepEqual(shown(all, "q=198.51"), ["main/888"]);
  assert.deepEqual(shown(all, "q=desk"), ["main/888"]);
  assert.deepEqual(shown(all, "q=8120000123"), ["main/999"]);
  assert.deepEqual(shown(all, "q=777+пётр"), ["main/777-ep"]);
  assert.deepEqual(shown(all, "q=777+nobody"), []);
});

Deno.test("endpoints: every order puts what asks for a look first", () => {
  const off = endpoint("1", { status: "offline", contacts: [] });
  const quick = endpoint("2", { contacts: [contact("192.0.2.3:5060", { roundtrip_ms: 2 })] });
  const busy = endpoint("3", { active_calls: [endpointCall("c")], updated_at: past(1) });
  const flaps = endpoint("4", { flapping: true });
  const all = [quick, busy, off, flaps];
  assert.deepEqual(shown(all, "sort=status"), ["main/4", "main/1", "main/2", "main/3"]);
  assert.deepEqual(shown(all, "sort=-status").at(-1), "main/4");
  assert.equal(shown(all, "sort=call")[0], "main/3");
  assert.equal(shown(all, "sort=rtt")[0], "main/2");
  assert.equal(shown(all, "sort=contact").at(-1), "main/1");
  assert.equal(shown(all, "sort=changed")[0], "main/3");
});

Deno.test("endpoints: counts are of all, whatever is shown", () => {
  const counts = countEndpoints([
    endpoint("1", { status: "offline" }),
    endpoint("2", { flapping: true, active_calls: [endpointCall("a"), endpointCall("b")] }),
    endpoint("3", { status: "unknown" }),
  ]);
  assert.deepEqual(counts, { all: 3, online: 1, offline: 1, unknown: 1, call: 1, flapping: 1 });
});

Deno.test("endpoints: the search has the very number first, then what begins with it", () => {
  const all = [endpoint("1777"), endpoint("7770"), endpoint("777-ep")];
  assert.deepEqual(findEndpoints(all, "777", 5).map(({ name }) => name), ["777-ep", "7770", "1777"]);
  assert.deepEqual(findEndpoints(all, "777", 1).length, 1);
  assert.deepEqual(findEndpoints(all, " ", 5), []);
});

Deno.test("endpoints: of several calls a conversation is said first, then the oldest", () => {
  const rings = endpointCall("r", { state: "ringing", since: past(99) });
  const old = endpointCall("old", { since: past(60) });
  const calls = [rings, endpointCall("new", { since: past(5) }), old];
  assert.equal(mainCall(endpoint("1", { active_calls: calls })), old);
  assert.equal(mainCall(endpoint("1")), null);
});

Deno.test("endpoints: of several contacts the quickest that can be called is said first", () => {
  const dead = contact("192.0.2.1:5060", { usable: false, status: "unreachable", roundtrip_ms: null });
  const slow = contact("192.0.2.2:5060", { roundtrip_ms: 90 });
  const unasked = contact("192.0.2.3:5060", { status: "non_qualified", roundtrip_ms: null });
  assert.equal(mainContact(endpoint("1", { contacts: [dead, unasked, slow] })), slow);
  assert.equal(mainContact(endpoint("1", { contacts: [dead, unasked] })), unasked);
  assert.equal(mainContact(endpoint("1", { contacts: [] })), null);
});

Deno.test("endpoints: a name of several PBXs is told apart by its PBX", () => {
  const all = [endpoint("777"), endpoint("777", { pbx: "west" }), endpoint("888")];
  assert.equal(endpointsNamed(all, "777", null).length, 2);
  assert.deepEqual(endpointsNamed(all, "777", "west").map(({ pbx }) => pbx), ["west"]);
  assert.deepEqual(pbxsOf(all), ["main", "west"]);
});

Deno.test("endpoints: the suffix is for machines only", () => {
  assert.equal(displayName("777-ep"), "777");
  assert.equal(displayName("-ep"), "-ep");
  assert.equal(displayName("trunk"), "trunk");
});

Deno.test("endpoints: any name has an address that leads back to it", () => {
  for (const name of ["777-ep", "new", "a/b", "100%", "<b>", "имя", "logs"]) {
    const url = new URL(endpointPath(name, { pbx: "we st", part: "logs" }), "http://localhost");
    assert.deepEqual(endpointOf(url.pathname), { name, part: "logs" });
    assert.equal(url.searchParams.get("pbx"), "we st");
    assert.deepEqual(endpointOf(new URL(endpointPath(name), url).pathname), { name, part: null });
  }
  assert.notEqual(new URL(endpointPath("new"), "http://localhost").pathname, "/endpoints/new");
  assert.equal(endpointOf("/endpoints"), null);
  assert.equal(endpointOf("/endpoints/%E0"), null);
});

Deno.test("refresh: says what the phone was found to be", () => {
  const silent = contact("192.0.2.1:5060", { usable: false, status: "unreachable", roundtrip_ms: null });
  const said = (change: Partial<Endpoint>) => {
    const { key, values } = outcomeOf(endpoint("777", change));
    return translate("en", key, values);
  };
  assert.equal(said({}), "Answered in 13 ms");
  assert.equal(said({ contacts: [contact("192.0.2.1:5060", { roundtrip_ms: 7.23 })] }), "Answered in 7.2 ms");
  assert.equal(said({ contacts: [silent] }), "Asked, no answer");
  assert.equal(said({ contacts: [{ ...silent, status: "unknown" }] }), "Asked, no answer yet");
  assert.match(said({ contacts: [] }), /^Nobody is registered/);
  assert.match(
    said({ contacts: [{ ...silent, usable: true, status: "non_qualified" }] }),
    /^Read anew/,
  );
});

/**
 * @module
 * Endpoints and their alerts in the live state, and what is wrong with them.
 */
import assert from "node:assert/strict";
import { alertNews, endpointTroubles, stillOffline } from "../../ui/store/endpoint_troubles.ts";
import { decode, EMPTY, type LiveState, reduce } from "../../ui/store/live_state.ts";
import { troubles } from "../../ui/store/problems.ts";
import type { Endpoint, EndpointAlert } from "../../ui/types.ts";
import { alert, endpoint } from "./endpoint_sample.ts";
import { link, NOW, panel, past } from "./sample.ts";

function after(endpoints: Endpoint[], endpoint_alerts: EndpointAlert[] = []): LiveState {
  const data = { at: past(0), endpoints, endpoint_alerts };
  return reduce(EMPTY, [{ event: "snapshot", data, receivedAt: NOW }]);
}

Deno.test("live endpoints: a snapshot replaces all of them; one without them has none", () => {
  const before = after([endpoint("1"), endpoint("2")], [alert("a", ["1"])]);
  assert.deepEqual([...before.endpoints.keys()], ["main/1", "main/2"]);
  const now = reduce(before, [{ event: "snapshot", data: { at: past(0) }, receivedAt: NOW }]);
  assert.equal(now.endpoints.size + now.endpointAlerts.size, 0);
});

Deno.test("live endpoints: one name on two PBXs is two endpoints", () => {
  const now = after([endpoint("1"), endpoint("1", { pbx: "west" })]);
  const gone = reduce(now, [{ event: "endpoint.removed", data: { pbx: "main", name: "1" } }]);
  assert.deepEqual([...gone.endpoints.keys()], ["west/1"]);
  assert.equal(now.endpoints.size, 2, "the state before stays as it was");
});

Deno.test("live endpoints: a batch copies them once, and other messages not at all", () => {
  const before = after([endpoint("1"), endpoint("2")]);
  const now = reduce(before, [
    { event: "endpoint.changed", data: endpoint("1", { status: "offline" }) },
    { event: "endpoint.changed", data: endpoint("3") },
  ]);
  assert.equal(now.endpoints.get("main/1")?.status, "offline");
  assert.equal(now.endpoints.get("main/2"), before.endpoints.get("main/2"));
  const other = reduce(before, [{ event: "intercom.changed", data: panel("A") }]);
  assert.equal(other.endpoints, before.endpoints);
  assert.equal(other.endpointAlerts, before.endpointAlerts);
});

Deno.test("live endpoints: of alerts that are over the last are kept, those that stand all", () => {
  const stands = alert("stands", ["1"]);
  const over = Array.from({ length: 80 }, (_, n) => alert(`over ${n}`, ["2"], { ended_at: past(80 - n) }));
  const now = reduce(
    after([], [stands]),
    over.map((data) => ({ event: "endpoint_alert.changed" as const, data })),
  );
  assert.equal(now.endpointAlerts.size, 51);
  assert.ok(now.endpointAlerts.has("stands") && now.endpointAlerts.has("over 79"));
  assert.ok(!now.endpointAlerts.has("over 0"));
});

Deno.test("live endpoints: messages are read by their names", () => {
  const data = endpoint("1");
  assert.deepEqual(decode("endpoint.changed", JSON.stringify(data), NOW), {
    event: "endpoint.changed",
    data,
  });
  assert.equal(decode("log.line", "{}", NOW), null);
});

Deno.test("endpoint troubles: one item a cause, the largest first, then all that come and go", () => {
  const found = endpointTroubles(
    [
      endpoint("8", { flapping: true, status_since: past(40) }),
      endpoint("9", { flapping: true, status_since: past(4) }),
    ],
    [
      alert("one", ["1"], { since: past(9000) }),
      alert("site", ["2", "3", "4"]),
      alert("over", ["5"], { ended_at: past(1) }),
    ],
  );
  assert.deepEqual(found.map(({ key }) => key), ["phones-site", "phones-one", "flapping"]);
  assert.equal(found[2]!.since, past(4), "when one of them last did it");
});

Deno.test("endpoint troubles: an alert counts and names those that are not back", () => {
  const site = alert("site", ["1", "2", "3"]);
  const [one, ...others] = site.endpoints;
  const partly = { ...site, endpoints: [{ ...one!, back_at: past(1) }, ...others] };
  assert.deepEqual(stillOffline(partly).map(({ name }) => name), ["2", "3"]);
  const larger = alert("larger", ["4", "5", "6"], { since: past(1) });
  assert.deepEqual(endpointTroubles([], [partly, larger]).map(({ key }) => key), [
    "phones-larger",
    "phones-site",
  ]);
});

Deno.test("endpoint troubles: nobody knows whether a phone comes and goes while Asterisk is not heard", () => {
  const hidden = endpoint("1", { flapping: true, status: "unknown", status_reason: "link_down" });
  assert.deepEqual(endpointTroubles([hidden], []), []);
});

Deno.test("endpoint troubles: on the board they come behind panels that are offline, before doors and news", () => {
  const phones = endpointTroubles([], [alert("site", ["2", "3"])]);
  const found = troubles([
    panel("A", { status: "offline", status_reason: "silence" }),
    panel("B", { door: "open", door_since: past(999) }),
    panel("C", { adopted: false }),
  ], { links: [link("broker")], now: NOW, heldOpenAfterSeconds: 60, phones });
  assert.deepEqual(found.map(({ kind }) => kind), ["offline", "phones", "held", "waiting"]);
});

Deno.test("alert news: an alert is told when it is raised and when it is over, the newest first", () => {
  const news = alertNews([
    alert("a", ["1"], { raised_at: past(500), ended_at: past(10) }),
    alert("b", ["2"], { raised_at: past(100) }),
    alert("empty", [], { raised_at: past(1) }),
  ]);
  assert.deepEqual(news.map(({ alert, back }) => [alert.id, back]), [["a", true], ["b", false], [
    "a",
    false,
  ]]);
});

/**
 * @module
 * Links as they are shown, and whom their changes are told.
 */
import assert from "node:assert/strict";
import { Links } from "../../actors/links.ts";
import type { LinkView } from "../../machines/views.ts";
import { fakeClock, FakeFeed } from "./fakes.ts";

Deno.test("links: a change is shown and told once, with its cause", () => {
  const clock = fakeClock();
  const feed = new FakeFeed();
  const links = new Links({ clock, feed: feed.asFeed });
  const heard: LinkView[] = [];
  links.onChange((link) => void heard.push(link));
  links.add("broker", "mqtt://broker:1883");
  assert.equal(links.get("broker")!.state, "connecting");
  assert.equal(links.isUp("broker"), false);
  clock.pass(1000);
  links.lost("broker", "refused");
  links.lost("broker", "timed out");
  links.opened("broker");
  links.opened("broker");
  assert.deepEqual(heard.map(({ state }) => state), ["down", "up"]);
  assert.deepEqual(feed.published.map(({ topic, event }) => [topic, event]), [
    ["links", "link.changed"],
    ["links", "link.changed"],
  ]);
  assert.deepEqual(links.list(), [{
    id: "broker",
    state: "up",
    phase: null,
    warning: null,
    since: new Date(clock.now()).toISOString(),
    last_error: "timed out",
    target: "mqtt://broker:1883",
  }]);
  assert.equal(links.isUp("broker"), true);
  links.stop();
});

Deno.test("links: what nobody added is not up, and its changes are nothing", () => {
  const links = new Links({ clock: fakeClock(), feed: new FakeFeed().asFeed });
  links.opened("nothing");
  links.lost("nothing", "x");
  assert.equal(links.get("nothing"), null);
  assert.equal(links.isUp("nothing"), false);
});

Deno.test("links: a step or a warning is told when it is news, and to the feed alone", () => {
  const feed = new FakeFeed();
  const links = new Links({ clock: fakeClock(), feed: feed.asFeed });
  const heard: LinkView[] = [];
  links.onChange((link) => void heard.push(link));
  links.add("asterisk", "ami://pbx:5038/main");
  links.note("asterisk", { phase: "logging_in" });
  links.note("asterisk", { phase: "logging_in", warning: null });
  links.note("asterisk", { warning: "too many rights" });
  links.note("nothing", { phase: "up" });
  assert.deepEqual(feed.published.map(({ data }) => [data.phase, data.warning]), [
    ["logging_in", null],
    ["logging_in", "too many rights"],
  ]);
  links.opened("asterisk");
  assert.equal(links.get("asterisk")!.warning, "too many rights");
  assert.deepEqual(heard.map(({ state }) => state), ["up"]);
  links.stop();
});

/**
 * @module
 * Which call a channel belongs to, and for how long it is known that it is over.
 */
import assert from "node:assert/strict";
import { CallIndex } from "../../actors/call_index.ts";
import { leg } from "../machines/call_words.ts";

const of = (uniqueid: string, linkedid = "1") => leg(uniqueid, "x", { linkedid });

Deno.test("call index: a channel is found by its own id, and a new one by its Linkedid", () => {
  const index = new CallIndex();
  index.add(["1", "2", ""], "A");
  assert.deepEqual(index.find([of("2", "9")]), ["A"]);
  assert.deepEqual(index.find([of("3", "1")]), ["A"]);
  assert.deepEqual(index.find([of("3", "")]), [], "no Linkedid is nobody's");
  assert.deepEqual(index.find([]), []);
});

Deno.test("call index: whatever joins two calls finds both, each once", () => {
  const index = new CallIndex();
  index.add(["1", "2"], "A");
  index.add(["5", "6"], "B");
  assert.deepEqual(index.find([of("2", "5")]).sort(), ["A", "B"]);
  assert.deepEqual(index.find([of("2", "1"), of("6", "5"), of("1", "1")]).sort(), ["A", "B"]);
});

Deno.test("call index: channels of a call that is over are known for a minute", () => {
  const index = new CallIndex();
  index.add(["1", "2"], "A");
  index.remove(["1", "2"], "A", 1000);
  assert.deepEqual(index.find([of("2", "1")]), []);
  assert.equal(index.areOver([of("2"), of("1")], 60_999), true);
  assert.equal(index.areOver([of("2"), of("1")], 61_000), false);
  assert.equal(index.areOver([of("2"), of("3")], 2000), false, "all of them have to be");
  assert.equal(index.areOver([], 2000), false);
});

Deno.test("call index: ids that have become another call's stay that one's", () => {
  const index = new CallIndex();
  index.add(["1"], "A");
  index.add(["1"], "B");
  index.remove(["1"], "A", 1000);
  assert.deepEqual(index.find([of("1")]), ["B"]);
});

Deno.test("call index: so many are remembered, the eldest are forgotten first", () => {
  const index = new CallIndex();
  for (let id = 0; id < 50_010; id++) index.remove([`c${id}`], "A", 1000);
  assert.equal(index.areOver([of("c0")], 1001), false);
  assert.equal(index.areOver([of("c50009")], 1001), true);
  index.remove(["late"], "A", 100_000);
  assert.equal(index.areOver([of("c50009")], 1001), false, "and what is past goes by itself");
});

Deno.test("call index: another run of the PBX begins with nothing", () => {
  const index = new CallIndex();
  index.add(["1"], "A");
  index.remove(["2"], "B", 1000);
  index.clear();
  assert.deepEqual(index.find([of("1")]), []);
  assert.equal(index.areOver([of("2")], 1001), false);
});

/**
 * @module
 * What was taken is not taken twice, what failed may come again, and the memory of it is bounded.
 */
import assert from "node:assert/strict";
import { Once } from "../../actors/once.ts";

Deno.test("once: a message that is being taken shares its outcome", () => {
  const once = new Once();
  const outcome = new Promise<void>(() => {});
  once.take("a", 10, outcome);
  assert.equal(once.find("a"), outcome);
  assert.equal(once.find("b"), undefined);
});

Deno.test("once: a message that could not be taken is forgotten, and nobody's rejection is left alone", async () => {
  const once = new Once();
  once.take("a", 10, Promise.reject(new Error("away")));
  await Promise.resolve();
  await Promise.resolve();
  assert.equal(once.find("a"), undefined);
  assert.equal(once.size, 0);
});

Deno.test("once: a failure that comes late does not forget the message that was taken meanwhile", async () => {
  const once = new Once();
  const { promise, reject } = Promise.withResolvers<void>();
  once.take("a", 10, promise);
  const second = Promise.resolve();
  once.take("a", 20, second);
  reject(new Error("away"));
  await promise.catch(() => {});
  await Promise.resolve();
  assert.equal(once.find("a"), second);
});

Deno.test("once: is asked for what was taken since a time", () => {
  const once = new Once();
  once.take("a", 10, Promise.resolve());
  assert.ok(once.find("a", 10));
  assert.equal(once.find("a", 11), undefined);
});

Deno.test("once: remembers so many, and forgets the oldest first", () => {
  const once = new Once(3);
  for (const key of ["a", "b", "c", "a", "d"]) once.take(key, 1, Promise.resolve());
  assert.equal(once.size, 3);
  assert.deepEqual(["a", "b", "c", "d"].map((key) => once.find(key) !== undefined), [
    true,
    false,
    true,
    true,
  ]);
});

/**
 * @module
 * Passwords: the format of hashes, one cost for everybody, and the bound on how many are hashed at once.
 */
import assert from "node:assert/strict";
import { type Hasher, Passwords, PasswordsBusy } from "../../../actors/people/passwords.ts";

/** A hasher that waits until it is told. */
function slowHasher() {
  const waiting: (() => void)[] = [];
  let most = 0;
  let running = 0;
  const work = <T>(value: T) =>
    new Promise<T>((resolve) => {
      most = Math.max(most, ++running);
      waiting.push(() => {
        running--;
        resolve(value);
      });
    });
  const hasher: Hasher = { hash: (password) => work(password), verify: () => work(true) };
  return { hasher, waiting, most: () => most };
}

Deno.test("passwords: are Argon2id of 19 MiB and two passes, each with its own salt", async () => {
  const passwords = new Passwords();
  const [one, two] = await Promise.all([
    passwords.hash("a long password"),
    passwords.hash("a long password"),
  ]);
  assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  assert.notEqual(one, two);
  assert.equal(await passwords.verify("a long password", one), true);
  assert.equal(await passwords.verify("a long passworD", one), false);
});

Deno.test("passwords: same characters in other code points are the same password", async () => {
  const passwords = new Passwords();
  const encoded = await passwords.hash("caf\u00e9 au lait");
  assert.equal(await passwords.verify("cafe\u0301 au lait", encoded), true);
});

Deno.test("passwords: nobody's password costs one comparison with a real hash and is never right", async () => {
  const compared: string[] = [];
  const passwords = new Passwords({
    hash: (password) => Promise.resolve(`hash of ${password}`),
    verify: (_password, encoded) => {
      compared.push(encoded);
      return Promise.resolve(true);
    },
  });
  assert.equal(await passwords.verify("anything", null), false);
  assert.equal(await passwords.verify("anything else", null), false);
  assert.equal(compared.length, 2);
  assert.match(compared[0]!, /^hash of /);
});

Deno.test("passwords: two are hashed at once, 24 wait in line, and one more is refused", async () => {
  const { hasher, waiting, most } = slowHasher();
  const passwords = new Passwords(hasher);
  const all = Array.from({ length: 26 }, (_, i) => passwords.hash(`password ${i}`));
  await assert.rejects(passwords.hash("one more"), PasswordsBusy);
  while (waiting.length > 0) {
    waiting.shift()!();
    await Promise.resolve().then(() => {}).then(() => {}).then(() => {});
  }
  assert.deepEqual(await Promise.all(all), Array.from({ length: 26 }, (_, i) => `password ${i}`));
  assert.equal(most(), 2);
  const after = passwords.hash("afterwards");
  waiting.shift()!();
  assert.equal(await after, "afterwards");
});

Deno.test("passwords: hash that fails gives its place back", async () => {
  const passwords = new Passwords({
    hash: () => Promise.reject(new Error("no memory")),
    verify: () => Promise.resolve(true),
  });
  for (let i = 0; i < 5; i++) await assert.rejects(passwords.hash("x"), /no memory/);
});

/**
 * @module
 * Limits on logins: their windows, what is given back, and the bound on what they remember.
 */
import assert from "node:assert/strict";
import {
  LoginLimits,
  PER_ACCOUNT,
  PER_ADDRESS,
  WINDOW_SECONDS,
} from "../../../actors/people/login_limits.ts";

/** The library asks `Date.now`; its timers are real and end with `stop`. */
async function withLimits(
  run: (limits: LoginLimits, pass: (ms: number) => void) => Promise<void>,
  options: { maxKeys?: number } = {},
): Promise<void> {
  const real = Date.now;
  let at = real();
  Date.now = () => at;
  const limits = new LoginLimits(options);
  try {
    await run(limits, (ms) => at += ms);
  } finally {
    limits.stop();
    Date.now = real;
  }
}

Deno.test("limits: an account's block names when it ends, ends then, and tries do not prolong it", () =>
  withLimits(async (limits, pass) => {
    for (let i = 0; i < PER_ACCOUNT; i++) assert.ok((await limits.take("ann", `192.0.2.${i}`)).ok);
    for (let minute = 0; minute < 15; minute++) {
      const refused = await limits.take("ann", "192.0.2.99");
      assert.deepEqual(refused, { ok: false, retryAfterSeconds: WINDOW_SECONDS - minute * 60 });
      pass(60_000);
    }
    assert.ok((await limits.take("ann", "192.0.2.99")).ok);
  }));

Deno.test("limits: try that is given back does not count", () =>
  withLimits(async (limits) => {
    for (let i = 0; i < PER_ADDRESS * 2; i++) {
      const permit = await limits.take("ann", "192.0.2.1");
      assert.ok(permit.ok);
      permit.giveBack();
    }
  }));

Deno.test("limits: blocked address does not count against the accounts that it tries", () =>
  withLimits(async (limits) => {
    for (let i = 0; i < PER_ADDRESS; i++) assert.ok((await limits.take(`user${i}`, "192.0.2.1")).ok);
    for (let i = 0; i < PER_ACCOUNT * 2; i++) assert.ok(!(await limits.take("ann", "192.0.2.1")).ok);
    assert.ok((await limits.take("ann", "192.0.2.2")).ok);
  }));

Deno.test("limits: address that an account came in from has its own count, and that is bounded too", () =>
  withLimits(async (limits) => {
    limits.succeeded("ann", "192.0.2.1");
    for (let i = 0; i < PER_ACCOUNT; i++) await limits.take("ann", "198.51.100.1");
    assert.ok(!(await limits.take("ann", "198.51.100.2")).ok);
    for (let i = 0; i < PER_ACCOUNT; i++) assert.ok((await limits.take("ann", "192.0.2.1")).ok);
    assert.ok(!(await limits.take("ann", "192.0.2.1")).ok);
    limits.succeeded("ann", "192.0.2.1");
    assert.ok((await limits.take("ann", "192.0.2.1")).ok);
  }));

Deno.test("limits: addresses of one IPv6 network count as one, others do not", () =>
  withLimits(async (limits) => {
    const same = [
      "2001:db8:0:7::1",
      "2001:0DB8:0000:0007:ffff::",
      "2001:db8::7:1:2:3:4",
      "2001:db8:0:7::1%eth0",
    ];
    for (let i = 0; i < PER_ADDRESS; i++) assert.ok((await limits.take(`user${i}`, same[i % 4]!)).ok);
    for (const address of same) assert.ok(!(await limits.take("ann", address)).ok, address);
    assert.ok((await limits.take("ann", "2001:db8:0:8::1")).ok);
    assert.ok((await limits.take("ann", "::1")).ok);
  }));

Deno.test("limits: a flood of names and addresses is forgotten first, not the blocks", () =>
  withLimits(async (limits) => {
    for (let i = 0; i <= PER_ACCOUNT; i++) await limits.take("ann", `192.0.2.${i}`);
    for (let i = 0; i < 500; i++) await limits.take(`name${i}`, `10.0.${Math.floor(i / 250)}.${i % 250}`);
    assert.ok(limits.tracked <= 40, `${limits.tracked} keys`);
    assert.ok(!(await limits.take("ann", "192.0.2.200")).ok);
  }, { maxKeys: 20 }));

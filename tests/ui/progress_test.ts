/**
 * @module
 * How far an opening has come, as the operator reads it.
 */
import assert from "node:assert/strict";
import { BAD_STAYS_MS, GOOD_STAYS_MS, progressOf } from "../../ui/store/progress.ts";
import { command, NOW, past } from "./sample.ts";

const REFUSED = {
  phase: "refused",
  key: "k",
  apartment: "",
  at: NOW,
  over: "c",
  why: "offline",
  advice: "",
  again: false,
} as const;

Deno.test("progress: nothing asked, nothing told", () => {
  assert.equal(progressOf(null, undefined, NOW), null);
});

Deno.test("progress: while a request is on its way it is busy, and nothing is claimed", () => {
  const progress = progressOf(null, { phase: "posting", key: "k", at: NOW, over: "" }, NOW);
  assert.equal(progress?.status, "posting");
  assert.equal(progress?.busy, true);
});

Deno.test("progress: a sent command counts the seconds that are left", () => {
  const progress = progressOf(command("c", { status: "sent" }), undefined, NOW);
  assert.deepEqual([progress?.status, progress?.busy, progress?.leftSeconds], ["sent", true, 8]);
});

Deno.test("progress: a confirmed command says how long it took and stays until the door closes", () => {
  const confirmed = command("c", { status: "confirmed", issued_at: past(300), confirmed_at: past(299.2) });
  const progress = progressOf(confirmed, undefined, NOW);
  assert.deepEqual([progress?.tone, progress?.busy, progress?.tookMs], ["good", false, 800]);
});

Deno.test("progress: a closed door leaves the page after a while", () => {
  const closed = command("c", { status: "closed", confirmed_at: past(3), closed_at: past(1) });
  assert.equal(progressOf(closed, undefined, NOW)?.tone, "good");
  assert.equal(progressOf(closed, undefined, NOW + GOOD_STAYS_MS), null);
});

Deno.test("progress: an expired command stays longer, and a late confirmation is told as late", () => {
  const expired = command("c", { status: "expired", issued_at: past(12), expires_at: past(2) });
  assert.deepEqual([progressOf(expired, undefined, NOW)?.tone, progressOf(expired, undefined, NOW)?.late], [
    "bad",
    false,
  ]);
  const late = { ...expired, late: true, confirmed_at: past(1) };
  assert.deepEqual([progressOf(late, undefined, NOW)?.late, progressOf(late, undefined, NOW)?.tookMs], [
    true,
    11_000,
  ]);
  assert.equal(progressOf(expired, undefined, NOW + BAD_STAYS_MS), null);
});

Deno.test("progress: a refusal is shown over an older command, and hidden by a newer one", () => {
  const older = command("c", { status: "closed", issued_at: past(30), closed_at: past(5) });
  assert.equal(progressOf(older, { ...REFUSED, over: "c closed" }, NOW)?.status, "refused");
  const newer = command("d", { status: "sent", issued_at: past(-1) });
  assert.equal(progressOf(newer, REFUSED, NOW + 2000)?.status, "sent");
});

Deno.test("progress: who was refused because of another's command sees its result in the end", () => {
  // By this page's clock the other one asked later; the two clocks are not the same.
  const sent = command("c", { status: "sent", issued_at: past(-1) });
  assert.equal(progressOf(sent, REFUSED, NOW)?.status, "refused");
  const confirmed = command("c", { status: "confirmed", issued_at: past(2), confirmed_at: past(-1) });
  assert.equal(progressOf(confirmed, REFUSED, NOW + 1000)?.status, "confirmed");
  const expired = command("c", { status: "expired", issued_at: past(2), expires_at: past(-8) });
  assert.equal(progressOf(expired, REFUSED, NOW + 8000)?.status, "expired");
});

Deno.test("progress: a refusal is not hidden by the failure that it tells of, but by the failure of another's", () => {
  const failed = command("d", { status: "failed", issued_at: past(1) });
  assert.equal(progressOf(failed, REFUSED, NOW)?.status, "refused");
  assert.equal(progressOf(failed, { ...REFUSED, over: "d" }, NOW)?.status, "failed");
});

Deno.test("progress: a refusal does not stay for ever", () => {
  assert.equal(progressOf(null, REFUSED, NOW + BAD_STAYS_MS), null);
});

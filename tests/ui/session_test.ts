/**
 * @module
 * Small rules that keep an operator where they belong.
 */
import assert from "node:assert/strict";
import { ApiError, withQuery } from "../../ui/api.ts";
import { panelOf, panelPath } from "../../ui/router.ts";
import { wordsFor } from "../../ui/store/refusals.ts";
import { safePath } from "../../ui/store/session.ts";
import { backoff } from "../../ui/stream.ts";

Deno.test("login: goes on to these pages only", () => {
  assert.equal(safePath("/intercoms?status=offline"), "/intercoms?status=offline");
  for (
    const bad of [null, "", "https://elsewhere.example", "//elsewhere.example", "/\\elsewhere", "/login", "x"]
  ) {
    assert.equal(safePath(bad), "/", String(bad));
  }
  assert.equal(safePath("/a\nb"), "/");
});

Deno.test("router: a panel's address is read back, and a broken one is no panel", () => {
  assert.equal(panelOf(panelPath("02:AB:00:00:00:01")), "02:AB:00:00:00:01");
  assert.equal(panelOf("/intercoms/02:ab:00:00:00:01"), "02:AB:00:00:00:01");
  assert.equal(panelOf("/intercoms/%E0%A4%A"), null);
  assert.equal(panelOf("/intercoms"), null);
});

Deno.test("api: empty filters are left out of an address, others are escaped", () => {
  assert.equal(withQuery("/api/events", { mac: "A:B", type: "", cursor: null }), "/api/events?mac=A%3AB");
  assert.equal(withQuery("/api/events", {}), "/api/events");
});

Deno.test("refusal: a known kind has the operator's words, another keeps the service's", () => {
  const refused = (status: number, type: string, detail?: string) =>
    new ApiError(status, { type, title: "Title", status, detail }, null);
  assert.match(wordsFor(refused(409, "https://doorline.example/problems/panel-offline")).why, /offline/);
  assert.equal(wordsFor(refused(409, "about:blank", "The login is taken")).why, "The login is taken");
  assert.match(wordsFor(new ApiError(0, null, null)).why, /did not answer/);
  assert.match(wordsFor(new ApiError(503, null, 7)).advice, /7 s/);
});

Deno.test("refusal: wrong fields are named", () => {
  const problem = {
    type: "x",
    title: "Invalid",
    status: 422,
    errors: [{ path: "name", message: "too long" }],
  };
  assert.equal(wordsFor(new ApiError(422, problem, null)).why, "name: too long");
});

Deno.test("stream: the wait between tries doubles, has a bound, and half of it is chance", () => {
  assert.deepEqual([0, 1, 2, 20].map((n) => backoff(n, 1)), [500, 1000, 2000, 20_000]);
  assert.deepEqual([0, 20].map((n) => backoff(n, 0)), [250, 10_000]);
});

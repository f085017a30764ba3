/**
 * @module
 * What the page says became of a change: nothing is called verified, or as before, that the service did not call so.
 */
import assert from "node:assert/strict";
import { ApiError } from "../../ui/api.ts";
import { act } from "../../ui/store/endpoint_config_api.ts";
import {
  asSentence,
  type ConfigOutcome,
  isUnanswered,
  outcomeOf,
  saysItself,
  versionTrouble,
} from "../../ui/store/endpoint_config_outcome.ts";
import { formerOf } from "../../ui/store/endpoint_former.ts";
import { sectionsElsewhere, withText } from "../../ui/store/endpoint_config_sections.ts";
import type { ConfigChange, ConfigSection, ConfigVersion, EndpointConfig } from "../../ui/types.ts";

function change(given: Partial<ConfigChange>): ConfigChange {
  return {
    diff: "",
    problems: [],
    result: "saved",
    needs_restart: null,
    failure: null,
    version: "1",
    revision: "r",
    ...given,
  };
}

Deno.test("config outcome: only what was saved without a failure is verified", () => {
  assert.equal(outcomeOf(change({})), "verified");
  assert.equal(outcomeOf(change({ version: null })), "unchanged");
  assert.equal(outcomeOf("unanswered"), "unanswered");
  const saved: [failure: string, outcome: ConfigOutcome][] = [
    ["It is saved, and could not be verified: the link to Asterisk is down", "unverified"],
    ["It is not known whether the change was written: it did not answer", "unknown"],
    ["only a part of it was written; it could not be taken back: the link to Asterisk is down", "stuck"],
    ["what nobody has thought of yet", "unverified"],
  ];
  for (const [failure, outcome] of saved) assert.equal(outcomeOf(change({ failure })), outcome, failure);
});

Deno.test("config outcome: all is as before only where the service says no more than why", () => {
  const back = (failure: string | null) => outcomeOf(change({ result: "rolled_back", failure }));
  assert.equal(back("Asterisk did not take allow of [777-ep]"), "rolled_back");
  assert.equal(back(null), "rolled_back");
  for (
    const rest of [
      "; the former configuration is back, but Asterisk does not show the endpoint as before",
      "; the former configuration is back; Asterisk has to be reloaded when it is there again",
      "; Asterisk has to be reloaded when it is there again",
    ]
  ) {
    assert.equal(back(`Asterisk did not take allow${rest}`), "rolled_back_file", rest);
  }
});

Deno.test("config history: a version with a failure is never shown as one without", () => {
  assert.equal(versionTrouble({ result: "saved", failure: null }), null);
  assert.equal(versionTrouble({ result: "saved", failure: "could not be verified" }), "unverified");
  assert.equal(versionTrouble({ result: "rolled_back", failure: null }), "refused");
});

Deno.test("config requests: silence is no refusal", () => {
  const problem = { type: "/problems/link-down", title: "No link", status: 502 };
  assert.equal(isUnanswered(new ApiError(0, null, null)), true);
  assert.equal(isUnanswered(new ApiError(504, null, null)), true);
  assert.equal(isUnanswered(new ApiError(502, problem, null)), false);
  assert.equal(isUnanswered(new ApiError(422, null, null)), false);
  assert.equal(isUnanswered(new Error("of this page")), false);
});

Deno.test("config words: what the service says is a sentence beside others", () => {
  assert.equal(asSentence("only a part was written"), "Only a part was written.");
  assert.equal(asSentence("[777] stands elsewhere"), "[777] stands elsewhere.");
  assert.equal(asSentence("rtp_timeout is no number"), "rtp_timeout is no number.");
  assert.equal(asSentence("Asterisk refused: nothing. "), "Asterisk refused: nothing.");
  assert.equal(asSentence(" "), "");
});

function section(name: string, type: string | null, given: Partial<ConfigSection> = {}): ConfigSection {
  return { name, type, template: false, inherits: [], options: [], used_by: [], ...given };
}

Deno.test("config sections: those that are not in the text stand in another file", () => {
  const config = {
    text: "[777-ep](phone)\n\n[777](aor-of-phones)\n\n[777](+)\nmax_contacts = 2\n",
    sections: [section("777-ep", "endpoint"), section("777", "aor"), section("778", "auth")],
    templates: [section("phone", "endpoint"), section("aor-of-phones", "aor")],
  } as unknown as EndpointConfig;
  assert.deepEqual(sectionsElsewhere(config).map(({ name, file }) => [name, file]), [["778", null]]);
  const shorter = withText(config, "[777-ep](phone)\n", "s");
  assert.deepEqual(shorter.sections.map(({ name }) => name), ["777-ep", "778"]);
  assert.deepEqual(sectionsElsewhere(shorter).map(({ name }) => name), ["778"]);
  const named = { ...section("777", "auth"), file: "auth.conf" };
  const typed = { ...config, text: "[777](aor-of-phones)\n", sections: [section("777", "aor"), named] };
  assert.deepEqual(sectionsElsewhere(typed).map(({ type, file }) => [type, file]), [["auth", "auth.conf"]]);
});

Deno.test("config requests: what is carried out is waited for as long as it may take, a question is not", async () => {
  const { fetch } = globalThis;
  const { timeout } = AbortSignal;
  const waited: number[] = [];
  AbortSignal.timeout = (ms) => {
    waited.push(ms);
    return new AbortController().signal;
  };
  globalThis.fetch = () => Promise.resolve(Response.json(change({})));
  try {
    const place = { name: "777-ep", pbx: null };
    for (const dryRun of [true, false]) {
      await act(place, { kind: "edit", revision: "r", text: "" }, { why: "", dryRun });
      await act(place, { kind: "remove", revision: "r" }, { why: "", dryRun });
    }
  } finally {
    Object.assign(globalThis, { fetch });
    AbortSignal.timeout = timeout;
  }
  assert.deepEqual(waited, [15_000, 15_000, 150_000, 150_000]);
});

Deno.test("config outcome: what a failure says by itself is not said before it", () => {
  assert.equal(saysItself("Asterisk did not take allow of [777]"), true);
  assert.equal(saysItself("It is not known whether the change was written: it did not answer"), true);
  assert.equal(saysItself("only a part of it was written"), false);
  assert.equal(saysItself(null), false);
});

Deno.test("config versions: a name was an endpoint's when something was saved of it, and its last removal tells when", () => {
  const version = (action: ConfigVersion["action"], at: string, result: ConfigVersion["result"] = "saved") =>
    ({ action, at, result }) as ConfigVersion;
  assert.equal(formerOf([], "north"), null);
  assert.equal(formerOf([version("create", "1", "rolled_back")], null), null);
  assert.deepEqual(
    formerOf([version("edit", "3", "rolled_back"), version("delete", "2"), version("create", "1")], "north"),
    { pbx: "north", at: "2", deleted: true },
  );
});

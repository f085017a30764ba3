/**
 * @module
 * Frames of the WebSocket: whatever comes is read as one of the known wishes, or refused in words.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { readFrame } from "../../routes/socket_frames.ts";

Deno.test("row 24: a frame is read as what it says, and nothing beside is taken over", () => {
  const cases: [text: string, said: unknown][] = [
    ['{"event":"requestUpdate"}', { event: "requestUpdate" }],
    ['{"event":"requestUpdate","data":{"event":"authenticate","token":"x"}}', { event: "requestUpdate" }],
    ['{"event":"authenticate","data":{"token":"x","event":"y"}}', { event: "authenticate", token: "x" }],
    ['{"event":"accept-call","data":{"callId":"1","x":2}}', { event: "accept-call", callId: "1" }],
    ['{"event":"reject-call","data":{"callId":"1"},"x":1}', { event: "reject-call", callId: "1" }],
    ['{"event":"subscribeLogs","data":"777-ep"}', { event: "subscribeLogs", name: "777-ep" }],
    ['{"event":"unsubscribeLogs","data":"777-ep"}', { event: "unsubscribeLogs", name: "777-ep" }],
  ];
  for (const [text, said] of cases) assert.deepEqual(readFrame(text), said, text);
});

Deno.test("row 24: a frame that is none, an unknown event and wrong data are told apart", () => {
  const cases: [text: string, code: string][] = [
    ["", "bad_frame"],
    ["{", "bad_frame"],
    ["null", "bad_frame"],
    ["[]", "bad_frame"],
    ['"authenticate"', "bad_frame"],
    ["{}", "bad_frame"],
    ['{"event":1}', "bad_frame"],
    [`{"event":"${"x".repeat(65)}"}`, "bad_frame"],
    ["[".repeat(60_000), "bad_frame"],
    ["[".repeat(30_000) + "]".repeat(30_000), "bad_frame"],
    ['{"event":"toString"}', "unknown_event"],
    ['{"event":"__proto__"}', "unknown_event"],
    ['{"event":"Authenticate"}', "unknown_event"],
    ['{"event":"authenticate"}', "bad_data"],
    ['{"event":"authenticate","data":"token"}', "bad_data"],
    ['{"event":"authenticate","data":{"token":1}}', "bad_data"],
    ['{"event":"authenticate","data":{"token":""}}', "bad_data"],
    [`{"event":"authenticate","data":{"token":"${"x".repeat(201)}"}}`, "bad_data"],
    ['{"event":"accept-call","data":{"__proto__":{"callId":"1"}}}', "bad_data"],
    ['{"event":"reject-call","data":{"callId":["1"]}}', "bad_data"],
    ['{"event":"subscribeLogs","data":{"endpoint":"777-ep"}}', "bad_data"],
    ['{"event":"subscribeLogs","data":{"name":"777-ep"}}', "bad_data"],
    ['{"event":"subscribeLogs","data":""}', "bad_data"],
    [`{"event":"unsubscribeLogs","data":"${"x".repeat(301)}"}`, "bad_data"],
  ];
  for (const [text, code] of cases) {
    const said = readFrame(text);
    assert.equal(said.event === null && said.code, code, text.slice(0, 80));
  }
});

Deno.test("row 24: no text makes reading throw", () => {
  const frame = fc.record({
    event: fc.constantFrom("authenticate", "accept-call", "x"),
    data: fc.jsonValue(),
  });
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), frame.map((value) => JSON.stringify(value))), (text) => {
      const said = readFrame(text);
      if (said.event === "authenticate") assert.equal(typeof said.token, "string");
      if (said.event === "accept-call") assert.equal(typeof said.callId, "string");
    }),
  );
});

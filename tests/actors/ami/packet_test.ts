/**
 * @module
 * What may be written to Asterisk: row 18 of the faults, over all fields, with the bytes that arrive.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type AmiFields,
  AmiUnsafeValue,
  encodeFields,
  MAX_HEADERS,
  MAX_LINE_BYTES,
} from "../../../actors/ami/packet.ts";
import { withConnection } from "./ground.ts";

function refuses(action: string, fields: AmiFields, field: string): void {
  assert.throws(() => encodeFields(action, fields), (error: unknown) => {
    assert.ok(error instanceof AmiUnsafeValue, String(error));
    assert.equal(error.field, field);
    return true;
  });
}

Deno.test("row 18: line ends and NUL are refused in every place, by the name of the header", () => {
  for (const bad of ["\r", "\n", "\0", "x\r\nAction: Originate", "\r\n\r\n"]) {
    refuses("Hangup", { Channel: `PJSIP/1${bad}` }, "Channel");
    refuses("Hangup", { Channel: "x", Cause: bad }, "Cause");
    refuses("PJSIPNotify", { Variable: ["Event=talk", `X=${bad}`] }, "Variable");
    refuses("Hangup", { [`Na${bad}me`]: "x" }, `Na${bad}me`);
    refuses(`Hangup${bad}`, {}, "Action");
  }
});

Deno.test("row 18: the value that was refused is not told", () => {
  try {
    encodeFields("Hangup", { Channel: "very secret\n" });
    assert.fail("it was taken");
  } catch (error) {
    assert.doesNotMatch((error as Error).message, /very secret/);
  }
});

Deno.test("row 18: a Channel that is a pattern is refused, however it begins", () => {
  for (const bad of ["/.*/", " /.*/", "\t/x/", "\x01\x1f /PJSIP/", "/"]) {
    refuses("Hangup", { Channel: bad }, "Channel");
    refuses("Redirect", { Channel: "x", ExtraChannel: bad }, "ExtraChannel");
  }
  assert.deepEqual(encodeFields("Hangup", { Channel: "PJSIP/777-ep-00000001" }), {
    channel: "PJSIP/777-ep-00000001",
  });
});

Deno.test("row 18: what stands for one thing cannot become several", () => {
  refuses("Redirect", { Channel: "PJSIP/1-1", Exten: "777&PJSIP/888" }, "Exten");
  refuses("Redirect", { Channel: "PJSIP/1-1", Exten: "777,hint" }, "Exten");
  refuses("Redirect", { Channel: "PJSIP/1-1&PJSIP/2-1" }, "Channel");
  refuses("Redirect", { Channel: "PJSIP/1-1", Context: "a,b" }, "Context");
  refuses("PJSIPNotify", { Variable: "Event=talk,X=1" }, "Variable");
  refuses("PJSIPNotify", { Variable: "Event" }, "Variable");
  refuses("PJSIPNotify", { Variable: "=talk" }, "Variable");
  refuses("PJSIPNotify", { Variable: ["Event=talk", "Event=hold"] }, "Variable");
  refuses("Hangup", { Channel: ["a", "b"] }, "Channel");
  refuses("Hangup", { Channel: [] }, "Channel");
  refuses("Hangup", { Channel: "a", channel: "b" }, "channel");
});

Deno.test("row 18: nobody sets the action or its id, logs in, or asks for what the library misreads", () => {
  refuses("Hangup", { ActionID: "1" }, "ActionID");
  refuses("Hangup", { action: "Originate" }, "action");
  for (const action of ["Login", "logoff", "Challenge", "Command", "Events", "", "Hang up", "Hangup: x"]) {
    refuses(action, {}, "Action");
  }
});

Deno.test("row 18: lines and actions are not longer than Asterisk reads", () => {
  const room = MAX_LINE_BYTES - "Exten: ".length;
  encodeFields("Redirect", { Exten: "1".repeat(room) });
  refuses("Redirect", { Exten: "1".repeat(room + 1) }, "Exten");
  refuses("Redirect", { Exten: "я".repeat(room / 2 + 1) }, "Exten");
  refuses("Redirect", { Exten: "\ud800" }, "Exten");
  const many = (count: number) => Array.from({ length: count }, (_, i) => `V${i}=1`);
  encodeFields("PJSIPNotify", { Variable: many(MAX_HEADERS - 2) });
  refuses("PJSIPNotify", { Variable: many(MAX_HEADERS - 1) }, "Variable");
});

/** Texts that are likely to go wrong, and any others. */
const hostile = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("\r", "\n", "\0", ":", " ", ",", "&", "/", "=", "A", "я", "\u2028", "\x85"),
  }),
  fc.constantFrom("x\r\nAction: Originate", "x\n\nAction: Hangup\nChannel: y", "A=1,B=2", "/.*/", ""),
);
const fields = fc.dictionary(
  fc.oneof(
    fc.constantFrom("Channel", "Exten", "Context", "Priority", "Cause", "Variable", "Data", "CallerID"),
    hostile,
  ),
  fc.oneof(hostile, fc.array(hostile, { maxLength: 3 })),
  { maxKeys: 6 },
);

Deno.test("row 18: one action in is one action with the same headers at Asterisk, or a refusal", async () => {
  await withConnection(async ({ ami, connection }) => {
    ami.answers.probe = ami.answers.hangup!;
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fields, async (given) => {
        const before = ami.session.actions.length;
        try {
          await connection.action("Probe", given);
        } catch (error) {
          assert.ok(error instanceof AmiUnsafeValue, String(error));
          assert.equal(ami.session.actions.length, before, "a refused action sends nothing");
          return;
        }
        taken++;
        assert.equal(ami.session.actions.length, before + 1);
        const wanted = Object.entries(given).flatMap(([name, value]) =>
          (typeof value === "string" ? [value] : value).map((one) =>
            `${name.toLowerCase()}: ${one.trimStart()}`
          )
        );
        const { headers, name } = ami.session.actions.at(-1)!;
        assert.equal(name, "Probe");
        const seen = headers.map(([name, value]) => `${name.toLowerCase()}: ${value}`)
          .filter((line) => !/^action(id)?: /.test(line));
        assert.deepEqual(seen.sort(), wanted.sort());
      }),
      { numRuns: 1000 },
    );
    assert.ok(taken > 50, `only ${taken} were taken: the property shows nothing`);
  });
});

/**
 * @module
 * What packets say of calls: each event that is known, what of it is missing, and nothing of what is none of ours.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { channelsOf, decodeCallEvent, decodeListed } from "../../../actors/ami/decode.ts";
import type { AmiPacket } from "../../../actors/ami/packet.ts";
import type { CallEvent } from "../../../machines/call_events.ts";
import { readTrace, RELEASES, tracesOf } from "./trace_files.ts";

const of = (prefix: string, id: string, more: AmiPacket = {}): AmiPacket => ({
  [`${prefix}channel`]: `PJSIP/${id}-ep-0000000${id.length}`,
  [`${prefix}uniqueid`]: `1.${id}`,
  [`${prefix}linkedid`]: "1.1",
  [`${prefix}channelstate`]: "6",
  [`${prefix}calleridnum`]: id,
  [`${prefix}calleridname`]: "<unknown>",
  [`${prefix}exten`]: "",
  [`${prefix}context`]: "internal",
  [`${prefix}priority`]: "1",
  ...more,
});
const seen = (id: string) => ({
  uniqueid: `1.${id}`,
  linkedid: "1.1",
  name: `PJSIP/${id}-ep-0000000${id.length}`,
  state: 6,
  callerNumber: id,
  callerName: null,
  exten: null,
  context: "internal",
});
const decode = (event: string, ...parts: AmiPacket[]) =>
  decodeCallEvent(Object.assign({ event }, ...parts) as AmiPacket, 5);

const KNOWN: Record<string, [AmiPacket, CallEvent]> = {
  Newchannel: [of("", "777"), { type: "channel.seen", at: 5, channel: seen("777"), created: true }],
  Newstate: [of("", "777"), { type: "channel.seen", at: 5, channel: seen("777"), created: false }],
  NewCallerid: [of("", "777"), { type: "channel.seen", at: 5, channel: seen("777"), created: false }],
  Rename: [
    { channel: "PJSIP/old-00000001", newname: "PJSIP/new-00000001", uniqueid: "1.777" },
    {
      type: "channel.seen",
      at: 5,
      created: false,
      channel: {
        uniqueid: "1.777",
        linkedid: "",
        name: "PJSIP/new-00000001",
        state: null,
        callerNumber: null,
        callerName: null,
        exten: null,
        context: null,
      },
    },
  ],
  Answer: [of("", "777"), { type: "channel.answered", at: 5, channel: seen("777") }],
  HangupRequest: [
    of("", "777", { cause: "21" }),
    { type: "channel.hangup_requested", at: 5, channel: seen("777"), cause: 21 },
  ],
  Hangup: [of("", "777", { cause: "16" }), {
    type: "channel.hungup",
    at: 5,
    channel: seen("777"),
    cause: 16,
  }],
  DialBegin: [
    { ...of("", "1"), ...of("dest", "777"), dialstring: "777-ep" },
    { type: "dial.began", at: 5, from: seen("1"), to: seen("777") },
  ],
  DialState: [
    { ...of("dest", "777"), dialstatus: "RINGING" },
    { type: "dial.rang", at: 5, from: null, to: seen("777") },
  ],
  DialEnd: [
    { ...of("", "1"), ...of("dest", "777"), dialstatus: "CONTINUE" },
    { type: "dial.ended", at: 5, from: seen("1"), to: seen("777"), status: "NOANSWER" },
  ],
  BridgeEnter: [
    of("", "777", { bridgeuniqueid: "b1", bridgetechnology: "simple_bridge", swapuniqueid: "1.1" }),
    { type: "bridge.entered", at: 5, channel: seen("777"), bridge: "b1", room: "talk" },
  ],
  BridgeLeave: [
    of("", "777", { bridgeuniqueid: "b1" }),
    { type: "bridge.left", at: 5, channel: seen("777"), bridge: "b1" },
  ],
  LocalBridge: [
    { ...of("localone", "1"), ...of("localtwo", "2") },
    { type: "local.paired", at: 5, one: seen("1"), two: seen("2") },
  ],
  Pickup: [
    { ...of("", "888"), ...of("target", "777") },
    { type: "call.picked_up", at: 5, by: seen("888"), target: seen("777") },
  ],
  BlindTransfer: [
    { ...of("transferer", "777"), ...of("transferee", "1"), extension: "888", result: "Success" },
    {
      type: "call.transferred",
      at: 5,
      how: "blind",
      by: seen("777"),
      others: [seen("1")],
      to: "888",
      success: true,
    },
  ],
  AttendedTransfer: [
    {
      ...of("origtransferer", "777"),
      ...of("secondtransferer", "778"),
      ...of("transferee", "1"),
      ...of("transfertarget", "888"),
      result: "Fail",
    },
    {
      type: "call.transferred",
      at: 5,
      how: "attended",
      by: seen("777"),
      others: [seen("778"), seen("1"), seen("888")],
      to: null,
      success: false,
    },
  ],
  QueueCallerJoin: [
    of("", "1", { queue: "support" }),
    { type: "queue.joined", at: 5, channel: seen("1"), queue: "support" },
  ],
  QueueCallerLeave: [
    of("", "1", { queue: "support" }),
    { type: "queue.left", at: 5, channel: seen("1"), queue: "support", abandoned: false },
  ],
  QueueCallerAbandon: [
    of("", "1", { queue: "support" }),
    { type: "queue.left", at: 5, channel: seen("1"), queue: "support", abandoned: true },
  ],
  ParkedCall: [
    { ...of("parkee", "1"), parkingspace: "751" },
    { type: "call.parked", at: 5, channel: seen("1"), space: "751" },
  ],
  ConfbridgeJoin: [
    of("", "1", { conference: "room" }),
    { type: "conference.joined", at: 5, channel: seen("1"), conference: "room" },
  ],
};

for (const [event, [packet, said]] of Object.entries(KNOWN)) {
  Deno.test(`decode: ${event} says what it says, and nothing where what it is about is missing`, () => {
    assert.deepEqual(decode(event, packet), said);
    for (const key of Object.keys(packet).filter((name) => /uniqueid$|channel$/.test(name))) {
      const { [key]: _without, ...rest } = packet;
      const partly = decode(event, rest);
      if (partly !== null) assert.ok(channelsOf(partly).length <= channelsOf(said).length);
      assert.doesNotThrow(() => decode(event, rest, { [key]: "" }));
    }
    assert.equal(decode(event), null);
  });
}

Deno.test("decode: what is none of ours is nothing", () => {
  for (
    const event of ["VarSet", "Newexten", "RTCPSent", "newchannel", "__proto__", "constructor", "toString"]
  ) {
    assert.equal(decode(event, of("", "777")), null);
  }
  assert.equal(decodeCallEvent({ response: "Success" }, 5), null);
  assert.equal(decode("DialState", of("dest", "777"), { dialstatus: "PROGRESS" }), null);
});

Deno.test("decode: what cannot be used is null, and a text has a bound", () => {
  const { channel } = decode(
    "Newstate",
    of("", "777", { channelstate: "six", calleridnum: "<unknown>", exten: "9".repeat(9999) }),
  ) as { channel: ReturnType<typeof seen> };
  assert.equal(channel.state, null);
  assert.equal(channel.callerNumber, null);
  assert.equal(channel.exten!, "9".repeat(256));
  for (const cause of ["", "x", "1e3", "99999999999", "0x10"]) {
    assert.equal((decode("Hangup", of("", "777", { cause })) as { cause: number | null }).cause, null);
  }
});

Deno.test("decode: which rooms are for talking is told by their technology and who made them", () => {
  const room = (bridgetechnology: string, bridgecreator = "<unknown>") =>
    (decode("BridgeEnter", of("", "1", { bridgeuniqueid: "b1", bridgetechnology, bridgecreator })) as {
      room: string;
    }).room;
  assert.equal(room("simple_bridge"), "talk");
  assert.equal(room("native_rtp"), "talk");
  assert.equal(room("softmix"), "talk", "three who talk");
  assert.equal(room("softmix", "ConfBridge"), "conference");
  assert.equal(room("holding_bridge", "Parking"), "waiting");
});

Deno.test("decode: how a dial ended is in Asterisk's words, or no answer", () => {
  const status = (dialstatus: string) =>
    (decode("DialEnd", of("dest", "777"), { dialstatus }) as { status: string }).status;
  for (const word of ["ANSWER", "ABORT", "BUSY", "CANCEL", "CHANUNAVAIL", "CONGESTION", "NOANSWER"]) {
    assert.equal(status(word), word);
  }
  for (const word of ["CONTINUE", "GOTO", "", "DONTCALL"]) assert.equal(status(word), "NOANSWER");
});

Deno.test("decode: a line of the list has its bridge, its age, and whether it was dialled", () => {
  const line = of("", "777", { bridgeid: "b1", duration: "01:02:03", application: "AppDial" });
  assert.deepEqual(decodeListed(line, 10_000_000), {
    ...seen("777"),
    bridge: "b1",
    createdAt: 10_000_000 - 3_723_000,
    dialled: true,
  });
  const bare = decodeListed({ ...of("", "777"), bridgeid: "", application: "Dial" }, 7)!;
  assert.deepEqual([bare.bridge, bare.createdAt, bare.dialled], [null, 7, false]);
  for (const duration of ["", "x", "1:2:3", "00:00"]) {
    assert.equal(decodeListed({ ...line, duration }, 7)!.createdAt, 7);
  }
  assert.equal(decodeListed({ channel: "x" }, 7), null);
});

Deno.test("decode: whatever comes throws nothing", () => {
  const names = fc.constantFrom(...Object.keys(KNOWN), "x");
  const headers = fc.constantFrom(
    ...Object.values(KNOWN).flatMap(([packet]) => Object.keys(packet)),
  );
  fc.assert(
    fc.property(
      names,
      fc.dictionary(headers, fc.oneof(fc.string(), fc.constantFrom("", "<unknown>", "1.1"))),
      (
        event,
        rest,
      ) => {
        const said = decodeCallEvent({ ...rest, event }, 5);
        if (said !== null) { for (const { uniqueid, name } of channelsOf(said)) assert.ok(uniqueid && name); }
        decodeListed(rest, 5);
      },
    ),
  );
});

Deno.test("decode: events are of the channels that they are about", () => {
  for (const [, said] of Object.values(KNOWN)) assert.ok(channelsOf(said).length > 0);
  assert.deepEqual(channelsOf({ type: "resume", at: 1, heardUntil: 1 }), []);
  const listed = { ...seen("777"), bridge: null, createdAt: 1, dialled: false };
  assert.deepEqual(channelsOf({ type: "sync.listed", at: 1, lostAt: 1, channels: [listed] }), [listed]);
});

Deno.test("decode: real packets of the kinds that are known are all understood", () => {
  for (const release of RELEASES) {
    const kinds = new Set<string>();
    for (const name of tracesOf(release)) {
      for (const { packet } of readTrace(release, name)) {
        if (!Object.hasOwn(KNOWN, packet.event ?? "")) continue;
        const said = decodeCallEvent(packet, 1);
        if (packet.event === "DialState" && packet.dialstatus !== "RINGING") assert.equal(said, null);
        else assert.ok(said !== null, `${release}/${name}: ${packet.event}`);
        kinds.add(packet.event!);
      }
    }
    const unseen = Object.keys(KNOWN).filter((kind) => !kinds.has(kind));
    assert.deepEqual(unseen, ["Rename", "Answer"], `kinds that no trace of ${release} has`);
  }
});

Deno.test("decode: an id that would be a key of every object is none", () => {
  for (const id of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
    assert.equal(decode("Newchannel", of("", "777", { uniqueid: id })), null);
    const seen = decode("Newchannel", of("", "777", { linkedid: id }));
    assert.equal(seen?.type === "channel.seen" && seen.channel.linkedid, "");
  }
});

Deno.test("decode: a name is read as Asterisk writes it, with quotes, and on one line", () => {
  const named = (calleridname: string) => {
    const event = decode("Newchannel", of("", "777", { calleridname }));
    return event?.type === "channel.seen" ? event.channel.callerName : undefined;
  };
  assert.equal(named(String.raw`ООО \"Ромашка\"`), 'ООО "Ромашка"');
  assert.equal(named(String.raw`O\'Brien \?`), "O'Brien ?");
  assert.equal(named("C:\\\\new"), String.raw`C:\new`);
  assert.equal(named(String.raw`two\nlines\r`), "two lines");
  assert.equal(named("\\x \\"), "\\x \\");
  assert.equal(named(String.raw`\t`), null);
});

Deno.test("row 18: an event that does not tell all of a channel was not written by Asterisk", () => {
  for (const gone of ["channelstate", "context", "exten", "priority", "linkedid"]) {
    const { [gone]: _gone, ...rest } = of("", "777", { cause: "16" });
    assert.equal(decode("Hangup", rest), null, gone);
    assert.equal(decodeListed(rest, 5), null, gone);
    const { [`dest${gone}`]: _far, ...far } = of("dest", "888");
    assert.equal(decode("DialEnd", of("", "777"), far, { dialstatus: "ANSWER" }), null, `dest${gone}`);
  }
});

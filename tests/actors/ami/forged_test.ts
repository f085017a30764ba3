/**
 * @module
 * Row 18, what comes in: a caller whose number has line breaks writes headers of their own into Asterisk's events. Such
 * an event is dropped and counted, and no other.
 */
import assert from "node:assert/strict";
import { AmiConnection } from "../../../actors/ami/connection.ts";
import type { AmiPacket } from "../../../actors/ami/packet.ts";
import { waitFor } from "../../support/wait.ts";
import { fakeClock } from "../fakes.ts";
import { FakeAmi } from "./fake_ami.ts";

/** An event as Asterisk 22.10 sent it for a SIP user `1008%0d%0a…`, with what the dots stand for. */
function newchannel(injected: string): string {
  return [
    "Event: Newchannel",
    "Privilege: call,all",
    "Channel: PJSIP/trunk-ep-0000000c",
    "ChannelState: 4",
    `CallerIDNum: 1008${injected}`,
    "CallerIDName: num",
    "Context: from-trunk",
    "Exten: 777",
    "Uniqueid: 1795164520.18",
    "Linkedid: 1795164520.18",
    "",
    "",
  ].join("\r\n");
}

Deno.test("row 18: an event into which a caller wrote a header is dropped and counted, others come through", async () => {
  const ami = new FakeAmi();
  await ami.start();
  const events: AmiPacket[] = [];
  let dropped = 0;
  const ready = Promise.withResolvers<void>();
  const connection = new AmiConnection({
    server: { name: "test", host: "127.0.0.1", port: ami.port, user: "u", secret: "right" },
    clock: fakeClock(),
    onConnected: () => {},
    onLoggedIn: () => ready.resolve(),
    onRefused: (error) => ready.reject(new Error(error)),
    onEvent: (packet) => void events.push(packet),
    onLost: (error) => ready.reject(new Error(error)),
    onDropped: () => void dropped++,
  });
  connection.open();
  try {
    await ready.promise;
    const hostile = [
      "\r\nUniqueid: 777",
      "\nLinkedid: 777",
      "\r\nContext: anywhere",
      "\r\nExten: 0",
      "\r\nChannelState: 6",
      "\r\nEvent: Hangup",
    ];
    for (const injected of hostile) ami.session.write(newchannel(injected));
    ami.session.write(newchannel(""));
    ami.session.write(newchannel("\r\nX-Harmless: 1"));
    await waitFor(() => events.filter(({ event }) => event === "Newchannel").length === 2, {
      what: "the events that nobody wrote into",
    });
    assert.equal(dropped, hostile.length);
    assert.ok(events.every(({ uniqueid }) => uniqueid === undefined || uniqueid === "1795164520.18"));
  } finally {
    await connection.close();
    await ami.stop();
  }
});

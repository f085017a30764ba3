/**
 * @module
 * Packets as words of endpoints: what cannot be used is nothing, and nothing throws.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeEndpointEvent,
  decodeListedAor,
  decodeListedContact,
  decodeListedEndpoint,
} from "../../../actors/ami/decode_endpoint.ts";
import type { AmiPacket } from "../../../actors/ami/packet.ts";
import { readEndpointDetail, readEndpointLists } from "../../../actors/endpoint_lists.ts";
import { realLists } from "../endpoint_house.ts";
import { RELEASES } from "./trace_files.ts";

const same = (wall: number) => wall;
const CONTACT = {
  event: "ContactStatus",
  uri: "sip:777@192.0.2.7:5060",
  contactstatus: "Reachable",
  aor: "777",
  endpointname: "777-ep",
  roundtripusec: "1500",
};

Deno.test("decode endpoint: events say what they say of whom", () => {
  assert.deepEqual(decodeEndpointEvent(CONTACT, 5), {
    name: "777-ep",
    event: {
      type: "contact.changed",
      at: 5,
      uri: "sip:777@192.0.2.7:5060",
      aor: "777",
      status: "reachable",
      roundtripMs: 1.5,
    },
  });
  const statuses = [
    "Reachable",
    "Unreachable",
    "NonQualified",
    "Removed",
    "Created",
    "Unknown",
    "Updated",
    "",
  ];
  assert.deepEqual(
    statuses.map((contactstatus) => {
      const said = decodeEndpointEvent({ ...CONTACT, contactstatus }, 5);
      return said?.event.type === "contact.changed" ? said.event.status : null;
    }),
    ["reachable", "unreachable", "non_qualified", "removed", "non_qualified", "unknown", null, null],
  );
  assert.deepEqual(
    decodeEndpointEvent({ event: "PeerStatus", peer: "PJSIP/777-ep", peerstatus: "Unreachable" }, 5),
    { name: "777-ep", event: { type: "peer.changed", at: 5, reachable: false } },
  );
  assert.deepEqual(
    decodeEndpointEvent({ event: "DeviceStateChange", device: "PJSIP/777-ep", state: "INUSE" }, 5),
    { name: "777-ep", event: { type: "device.changed", at: 5, state: "INUSE" } },
  );
});

Deno.test("decode endpoint: what is of no endpoint, or of nobody, is nothing", () => {
  const packets: AmiPacket[] = [
    {},
    { event: "Newchannel", channel: "PJSIP/777-ep-00000001" },
    { event: "PeerStatus", peer: "SIP/777", peerstatus: "Reachable" },
    { event: "PeerStatus", peer: "PJSIP/", peerstatus: "Reachable" },
    { event: "PeerStatus", peer: "PJSIP/777", peerstatus: "Registered" },
    { event: "DeviceStateChange", device: "Queue:support_avail", state: "INUSE" },
    { event: "DeviceStateChange", device: "PJSIP/777-ep" },
    { ...CONTACT, endpointname: "" },
    { ...CONTACT, uri: "" },
    { ...CONTACT, endpointname: "x".repeat(300) },
  ];
  for (const packet of packets) assert.equal(decodeEndpointEvent(packet, 5), null, JSON.stringify(packet));
});

Deno.test("decode endpoint: a contact as long as Asterisk takes them is one", () => {
  const uri = `sip:777@192.0.2.7:5060;pn-provider=fcm;pn-prid=${"t".repeat(460)}`;
  assert.equal(decodeEndpointEvent({ ...CONTACT, uri }, 5)?.name, "777-ep");
  const listed = { objectname: "777;@0123", uri, status: "Reachable", viaaddr: "192.0.2.7", viaport: "5060" };
  assert.equal(decodeListedContact(listed, same)?.uri, uri);
});

Deno.test("decode endpoint: contacts of a list are told apart, whatever is part of a URI or of a name", () => {
  const urisOf = (contacts: string) => decodeListedAor({ objectname: "a", contacts })!.uris;
  assert.deepEqual(urisOf(""), []);
  assert.deepEqual(urisOf("777/sip:777@192.0.2.7:5060,777/sips:777@[2001:db8::1],"), [
    "sip:777@192.0.2.7:5060",
    "sips:777@[2001:db8::1]",
  ]);
  assert.deepEqual(urisOf("777/sip:7,7;x=a/b@192.0.2.7,777/sip:8@192.0.2.7"), [
    "sip:7,7;x=a/b@192.0.2.7",
    "sip:8@192.0.2.7",
  ]);
  assert.deepEqual(decodeListedEndpoint({ objectname: "x", contacts: "a/b/sip:7@192.0.2.7," })!.contacts, [
    { aor: "a/b", uri: "sip:7@192.0.2.7" },
  ]);
});

Deno.test("decode endpoint: addresses, times and round trips that are none are null", () => {
  const of = (more: Record<string, string>) =>
    decodeListedContact({ objectname: "777;@0123", uri: "sip:777@h", status: "Reachable", ...more }, same)!;
  assert.equal(of({}).address, null);
  assert.equal(of({ viaaddr: "2001:db8::1", viaport: "5060" }).address, "[2001:db8::1]:5060");
  assert.equal(of({ viaaddr: "192.0.2.7" }).address, "192.0.2.7");
  assert.equal(of({ expirationtime: "1795183830" }).expiresAt, 1_795_183_830_000);
  for (const expirationtime of ["0", "", "x", "-1", "99999999999999"]) {
    assert.equal(of({ expirationtime }).expiresAt, null, expirationtime);
  }
  for (const roundtripusec of ["N/A", "", "0", "-5", "1e99"]) {
    assert.equal(of({ roundtripusec }).roundtripMs, null, roundtripusec);
  }
});

Deno.test("endpoint lists: the details of one endpoint say the same as the lists, and nothing secret is kept", () => {
  for (const release of RELEASES) {
    const { details, ...lists } = realLists(release);
    const listed = readEndpointLists({ ...lists, toSteady: same });
    for (const [name, packets] of details) {
      const withSecret = [...packets, { event: "AuthDetail", objectname: "a", password: "canary" }];
      const detail = readEndpointDetail(withSecret, same)!;
      assert.ok(!JSON.stringify(detail).includes("canary"));
      const { incomplete, ...state } = listed.get(name)!;
      assert.deepEqual(incomplete, ["dead-ep", "trunk-ep"].includes(name), name);
      if (!incomplete) assert.deepEqual(detail, { ...state, incomplete }, `${name} of ${release}`);
    }
  }
});

Deno.test("decode endpoint: no packet makes it throw", () => {
  const words = fc.constantFrom(
    "PJSIP/777-ep",
    "777",
    "777;@ab",
    "@@",
    "sip:777@[::1]:5060",
    "a/sip:b@c,d/sip:,",
    ",",
    "Reachable",
    "Unreachable",
    "N/A",
    "1e400",
    "\u0000",
  );
  const keys = [
    "objectname",
    "uri",
    "aor",
    "aors",
    "contacts",
    "status",
    "contactstatus",
    "endpointname",
    "viaaddr",
    "viaport",
    "device",
    "state",
    "peer",
    "peerstatus",
    "devicestate",
    "qualifyfrequency",
    "expirationtime",
    "roundtripusec",
  ];
  const packet = fc.record({
    event: fc.constantFrom(
      "ContactStatus",
      "PeerStatus",
      "DeviceStateChange",
      "EndpointList",
      "AorList",
      "EndpointDetail",
      "ContactStatusDetail",
      "AorDetail",
    ),
    ...Object.fromEntries(keys.map((key) => [key, fc.oneof(words, fc.string())])),
  }, { requiredKeys: ["event"], noNullPrototype: true }) as fc.Arbitrary<Record<string, string>>;
  fc.assert(fc.property(fc.array(packet, { maxLength: 6 }), (packets) => {
    for (const one of packets) decodeEndpointEvent(one, 0);
    readEndpointLists({ endpoints: packets, aors: packets, contacts: packets, toSteady: same });
    readEndpointDetail(packets, same);
  }));
});

/**
 * @module
 * The Asterisk of the benchmark of endpoints: as many phones as it is told, all of them there at first, that go and come
 * back at a steady pace, or as fast as they are heard. Each going and coming is three events, as of a real one.
 */
import { AmiSource } from "./ami_source.ts";
import { earsHere, growEars } from "./ring_ears.ts";
import { answer } from "./support.ts";

/** When a phone was told of first, and how late that was by the pace, in milliseconds; in the order of the changes. */
export type Changed = { name: string; status: "online" | "offline"; at: number; late: number }[];

growEars();
const { now } = earsHere();
const encoder = new TextEncoder();
let source: AmiSource;
let phones = 0;
let changes = 0;
let loggedInAt = 0;

await answer({
  listen: ({ endpoints }: { endpoints: number }) => {
    phones = endpoints;
    const lists = ["endpoint", "aor", "contact"] as const;
    const [endpointList, aorList, contactList] = lists.map((kind) => listOf(kind));
    source = new AmiSource({
      pjsipshowendpoints: endpointList!,
      pjsipshowaors: aorList!,
      pjsipshowcontacts: contactList!,
      pjsipshowendpoint: detailOf,
    });
    void source.loggedIn.then(() => loggedInAt = now());
    return { port: source.port };
  },
  "logged in": async () => {
    await source.loggedIn;
    return { at: loggedInAt };
  },
  change: async ({ count, perSecond }: { count: number; perSecond: number }): Promise<Changed> => {
    const changed: Changed = [];
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      const due = start + i * 1000 / perSecond;
      if (due > performance.now()) await sleep(due - performance.now());
      const { name, status, text } = next();
      changed.push({ name, status, at: now(), late: performance.now() - due });
      void source.write(encoder.encode(text));
    }
    return changed;
  },
  burst: async ({ count }: { count: number }) => {
    let text = "";
    for (let i = 0; i < count; i++) text += next().text;
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length; at += 64 * 1024) {
      await source.write(bytes.subarray(at, at + 64 * 1024));
    }
    return { bytes: bytes.length };
  },
});

/** Each phone in turn goes; when all are gone, each comes back. */
function next(): { name: string; status: "online" | "offline"; text: string } {
  const number = 10_000 + changes % phones;
  const status = Math.floor(changes / phones) % 2 === 0 ? "offline" : "online";
  changes++;
  const [peer, device] = status === "online" ? ["Reachable", "NOT_INUSE"] : ["Unreachable", "UNAVAILABLE"];
  const name = `${number}-ep`;
  return {
    name,
    status,
    text: packet(
      "Event: ContactStatus",
      "Privilege: system,all",
      `URI: ${uriOf(number)}`,
      `ContactStatus: ${peer}`,
      `AOR: ${number}`,
      `EndpointName: ${name}`,
      `RoundtripUsec: ${status === "online" ? 1234 : 0}`,
    ) + packet(
      "Event: PeerStatus",
      "Privilege: system,all",
      "ChannelType: PJSIP",
      `Peer: PJSIP/${name}`,
      `PeerStatus: ${peer}`,
    ) + packet(
      "Event: DeviceStateChange",
      "Privilege: call,all",
      `Device: PJSIP/${name}`,
      `State: ${device}`,
    ),
  };
}

function listOf(kind: "endpoint" | "aor" | "contact"): (id: string) => string {
  const name = { endpoint: "Endpoint", aor: "Aor", contact: "Contact" }[kind];
  const items = Array.from({ length: phones }, (_, index) => {
    const number = 10_000 + index;
    return {
      endpoint: [
        `ObjectType: endpoint\nObjectName: ${number}-ep\nTransport: \nAor: ${number}\nAuths: ${number}`,
        `OutboundAuths: \nContacts: ${number}/${uriOf(number)},\nDeviceState: Not in use\nActiveChannels: 0`,
      ],
      aor: [
        `ObjectType: aor\nObjectName: ${number}\nMaxContacts: 1\nContacts: ${number}/${uriOf(number)}`,
        "QualifyFrequency: 60\nRemoveExisting: true",
      ],
      contact: [
        `ObjectType: contact\nObjectName: ${number};@${number.toString(16).padStart(32, "0")}`,
        `ViaAddr: 10.0.0.1\nViaPort: 5060\nEndpoint: ${number}-ep\nUri: ${
          uriOf(number)
        }\nQualifyFrequency: 60`,
        "UserAgent: A phone of benchmarks\nExpirationTime: 4000000000\nStatus: Reachable\nRoundtripUsec: 1234",
      ],
    }[kind].join("\n");
  });
  return (id) =>
    `Response: Success\nActionID: ${id}\nEventList: start\nMessage: A listing follows\n\n` +
    items.map((item) => `Event: ${name}List\nActionID: ${id}\n${item}\n\n`).join("") +
    `Event: ${name}ListComplete\nActionID: ${id}\nEventList: Complete\nListItems: ${items.length}\n\n`;
}

/** As it was last told. */
function detailOf(id: string, header: (name: string) => string): string {
  const number = Number.parseInt(header("Endpoint"));
  const turns = Math.floor(changes / phones) + (number - 10_000 < changes % phones ? 1 : 0);
  const [device, status] = turns % 2 === 0 ? ["Not in use", "Reachable"] : ["Unavailable", "Unreachable"];
  const items = [
    `Event: EndpointDetail\nObjectName: ${number}-ep\nAors: ${number}\nAuth: ${number}\nDeviceState: ${device}`,
    `Event: AorDetail\nObjectName: ${number}\nQualifyFrequency: 60`,
    `Event: ContactStatusDetail\nAOR: ${number}\nURI: ${uriOf(number)}\nUserAgent: A phone of benchmarks\n` +
    `RegExpire: 4000000000\nStatus: ${status}\nRoundtripUsec: 1234`,
  ];
  return `Response: Success\nActionID: ${id}\nEventList: start\nMessage: A listing follows\n\n` +
    items.map((item) => `${item}\nActionID: ${id}\n\n`).join("") +
    `Event: EndpointDetailComplete\nActionID: ${id}\nEventList: Complete\nListItems: 3\n\n`;
}

function uriOf(number: number): string {
  return `sip:${number}@10.0.${number % 200}.7:5060`;
}

function packet(...lines: string[]): string {
  return lines.map((line) => `${line}\r\n`).join("") + "\r\n";
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

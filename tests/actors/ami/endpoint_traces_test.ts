/**
 * @module
 * Traces of real Asterisks, as far as they speak of endpoints: a phone that registers, unregisters, registers again and
 * vanishes is told so by the machine and in the history, whole and cut anywhere, whatever else is said meanwhile.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeEndpointEvent } from "../../../actors/ami/decode_endpoint.ts";
import { type AmiPacket, AmiRefused } from "../../../actors/ami/packet.ts";
import { DOUBT_MS } from "../../../machines/endpoint.ts";
import { waitFor } from "../../support/wait.ts";
import { startPhone } from "../../machines/endpoint_phone.ts";
import { type EndpointHouse, withEndpoints } from "../endpoint_house.ts";
import { withConnection } from "./ground.ts";
import { EXPECTED, type Heard, readTrace, RELEASES, traceBytes, tracesOf } from "./trace_files.ts";

const { endpoints } = EXPECTED.registration as unknown as { endpoints: Record<string, string[]> };
const [[NAME, STATUSES]] = Object.entries(endpoints) as [[string, string[]]];

/** The bytes in pieces that end anywhere. */
function* pieces(bytes: Uint8Array, cuts: readonly number[]): Iterable<Uint8Array> {
  const ends = [0, ...cuts.map((cut) => cut % bytes.length).sort((one, other) => one - other), bytes.length];
  for (let i = 1; i < ends.length; i++) yield bytes.subarray(ends[i - 1]!, ends[i]!);
}

/** What comes out of the service's own connection when the bytes go in. */
async function throughAdapter(parts: Iterable<Uint8Array>): Promise<AmiPacket[]> {
  let heard: AmiPacket[] = [];
  await withConnection(async ({ ami, events }) => {
    for (const part of parts) {
      ami.session.socket.write(part);
      // Both ends live in this process: the other one reads before the next piece is written.
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    ami.session.write("Event: EndOfTrace\r\n\r\n");
    await waitFor(() => events.at(-1)?.event === "EndOfTrace" || undefined, { what: "the end of a trace" });
    heard = events.filter(({ event }) => event !== "EndOfTrace" && event !== "FullyBooted");
  });
  return heard;
}

/** Two traces at once: each in its own order. */
function woven(one: readonly Heard[], other: readonly Heard[], picks: readonly number[]): AmiPacket[] {
  const [left, right] = [[...one], [...other]];
  const packets: AmiPacket[] = [];
  for (let i = 0; left.length + right.length > 0; i++) {
    const from = right.length === 0 || (left.length > 0 && picks[i % picks.length]! % 2 === 0) ? left : right;
    packets.push(from.shift()!.packet);
  }
  return packets;
}

/** Phones of the traces as their Asterisk has them when they begin. */
function furnish({ asterisk }: EndpointHouse): void {
  for (const name of ["152-ep", "777-ep", "888-ep", "trunk-ep"]) {
    asterisk.phone(name, { qualify: false, status: "NonQualified", device: "Not in use" });
  }
  // Who calls from 150 has not registered.
  asterisk.phone("150-ep", { contacts: [] }).phone(NAME, { contacts: [] });
}

async function hear(house: EndpointHouse, packets: readonly AmiPacket[]): Promise<void> {
  for (const packet of packets) {
    house.clock.pass(20);
    house.say(packet);
  }
  await house.settle();
}

for (const release of RELEASES) {
  const heard = readTrace(release, "registration");
  const packets = heard.map(({ packet }) => packet);

  Deno.test(`traces: ${release}/registration: the endpoint's machine tells what became of it`, () => {
    const phone = startPhone();
    for (const { packet, at } of heard) {
      phone.pass(Math.max(0, at - (phone.clock.now() - 1_000_000_000)));
      const said = decodeEndpointEvent(packet, phone.clock.now());
      if (said === null) continue;
      assert.equal(said.name, NAME);
      phone.actor.send(said.event);
    }
    assert.deepEqual(
      phone.said(),
      STATUSES.map((status) => status === "online" ? "came_online" : "went_offline"),
    );
    phone.pass(DOUBT_MS);
    assert.deepEqual(phone.said(), [], "nothing in it contradicts itself");
    phone.stop();
  });

  Deno.test(`traces: ${release}/registration: rows of the history say what became of it, lists or none`, async () => {
    await withEndpoints(async (house) => {
      house.asterisk.failure = new AmiRefused("PJSIPShowEndpoint", "Permission denied");
      house.up("main", { endpoints: null, aors: null, contacts: null });
      await hear(house, packets);
      assert.deepEqual(house.changes(NAME), STATUSES);
      assert.equal(house.view(NAME).status_reason, "unreachable");
    });
    await withEndpoints(async (house) => {
      furnish(house);
      house.up();
      await hear(house, packets);
      assert.deepEqual(house.changes(NAME), ["offline", ...STATUSES]);
      assert.equal(house.view(NAME).status, "offline");
    });
  });

  Deno.test(`traces: ${release}/registration: every event twice is as good as once`, () =>
    withEndpoints(async (house) => {
      furnish(house);
      house.up();
      await hear(house, packets.flatMap((packet) => [packet, packet]));
      assert.deepEqual(house.changes(NAME), ["offline", ...STATUSES]);
    }));

  Deno.test(`traces: ${release}/registration: cut at random, the adapter hears the same`, async () => {
    const cuts = fc.sample(fc.array(fc.nat(1e6), { minLength: 1, maxLength: 60 }), { numRuns: 5, seed: 4 });
    for (const some of cuts) {
      const out = await throughAdapter(pieces(traceBytes(release, "registration"), some));
      await withEndpoints(async (house) => {
        furnish(house);
        house.up();
        await hear(house, out);
        assert.deepEqual(house.changes(NAME), ["offline", ...STATUSES], `${some}`);
      });
    }
  });

  Deno.test(`traces: ${release}: woven into any other trace the registration is what it is, and the other phones stay`, async () => {
    const others = tracesOf(release).filter((name) => name !== "registration" && name !== "unregistered");
    const runs = fc.sample(
      fc.tuple(fc.constantFrom(...others), fc.array(fc.nat(1e6), { minLength: 5, maxLength: 40 })),
      { numRuns: 20, seed: 7 },
    );
    for (const [name, picks] of runs) {
      await withEndpoints(async (house) => {
        furnish(house);
        house.up();
        house.forget();
        await hear(house, woven(heard, readTrace(release, name), picks));
        assert.deepEqual(house.changes(NAME), STATUSES, `${name} ${picks}`);
        for (const phone of ["777-ep", "888-ep", "trunk-ep"]) {
          assert.deepEqual(house.changes(phone), [], `${phone} in ${name}`);
        }
      });
    }
  });

  for (const name of tracesOf(release)) {
    if (name === "registration") continue;
    Deno.test(`traces: ${release}/${name}: nothing that is said of phones in calls makes anybody doubt them`, () =>
      withEndpoints(async (house) => {
        furnish(house);
        // The one in which 150 has registered.
        if (name === "internal-answered") house.asterisk.phone("150-ep");
        house.up();
        house.forget();
        await hear(house, readTrace(release, name).map(({ packet }) => packet));
        await house.pass(DOUBT_MS * 2);
        const own = [...house.asterisk.endpoints.keys()].map((phone) => `PJSIPShowEndpoint ${phone}`);
        assert.deepEqual(house.asterisk.asked.filter((question) => own.includes(question)), []);
        assert.deepEqual(house.told("endpoint.removed"), []);
        assert.deepEqual(["777-ep", "888-ep", "trunk-ep"].flatMap((phone) => house.changes(phone)), []);
      }));
  }
}

/**
 * @module
 * A thousand calls at once, as real Asterisks told of them, one among another: every row is right.
 */
import assert from "node:assert/strict";
import type { AmiPacket } from "../../actors/ami/packet.ts";
import { LINGER_MS } from "../../machines/call.ts";
import { EXPECTED, type Heard, readTrace, RELEASES } from "./ami/trace_files.ts";
import { PBX, startCalls } from "./call_house.ts";

const CALLS = 1000;
/** All begin within so long. */
const WITHIN_MS = 2000;
const NAMES = Object.keys(EXPECTED).filter((name) => EXPECTED[name]!.calls.length === 1);

/** The same packet of another call. Ids go on to be numbers. */
function copy(packet: AmiPacket, index: number): AmiPacket {
  const copied: Record<string, string> = {};
  for (const [name, value] of Object.entries(packet)) {
    copied[name] = /(uniqueid|linkedid)$/.test(name) && name !== "bridgeuniqueid"
      ? value.replace(/\.(\d+)$/, (_, count) => `.${index * 1000 + Number(count) % 1000}`)
      : name === "bridgeuniqueid"
      ? `${value}-${index}`
      : value;
  }
  return copied;
}

Deno.test("calls: of a thousand at once every row is right", async () => {
  const traces = new Map<string, Heard[]>();
  const trace = (release: string, name: string) => {
    const key = `${release}/${name}`;
    if (!traces.has(key)) traces.set(key, readTrace(release, name));
    return traces.get(key)!;
  };
  const heard: Heard[] = [];
  const namesById = new Map<string, string>();
  for (let index = 0; index < CALLS; index++) {
    const name = NAMES[index % NAMES.length]!;
    const packets = trace(RELEASES[index % RELEASES.length]!, name);
    for (const { packet, at } of packets) {
      heard.push({ packet: copy(packet, index), at: at + index * WITHIN_MS / CALLS });
    }
    const first = packets.find(({ packet }) => packet.event === "Newchannel")!;
    namesById.set(copy(first.packet, index).linkedid!, name);
  }
  heard.sort((one, other) => one.at - other.at);
  const house = startCalls();
  const begun = house.clock.now();
  let most = 0;
  for (const { packet, at } of heard) {
    house.clock.sim.set(Math.max(house.clock.now(), begun + at));
    house.calls.event(PBX, packet, begun + at);
    most = Math.max(most, house.calls.size);
  }
  house.clock.pass(LINGER_MS);
  await house.settle();
  assert.equal(most, CALLS, "all of them at once");
  assert.equal(house.calls.size, 0);
  assert.deepEqual(house.calls.quarantined, []);
  const rows = house.kept();
  assert.equal(rows.length, CALLS);
  for (const row of rows) {
    const expected = EXPECTED[namesById.get(row.linked_id)!]!.calls[0]!;
    assert.deepEqual(
      [
        row.caller_number,
        row.receiver_number,
        row.direction,
        row.status,
        row.end_reason,
        row.answered_by_number,
      ],
      [
        expected.caller,
        expected.receiver,
        expected.direction,
        expected.status,
        expected.end_reason,
        expected.answered_by,
      ],
      `${row.linked_id} ${namesById.get(row.linked_id)}`,
    );
    assert.ok(Math.abs(row.duration - expected.talk_s) <= 1);
    assert.equal(row.state, null);
  }
  house.calls.stop();
});

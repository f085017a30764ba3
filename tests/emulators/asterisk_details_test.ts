/**
 * @module
 * What the emulated Asterisk says of endpoints, beside what real ones of 16.28 and 22.10 said with the same pjsip.conf
 * and the same phones: every header, in its order, with its value.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { type RawAmi, withAsterisk } from "./asterisk_client.ts";
import { header, type Packet, packetsOf } from "./asterisk_compare.ts";

const FOLDER = new URL(".", import.meta.url);
const PORTS = { "PORT-ONE": 40_001, "PORT-TWO": 40_002, "PORT-OFF": 40_003, "PORT-GONE": 40_004 };

/** Cuts a fixture into what was asked and what came. */
function asked(text: string): { action: Record<string, string>; packets: Packet[] }[] {
  return text.split(/^# /m).filter((part) => part !== "").map((part) => {
    const end = part.indexOf("\n");
    return {
      action: JSON.parse(part.slice(0, end)),
      packets: packetsOf(part.slice(end + 1).replaceAll("\n", "\r\n")),
    };
  });
}

/** What differs from run to run is put aside, as it is in the fixtures; lists have the order of nothing. */
function plain(packets: readonly Packet[]): string[] {
  const texts = packets.map((packet) =>
    packet.map(([name, value]) => {
      let told = ["ActionID", "CallId", "CallID", "ExpirationTime", "RegExpire"].includes(name) ? "x" : value;
      for (const [word, port] of Object.entries(PORTS)) told = told.replaceAll(String(port), word);
      if (name === "RoundtripUsec" && told !== "N/A") told = "1";
      told = told.replace(/@[0-9a-f]{32}/g, "@HASH");
      // Contacts are sorted by a hash that has the port in it.
      return `${name}: ${name === "Contacts" ? told.split(",").sort().join() : told}`.trimEnd();
    }).join("\n")
  );
  return texts.sort();
}

async function ask(ami: RawAmi, { Action, ...headers }: Record<string, string>): Promise<Packet[]> {
  const answer = await ami.act(Action!, headers);
  const id = header(answer, "ActionID");
  const mine = () => ami.packets.filter((packet) => header(packet, "ActionID") === id);
  if (header(answer, "EventList") === "start") {
    await ami.until(() => mine().some((packet) => header(packet, "EventList") === "Complete"), Action!);
  }
  return mine();
}

for (const version of [16, 22] as const) {
  Deno.test(`emulated Asterisk ${version}: tells of endpoints what a real one tells`, async () => {
    const dir = await Deno.makeTempDir();
    try {
      await Deno.copyFile(new URL("endpoint_details.conf", FOLDER), `${dir}/pjsip.conf`);
      const fixture = await readFile(new URL(`endpoint_details_${version}.ami`, FOLDER), "utf8");
      await withAsterisk({ version, dir, endpoints: [] }, async ({ asterisk, dial }) => {
        const ami = dial();
        await ami.login("off");
        const [nothing, ...rest] = asked(fixture);
        assert.deepEqual(plain(await ask(ami, nothing!.action)), plain(nothing!.packets));
        const desk = { userAgent: "Desk phone 1.0" };
        assert.ok(asterisk.register("777", { ...desk, port: PORTS["PORT-ONE"], password: "made-up" }));
        assert.ok(
          asterisk.register("777", { another: true, userAgent: "Softphone 2.0", port: PORTS["PORT-TWO"] }),
        );
        assert.ok(asterisk.register("150", { ...desk, port: PORTS["PORT-OFF"] }));
        assert.ok(asterisk.register("888", { ...desk, port: PORTS["PORT-GONE"] }));
        asterisk.vanish("888");
        for (const { action, packets } of rest) {
          assert.deepEqual(plain(await ask(ami, action)), plain(packets), JSON.stringify(action));
        }
        const [, , rich] = asked(fixture);
        assert.equal(rich!.packets.some((one) => header(one, "Event") === "EndpointDetail"), true);
      });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });

  Deno.test(`emulated Asterisk ${version}: details come in the order of a real one's`, async () => {
    const fixture = await readFile(new URL(`endpoint_details_${version}.ami`, FOLDER), "utf8");
    const dir = await Deno.makeTempDir();
    try {
      await Deno.copyFile(new URL("endpoint_details.conf", FOLDER), `${dir}/pjsip.conf`);
      await withAsterisk({ version, dir, endpoints: [] }, async ({ asterisk, dial }) => {
        const ami = dial();
        await ami.login("off");
        asterisk.register("777");
        asterisk.register("777", { another: true });
        for (const name of ["777-ep", "trunk-ep"]) {
          const real = asked(fixture).find(({ action }) => action.Endpoint === name)!;
          const told = await ask(ami, real.action);
          const events = (packets: readonly Packet[]) => packets.map((one) => header(one, "Event"));
          assert.deepEqual(events(told), events(real.packets));
        }
      });
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

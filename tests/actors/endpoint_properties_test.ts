/**
 * @module
 * What holds for all endpoints of a PBX whatever it says, whenever its link goes and comes and the service is started
 * again: readers, history and alerts agree with each other and, in the end, with the PBX.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { EndpointAlertView, EndpointStatus, EndpointView } from "../../machines/endpoint_views.ts";
import { JUDGED } from "../machines/endpoint_phone.ts";
import { type EndpointHouse, FakePjsip, PBX, startEndpoints, TELLS, uriOf } from "./endpoint_house.ts";

const NAMES = ["1-ep", "2-ep", "3-ep", "4-ep"];
const STATUSES = ["Reachable", "Unreachable", "NonQualified", "Removed"] as const;

type Step =
  | { do: "contact"; name: string; status: typeof STATUSES[number]; heard: boolean }
  | { do: "whole"; name: string; packet: "peer" | "device"; there: boolean }
  | { do: "remove"; name: string }
  | { do: "reload" | "down" | "up" | "restart" }
  | { do: "wait"; ms: number };

const name = fc.constantFrom(...NAMES);
const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("contact" as const),
      name,
      status: fc.constantFrom(...STATUSES),
      // A word that was lost: Asterisk knows better than what was heard of it.
      heard: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, {
        weight: 1,
        arbitrary: fc.constant(false),
      }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("whole" as const),
      name,
      packet: fc.constantFrom("peer" as const, "device" as const),
      there: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), name }) },
  { weight: 3, arbitrary: fc.constantFrom<Step[]>({ do: "reload" }, { do: "down" }, { do: "up" }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: "restart" }) },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1, 500, 5000, 60_000, JUDGED.alertAfterMs, JUDGED.flapWindowMs),
    }),
  },
);

/** Has Asterisk know what a word of a contact says. */
function know(asterisk: FakePjsip, name: string, status: typeof STATUSES[number]): void {
  if (status === "Removed") asterisk.phone(name, { contacts: [] });
  else asterisk.phone(name, { status });
}

async function play(steps: readonly Step[]) {
  const asterisk = new FakePjsip();
  for (const name of NAMES) asterisk.phone(name);
  let house = startEndpoints({ asterisks: { [PBX]: asterisk } });
  let isUp = false;
  const units: EndpointHouse["writer"]["units"] = [];
  const shown = new Map<string, EndpointView>();
  const alerts = new Map<string, EndpointAlertView>();
  const look = () => {
    for (const { event, data } of house.feed.published.splice(0)) {
      if (event === "endpoint.changed") shown.set(data.name, data);
      else if (event === "endpoint.removed") shown.delete(data.name);
      else alerts.set(data.id, data);
    }
  };
  const begin = () => {
    look();
    shown.clear();
    for (const view of house.endpoints.list()) shown.set(view.name, view);
  };
  for (const step of steps) {
    switch (step.do) {
      case "contact":
        know(asterisk, step.name, step.status);
        if (isUp && step.heard) {
          house.say(TELLS.contact(step.name, step.status, { uri: uriOf(step.name[0]!) }));
        }
        break;
      case "whole":
        if (!isUp) break;
        if (step.packet === "peer") {
          house.say(TELLS.peer(step.name, step.there ? "Reachable" : "Unreachable"));
        } else house.say(TELLS.device(step.name, step.there ? "NOT_INUSE" : "UNAVAILABLE"));
        break;
      case "remove":
        asterisk.endpoints.delete(step.name);
        break;
      case "reload":
        if (isUp) house.say(TELLS.reload);
        break;
      case "down":
        if (isUp) house.down();
        isUp = false;
        break;
      case "up":
        house.up();
        isUp = true;
        break;
      case "wait":
        await house.pass(step.ms);
        break;
      case "restart": {
        await house.settle();
        const heardUntil = house.clock.now();
        house.endpoints.stop();
        look();
        await house.settle();
        units.push(...house.writer.units);
        const { clock } = house;
        // No process ends and another begins in the same millisecond.
        clock.pass(1);
        const former = house;
        former.writer.units.unshift(...units.slice(0, units.length - former.writer.units.length));
        house = startEndpoints({
          clock,
          asterisks: { [PBX]: asterisk },
          stored: former.stored(),
          heardUntil,
        });
        isUp = false;
        begin();
        break;
      }
    }
    await house.settle();
    look();
  }
  return { house, asterisk, shown, alerts, look, units: () => [...units, ...house.writer.units] };
}

Deno.test("endpoints: whatever happens, readers and history and alerts agree, and in the end with Asterisk", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const { house, asterisk, shown, alerts, look, units } = await play(steps);
      try {
        // Whoever was told of each change knows what is shown to who looks now.
        const plain = (views: Iterable<EndpointView>) =>
          [...views].map((view) =>
            JSON.parse(JSON.stringify({ ...view, last_online_at: null, contacts: [] }))
          );
        assert.deepEqual(
          plain([...shown.values()].sort((one, other) => one.name < other.name ? -1 : 1)),
          plain(house.endpoints.list()),
        );
        house.up();
        await house.pass(10_000);
        look();
        const names = house.endpoints.list().map(({ name }) => name);
        assert.deepEqual(names, [...asterisk.endpoints.keys()].sort(), "what there is");
        for (const view of house.endpoints.list()) {
          const contacts = asterisk.aors.get(view.aors[0]!)!.contacts;
          assert.deepEqual(view.contacts.map(({ uri }) => uri), contacts.map(({ uri }) => uri));
          const status = contacts[0]?.status;
          if (status === "Reachable") assert.equal(view.status, "online");
          else if (status !== "NonQualified") assert.equal(view.status, "offline");
        }
        await house.pass(JUDGED.alertAfterMs + 1000);
        look();
        const changes = units().flatMap(({ endpointChanges }) => endpointChanges ?? []);
        for (const view of house.endpoints.list()) {
          const own = changes.filter(({ name }) => name === view.name);
          const statuses: EndpointStatus[] = own.map(({ status }) => status);
          statuses.forEach((status, index) => index > 0 && assert.notEqual(status, statuses[index - 1]));
          if (view.status !== "unknown") assert.equal(statuses.at(-1), view.status);
          const keys = own.map(({ at, id }) => `${at} ${id}`);
          assert.deepEqual(keys, [...keys].sort(), "in the order in which they are read");
        }
        const open = house.endpoints.alerts();
        const missing = open.flatMap(({ id, endpoints }) =>
          endpoints.filter(({ back_at }) => back_at === null).map(({ name }) => [name, id])
        );
        const marked = house.endpoints.list().filter(({ alert_id }) => alert_id !== null);
        assert.deepEqual(
          Object.fromEntries(missing),
          Object.fromEntries(
            marked.map(({ name, alert_id }) => [name, alert_id]),
          ),
        );
        const away = house.endpoints.list().filter(({ status }) => status === "offline").map(({ name }) =>
          name
        );
        // Who waits to be asked again is as it was, and missed if it was.
        for (const name of away) assert.ok(missing.some(([one]) => one === name), `${name} is missed`);
        for (const [name] of missing) assert.notEqual(house.view(name!).status, "online");
        for (const alert of alerts.values()) {
          assert.equal(alert.ended_at === null, open.some(({ id }) => id === alert.id), "each end is told");
          assert.equal(alert.ended_at !== null, alert.endpoints.every(({ back_at }) => back_at !== null));
        }
        assert.deepEqual(house.endpoints.quarantined, []);
      } finally {
        house.endpoints.stop();
        assert.equal(house.clock.sim.live, 0, "timers after the stop");
      }
    }),
    { numRuns: 100 },
  );
});

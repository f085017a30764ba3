/**
 * @module
 * One side of the benchmark of sends. The peers are the intercom machine itself with other timers, so that nothing
 * else differs.
 */
import { type AnyStateMachine, createMachine } from "xstate";
import { systemClock } from "../actors/clock.ts";
import { Hub } from "../actors/hub.ts";
import { intercomMachine } from "../machines/intercom.ts";
import { answer, measure, mustBe } from "./support.ts";

const SETTINGS = { offlineAfterMs: 120_000, heartbeatEveryMs: 30_000, heldOpenAfterMs: 60_000 };

const side = Deno.args[0] as "lazy" | "reentered" | "none";
const clock = systemClock();
let armed = 0;
const hub = new Hub({
  machine: machineOf(side) as typeof intercomMachine,
  clock: {
    ...clock,
    setTimeout: (run, ms) => {
      armed++;
      return clock.setTimeout(run, ms);
    },
  },
  onTimer: ({ key }) => {
    throw new Error(`Cannot measure: a timer of ${key} went off`);
  },
  onFailed: (_key, error) => {
    throw error;
  },
});

await answer({
  start: ({ actors }: { actors: number }) => {
    const at = clock.now();
    for (let i = 0; i < actors; i++) hub.start(String(i), { input: { mac: String(i), at, ...SETTINGS } });
    beat();
  },
  send: ({ turns }: { turns: number }) => {
    beat();
    armed = 0;
    const used = measure();
    for (let turn = 0; turn < turns; turn++) beat();
    const result = used();
    mustBe("timers armed a heartbeat", armed / hub.size / turns, side === "reentered" ? 1 : 0);
    for (const key of hub.keys()) mustBe("presence", hub.get(key)!.value.presence as string, "online");
    return result;
  },
});

function beat(): void {
  const at = clock.now();
  for (const key of hub.keys()) hub.send(key, { type: "panel.heartbeat", at, door: "closed" });
}

/** The machine with its own timer of silence, with one that each heartbeat restarts, or without. */
function machineOf(timer: typeof side): AnyStateMachine {
  if (timer === "lazy") return intercomMachine;
  const { config } = intercomMachine;
  const presence = config.states!.presence!;
  const { after: _, ...online } = presence.states!.online!;
  const changed = timer === "none" ? online : {
    ...online,
    after: { silence: { target: "offline", actions: ["silencePassed", "becomeOffline"] } },
    on: { ...online.on, "panel.heartbeat": { target: "online", reenter: true, actions: "heard" } },
  };
  return createMachine(
    {
      ...config,
      states: {
        ...config.states,
        presence: { ...presence, states: { ...presence.states, online: changed } },
      },
    } as Parameters<typeof createMachine>[0],
    intercomMachine.implementations as Parameters<typeof createMachine>[1],
  );
}

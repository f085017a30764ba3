/**
 * @module
 * The life of a demonstration: now and then somebody calls, most calls come to a good end, some do not.
 * Numbers and companies are made up; nobody has them.
 */
import type { CallOptions, CallPlan, EmulatedAsterisk } from "./asterisk.ts";
import { type EmulatedClock, SYSTEM_CLOCK } from "./emulated_clock.ts";
import { pick, type Random, wholeBetween } from "./random.ts";

/** How it lives. */
export interface DemoOptions {
  random?: Random;
  clock?: EmulatedClock;
  /** Shortest and longest wait between two calls. Default 20 to 60. */
  everySeconds?: readonly [from: number, to: number];
  /** How many calls may be up at once. Default 4. */
  most?: number;
}

/** A life that can be ended. */
export interface Demo {
  /** How many calls it has made. */
  readonly made: number;
  /** Makes no more calls; those that are up come to their own ends. */
  stop(): void;
}

/** Numbers that are kept for fiction, or belong to no operator, with who would call from them. */
const CALLERS: readonly (readonly [number: string, name: string])[] = [
  ["74951234567", "ООО Тестовая Компания"],
  ["74950000101", "ООО Ромашка"],
  ["74950000117", "Лифт-Сервис"],
  ["78120000123", "АО Северный Ветер"],
  ["78120000145", "Пекарня «Утро»"],
  ["73430000162", "Клиника Доктор Кот"],
  ["74990000178", "Доставка Вовремя"],
  ["442079460123", "Acme Ltd"],
  ["12025550147", "Globex"],
  ["74990000199", ""],
];

/** Where outside callers want to. */
const WANTED = ["777", "777", "777", "888", "700", "700", "150", "151", "701", "702"] as const;
const INSIDE = ["150", "151", "152", "777", "888"] as const;

/** Door panels, where there are any. */
const PANELS = ["201", "202", "203"] as const;

/** Makes calls until it is stopped. */
export function startDemoCalls(asterisk: EmulatedAsterisk, options: DemoOptions = {}): Demo {
  const { random = Math.random, clock = SYSTEM_CLOCK, most = 4 } = options;
  const [shortest, longest] = options.everySeconds ?? [20, 60];
  let made = 0;
  let timer: unknown = null;

  function wait(): void {
    const seconds = shortest + random() * (longest - shortest);
    timer = clock.setTimeout(() => {
      const who = whoCalls(asterisk, random);
      // An endpoint may have been taken out of the configuration.
      const possible = asterisk.phones.has("trunk") || asterisk.phones.has(who.from);
      if (asterisk.calls.length < most && possible) {
        asterisk.call({ ...who, plan: planOf(random) });
        made++;
      }
      wait();
    }, Math.round(seconds * 1_000));
  }

  wait();
  return {
    get made() {
      return made;
    },
    stop: () => clock.clearTimeout(timer),
  };
}

function whoCalls(asterisk: EmulatedAsterisk, random: Random): CallOptions {
  const chance = random();
  const panels = PANELS.filter((number) => asterisk.phones.get(number)?.reachable);
  if (chance < 0.06 && panels.length > 0) return { from: pick(random, panels), to: pick(random, INSIDE) };
  if (chance < 0.12) {
    const from = pick(random, INSIDE);
    return { from, to: pick(random, INSIDE.filter((number) => number !== from)) };
  }
  if (chance < 0.22) return { from: pick(random, INSIDE), to: `9${pick(random, CALLERS)[0]}` };
  const [from, name] = pick(random, CALLERS);
  return { from, fromName: name || undefined, to: pick(random, WANTED) };
}

function planOf(random: Random): CallPlan {
  const afterMs = wholeBetween(random, 2_000, 9_000);
  const chance = random();
  if (chance < 0.12) return { decline: { afterMs } };
  if (chance < 0.18) return { busy: { afterMs: 300 } };
  if (chance < 0.28) return { callerGivesUpAfterMs: afterMs + 3_000 };
  // Nobody comes to the phone.
  if (chance < 0.36) return {};
  return {
    answer: { afterMs },
    talkMs: wholeBetween(random, 10_000, 60_000),
    hangsUp: random() < 0.6 ? "caller" : "callee",
  };
}

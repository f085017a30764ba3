/**
 * @module
 * The phones of a demonstration and their life: most are there, one has been away for long, one comes and goes, and now
 * and then somebody loses power, a site loses its line, or a stranger guesses a password. Networks are those kept for
 * documentation, and nobody has these names.
 */
import type { EmulatedAsterisk } from "./asterisk.ts";
import type { Phone } from "./asterisk_phones.ts";
import { type EmulatedClock, SYSTEM_CLOCK } from "./emulated_clock.ts";
import type { EndpointSpec } from "./pjsip_store.ts";
import { pick, type Random, wholeBetween } from "./random.ts";

/** How it lives. */
export interface DemoPhonesOptions {
  random?: Random;
  clock?: EmulatedClock;
}

/** A life that can be ended. */
export interface DemoPhones {
  stop(): void;
}

/** The site that loses its line. */
const WAREHOUSE = "198.51.100.0/24";
const FLAPPING = "156";
const AWAY = "155";
/** Phones that scenarios call stay where they are. */
const NEEDED = new Set(["777", "888", "trunk", FLAPPING, AWAY]);
const STRANGER = "203.0.113.66";
const STRANGERS_NAMES = ["100", "admin", "sip", "1000", "test"];

/** Endpoints of the demonstration. */
export const DEMO_ENDPOINTS: readonly EndpointSpec[] = [
  desk("777", 10, "User 777"),
  desk("888", 11, "User 888"),
  desk("150", 12, "User 150"),
  desk("151", 13, "User 151"),
  { ...desk("152", 14, "User 152"), userAgent: "Grandstream GXP2170 1.0.11.64" },
  { ...desk("153", 15, "Accounting"), userAgent: "snomD785/10.1.184.15" },
  { ...desk("154", 16, "Meeting room"), qualifySeconds: 0 },
  { ...desk(AWAY, 17, "Reserve"), registered: false },
  { ...desk(FLAPPING, 18, "Wireless"), userAgent: "MicroSIP/3.21.3" },
  ...["157", "158", "159"].map((number, index) => ({
    ...desk(number, 0, `Warehouse ${index + 1}`),
    host: `198.51.100.${20 + index}`,
    userAgent: "Fanvil X3U 2.12.1",
  })),
  // Something that only calls, so that nobody can tell whether it is there.
  { number: "160", name: "Paging", aor: null, registered: false },
  panel("201", "panel-gate", 31, "Gate"),
  panel("202", "panel-lobby", 32, "Lobby"),
  panel("203", "panel-parking", 33, "Parking"),
  { number: "trunk", trunk: true },
];

/** Lets the phones live until it is stopped. */
export function startDemoPhones(asterisk: EmulatedAsterisk, options: DemoPhonesOptions = {}): DemoPhones {
  const { random = Math.random, clock = SYSTEM_CLOCK } = options;
  const timers = new Set<unknown>();

  function after(seconds: readonly [from: number, to: number], act: () => void): void {
    const handle = clock.setTimeout(() => {
      timers.delete(handle);
      act();
    }, wholeBetween(random, seconds[0] * 1_000, seconds[1] * 1_000));
    timers.add(handle);
  }

  function nowAndThen(seconds: readonly [from: number, to: number], act: () => void): void {
    after(seconds, () => {
      act();
      nowAndThen(seconds, act);
    });
  }

  /** Somebody's configuration may have lost it meanwhile. */
  function back(numbers: readonly string[]): void {
    for (const number of numbers) asterisk.phones.get(number)?.comeBack();
  }

  function somebody(): string | null {
    const those = [...asterisk.phones.values()].filter(({ number, reachable, channels, trunk }) =>
      reachable && !trunk && channels.length === 0 && !NEEDED.has(number)
    );
    return those.length === 0 ? null : pick(random, those).number;
  }

  // A second phone on one number.
  asterisk.phones.get("153")?.register({ another: true, host: "203.0.113.40", userAgent: "Linphone/5.2.5" });
  nowAndThen([60, 150], () => {
    const number = somebody();
    if (number === null) return;
    asterisk.phones.get(number)?.unregister({ vanishes: random() < 0.6 });
    after([20, 60], () => back([number]));
  });
  nowAndThen([600, 1_200], () => {
    if (asterisk.phones.has(FLAPPING)) asterisk.flap(FLAPPING, { times: 6, everyMs: 25_000 });
  });
  after([15, 30], () => {
    if (asterisk.phones.has(FLAPPING)) asterisk.flap(FLAPPING, { times: 6, everyMs: 25_000 });
  });
  nowAndThen([1_500, 3_000], () => {
    const gone = asterisk.vanish(WAREHOUSE);
    after([60, 120], () => back(gone));
  });
  nowAndThen([120, 300], () => {
    if (random() < 0.5) return asterisk.knock(pick(random, STRANGERS_NAMES), STRANGER);
    const phone = asterisk.phones.get("150");
    phone?.register({ another: true, host: STRANGER, password: "1234" });
  });
  nowAndThen([180, 420], () => {
    const number = somebody();
    if (number !== null) asterisk.trace(number);
  });
  /** Who writes a phone into the configuration has one at hand, and plugs it in. */
  function plugIn(those: readonly Phone[]): void {
    for (const phone of those) {
      if (phone.contacts.length > 0 || phone.fixedContacts.length > 0 || phone.aors.length === 0) continue;
      after([3, 8], () => phone.object !== null && phone.comeBack());
    }
  }

  const own = new Set(DEMO_ENDPOINTS.map(({ number }) => number));
  plugIn([...asterisk.phones.values()].filter(({ number }) => !own.has(number)));
  const forget = asterisk.onConfigured(plugIn);
  return {
    stop: () => {
      forget();
      for (const handle of timers) clock.clearTimeout(handle);
      timers.clear();
    },
  };
}

function desk(number: string, host: number, name: string): EndpointSpec {
  return { number, name, host: `192.0.2.${host}`, userAgent: "Yealink SIP-T46U 108.86.0.20" };
}

function panel(number: string, endpoint: string, host: number, name: string): EndpointSpec {
  return {
    number,
    endpoint,
    aor: endpoint,
    name,
    host: `192.0.2.${host}`,
    userAgent: "Door panel 2.4",
    maxContacts: 1,
    removeExisting: true,
  };
}

/**
 * @module
 * The panels of a demonstration: four doors of one house, with people who ring and use their keys.
 * Run in the service's process where `DOORLINE_EMULATE` includes intercoms; it reaches the service over MQTT only.
 */
import { Panel, type PanelClock } from "./panel.ts";
import { seededRandom } from "./random.ts";

/** The panels of the guide, which anybody who follows it expects to see. */
export const DEFAULT_MACS = ["AA:BB:CC:01", "AA:BB:CC:02", "AA:BB:CC:03", "AA:BB:CC:04"] as const;

/** What the house of the demonstration calls its panels. */
export const DEFAULT_NAMES = DEFAULT_MACS.map((mac, index) => ({
  mac,
  name: `Entrance ${index + 1}`,
  address: `Lime Street 12, apartments ${index * 10 + 1}–${index * 10 + 10}`,
}));

const APARTMENTS_PER_PANEL = 10;

/** How the demonstration runs. */
export interface IntercomsOptions {
  /** Where the panels connect. */
  brokerUrl: string;
  /** Default `DEFAULT_MACS`; the n-th panel has the n-th ten of apartments. */
  macs?: readonly string[];
  /** Two runs of one seed have the same people. Default: drawn. */
  seed?: number;
  username?: string;
  password?: string;
  /** Default 30. */
  heartbeatEverySeconds?: number;
  /** Events of each panel. Default 1.5, one in 40 seconds. */
  eventsPerMinute?: number;
  clock?: PanelClock;
}

/** Running panels. */
export interface Intercoms {
  panels: Panel[];
  /** Resolves when every panel has sent its first heartbeat; rejects when they are stopped before. */
  ready: Promise<void>;
  /** Switches them all off, each with a farewell. */
  stop(): Promise<void>;
}

/** Switches panels on; they look for their broker until they find it. */
export function startIntercoms(options: IntercomsOptions): Intercoms {
  const seed = options.seed ?? Math.floor(Math.random() * 2 ** 32);
  const panels = (options.macs ?? DEFAULT_MACS).map((mac, index) =>
    new Panel({
      mac,
      apartments: [index * APARTMENTS_PER_PANEL + 1, (index + 1) * APARTMENTS_PER_PANEL],
      brokerUrl: options.brokerUrl,
      username: options.username,
      password: options.password,
      heartbeatEverySeconds: options.heartbeatEverySeconds,
      eventsPerMinute: options.eventsPerMinute ?? 1.5,
      clock: options.clock,
      // A generator of its own for each panel, so that the order of their timers changes nothing.
      random: seededRandom(seed + index),
    })
  );
  const ready = Promise.all(panels.map((panel) => panel.start())).then(() => {});
  // A caller that does not care for readiness must not be ended by an early stop.
  ready.catch(() => {});
  return {
    panels,
    ready,
    stop: async () => void await Promise.all(panels.map((panel) => panel.stop())),
  };
}

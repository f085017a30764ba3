/**
 * @module
 * A bounded load of very many panels over few connections, for measuring what the service takes.
 * Its panels only send: they have no doors, obey no commands and leave no last will.
 */
import { randomUUID } from "node:crypto";
import { encodePayload, panelTime, panelTopic } from "./panel_codec.ts";
import { PanelLink } from "./panel_link.ts";
import { keyNumber, type Random, seededRandom, wholeBetween } from "./random.ts";

/** Size of a load. */
export interface PanelLoadOptions {
  brokerUrl: string;
  /** Number of panels. */
  count: number;
  /** Messages a second of all panels together. */
  ratePerSecond: number;
  /** How long it sends. Default 60. */
  seconds?: number;
  /** Connections that carry the panels. Default the lesser of `count` and 50. */
  connections?: number;
  username?: string;
  password?: string;
  seed?: number;
  /** Hears once a second how it goes. */
  onSecond?: (progress: PanelLoadProgress) => void;
  /** Ends the load early. */
  signal?: AbortSignal;
}

/** How far a load has come. */
export interface PanelLoadProgress {
  second: number;
  /** Since the last report. */
  sent: number;
  /** Since the last report. */
  acknowledged: number;
  /** Sent and not acknowledged. */
  waiting: number;
  /** Of all connections, those that are up. */
  connected: number;
  /** Why the last connection failed, while not all are up. */
  lastError: string | null;
}

/** What a load came to. */
export interface PanelLoadResult {
  sent: number;
  acknowledged: number;
  /** Never acknowledged: refused, cut off, or still waiting at the end. */
  lost: number;
  /** How many messages the rate asked for and the broker was too slow to be given. */
  heldBack: number;
}

const TICK_MS = 20;
/** Beyond this the load waits for the broker, and says so, instead of growing without bound. */
const MOST_WAITING = 20_000;
const CONNECT_MS = 15_000;
const DRAIN_MS = 5_000;

/** Makes the address of the panel with an index, unique up to 16,777,216 panels. */
export function loadMac(index: number): string {
  const digits = index.toString(16).toUpperCase().padStart(6, "0");
  return `02:00:00:${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4, 6)}`;
}

/**
 * Sends at an even rate until the time is over or the signal aborts.
 * @throws when no connection reaches the broker within 15 seconds
 */
export async function runPanelLoad(options: PanelLoadOptions): Promise<PanelLoadResult> {
  const { count, ratePerSecond, seconds = 60, signal } = options;
  const random = seededRandom(options.seed ?? 1);
  const links = openLinks(options, random);
  const total = { sent: 0, acknowledged: 0, lost: 0 };
  let reported = { sent: 0, acknowledged: 0 };
  let second = 0;
  try {
    await firstConnection(links, options.brokerUrl, signal);
    const startedMs = performance.now();
    const most = Math.round(ratePerSecond * seconds);
    while (signal?.aborted !== true) {
      const elapsedMs = performance.now() - startedMs;
      const due = Math.min(Math.floor(elapsedMs / 1_000 * ratePerSecond), most);
      while (total.sent < due && total.sent - total.acknowledged - total.lost < MOST_WAITING) {
        sendOne(links, total.sent % count, random, total);
        total.sent++;
      }
      if (elapsedMs >= (second + 1) * 1_000) {
        second++;
        options.onSecond?.({
          second,
          sent: total.sent - reported.sent,
          acknowledged: total.acknowledged - reported.acknowledged,
          ...stateOf(links, total),
        });
        reported = { ...total };
      }
      if (elapsedMs >= seconds * 1_000) break;
      await pause(TICK_MS);
    }
    const asked = Math.min(Math.floor((performance.now() - startedMs) / 1_000 * ratePerSecond), most);
    const drainedBy = performance.now() + DRAIN_MS;
    while (total.acknowledged + total.lost < total.sent && performance.now() < drainedBy) {
      await pause(TICK_MS);
    }
    const { sent, acknowledged } = total;
    return { sent, acknowledged, lost: sent - acknowledged, heldBack: Math.max(0, asked - sent) };
  } finally {
    await Promise.all(links.map((link) => link.cut()));
  }
}

function openLinks(options: PanelLoadOptions, random: Random): PanelLink[] {
  const number = options.connections ?? Math.min(options.count, 50);
  const run = randomUUID().slice(0, 8);
  return Array.from({ length: number }, (_, index) => {
    const link = new PanelLink({
      brokerUrl: options.brokerUrl,
      clientId: `load-${run}-${index}`,
      username: options.username,
      password: options.password,
      random,
    });
    link.open();
    return link;
  });
}

async function firstConnection(links: PanelLink[], brokerUrl: string, signal?: AbortSignal): Promise<void> {
  const giveUpAt = performance.now() + CONNECT_MS;
  // All of them where possible: messages given to a link without a broker would count as a burst later.
  while (!links.every((link) => link.connected) && signal?.aborted !== true) {
    if (performance.now() > giveUpAt) {
      if (links.some((link) => link.connected)) return;
      const reason = links.find((link) => link.lastError !== null)?.lastError ?? "no answer";
      throw new Error(`Cannot reach the broker at ${new URL(brokerUrl).host}: ${reason}`);
    }
    await pause(TICK_MS);
  }
}

function sendOne(
  links: PanelLink[],
  index: number,
  random: Random,
  total: { acknowledged: number; lost: number },
): void {
  const mac = loadMac(index);
  const timestamp = panelTime(Date.now());
  const chance = random();
  const apartment = wholeBetween(random, 1, 200);
  const [message, fields] = chance < 0.95
    ? ["heartbeat", { door_status: "closed", timestamp }] as const
    : chance < 0.98
    ? ["call", { apartment, id: randomUUID(), timestamp }] as const
    : ["key", { apartment, key_id: keyNumber(random), id: randomUUID(), timestamp }] as const;
  // QoS 1 throughout, heartbeats too: only a PUBACK tells that the service keeps up.
  links[index % links.length]!.publish(panelTopic(mac, message), encodePayload(fields), { qos: 1 }).then(
    () => total.acknowledged++,
    () => total.lost++,
  );
}

function stateOf(links: PanelLink[], total: { sent: number; acknowledged: number; lost: number }) {
  const connected = links.filter((link) => link.connected).length;
  return {
    waiting: total.sent - total.acknowledged - total.lost,
    connected,
    lastError: connected === links.length
      ? null
      : links.find((link) => link.lastError !== null)?.lastError ?? null,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

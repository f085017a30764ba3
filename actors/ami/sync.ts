/**
 * @module
 * What is asked of an Asterisk at every (re)connect: which run of it this is, what is there, and whether the account
 * may do more than it needs to. It asks and judges; what changed by that is for others to find out.
 */
import type { Clock } from "../clock.ts";
import type { AmiConnection } from "./connection.ts";
import { type AmiPacket, AmiRefused } from "./packet.ts";

/** What an Asterisk had when the link to it came up. Times on the steady clock, in milliseconds. */
export interface AmiSnapshot {
  at: number;
  /** When Asterisk was started, as far as whole seconds tell. */
  bootedAt: number;
  /** The same for one run of Asterisk, another after it was started again; to be compared by `isSameEpoch`. */
  epoch: string;
  channels: AmiPacket[];
  /** Endpoints, AORs and contacts; null where the account may not list them. */
  endpoints: AmiPacket[] | null;
  aors: AmiPacket[] | null;
  contacts: AmiPacket[] | null;
  /** Events since the login, which may tell of what is in the lists already. */
  buffered: { packet: AmiPacket; at: number }[];
}

/** What the lists came to, and what should be mended at the account. */
export interface AmiLists extends Omit<AmiSnapshot, "buffered"> {
  warning: string | null;
}

/** The account may not do what cannot be done without. */
export class AmiDenied extends Error {
  override name = "AmiDenied";
}

interface SyncOptions {
  connection: Pick<AmiConnection, "action" | "list">;
  clock: Clock;
  fullyBooted: { packet: AmiPacket; at: number };
  /** The epoch of the last sync with this server. */
  formerEpoch: string | null;
  /** Classes that the account may have beyond those that are always needed. */
  alsoNeeded?: readonly string[];
}

/** The link's own deadline ends all of it. */
const LIST = { deadlineMs: 60_000 };
/** Uptime comes in whole seconds, and a packet may wait for a while. */
const SAME_BOOT_SECONDS = 3;

/**
 * Classes of actions that Doorline needs: `call` to hang up and transfer, `system` to list channels and endpoints and to
 * have a phone answered. `system` comes with more than that, such as ModuleLoad and DBPut, in every Asterisk: no account
 * that may list endpoints is without them, so they are no reason to warn.
 */
const NEEDED_CLASSES = ["call", "system"];

/**
 * Asks for the lists.
 *
 * @throws AmiDenied when the account may not list channels; AmiNotUp, AmiTimeout, AmiRefused
 */
export async function askForLists(options: SyncOptions): Promise<AmiLists> {
  const { connection, clock, fullyBooted } = options;
  const warnings: string[] = [];
  const tolerate = async (action: string): Promise<AmiPacket[] | null> => {
    try {
      return await connection.list(action, {}, LIST);
    } catch (error) {
      if (!(error instanceof AmiRefused)) throw error;
      // "No Contacts found", "No endpoints found": an empty list is told as an error.
      if (/^no .* found/i.test(error.reason)) return [];
      warnings.push(
        isDenied(error)
          ? `the account may not ${action}: it needs write = system`
          : `no ${action}: ${error.reason}`,
      );
      return null;
    }
  };
  const [status, commands, channels, endpoints, aors, contacts] = await Promise.all([
    unlessRefused(connection.action("CoreStatus", {}, LIST)),
    unlessRefused(connection.action("ListCommands", {}, LIST)),
    connection.list("CoreShowChannels", {}, LIST).catch((error) => {
      if (!(error instanceof AmiRefused) || !isDenied(error)) throw error;
      throw new AmiDenied("the account may not CoreShowChannels: it needs write = call,system");
    }),
    tolerate("PJSIPShowEndpoints"),
    tolerate("PJSIPShowAors"),
    tolerate("PJSIPShowContacts"),
  ]);
  const excess = commands === null ? null : excessOf(commands, options.alsoNeeded);
  if (excess !== null) warnings.unshift(excess);
  const uptime = Number(fullyBooted.packet.uptime ?? NaN);
  const bootedAt = fullyBooted.at - (Number.isFinite(uptime) && uptime > 0 ? uptime * 1000 : 0);
  return {
    at: clock.now(),
    bootedAt,
    epoch: epochOf(status, Math.round(clock.toWall(bootedAt) / 1000), options.formerEpoch),
    channels,
    endpoints,
    aors,
    contacts,
    warning: warnings.length === 0 ? null : warnings.join("; "),
  };
}

/**
 * Whether two epochs are of the same run of an Asterisk: by what CoreStatus said where both times it was answered, else
 * by the boot time.
 */
export function isSameEpoch(one: string, other: string): boolean {
  if (one === other) return true;
  const [[name, boot], [otherName, otherBoot]] = [partsOf(one), partsOf(other)];
  if (name !== "" && otherName !== "") return name === otherName;
  return Math.abs(boot - otherBoot) <= SAME_BOOT_SECONDS;
}

/**
 * Says in which classes an account may act beyond what is needed, by what ListCommands lists, which is what it may do:
 * `NAME: description (Priv: class,class,all)`. What it may read cannot be asked for.
 */
export function excessOf(commands: AmiPacket, alsoNeeded: readonly string[] = []): string | null {
  const needed = [...NEEDED_CLASSES, ...alsoNeeded];
  const beyond = new Set<string>();
  const either: string[][] = [];
  for (const description of Object.values(commands)) {
    const classes = /\(Priv: ([a-z,]+)\)\s*$/.exec(description)?.[1]?.split(",").filter((one) =>
      one !== "all"
    );
    if (classes === undefined || classes.some((one) => needed.includes(one))) continue;
    if (classes.length === 1) beyond.add(classes[0]!);
    else either.push(classes);
  }
  for (const classes of either) if (!classes.some((one) => beyond.has(one))) beyond.add(classes.join(" or "));
  if (beyond.size === 0) return null;
  return `the AMI account may do more than it needs to: take ${[...beyond].sort().join(", ")} from its write`;
}

/** The boot time is part of it always: CoreStatus may be answered at one sync and refused at another. */
function epochOf(status: AmiPacket | null, bootSeconds: number, former: string | null): string {
  const isNamed = status?.corestartupdate !== undefined && status.corestartuptime !== undefined;
  const name = isNamed ? `${status.corestartupdate} ${status.corestartuptime} ` : "";
  const epoch = `${name}boot ${bootSeconds}`;
  return former !== null && isSameEpoch(former, epoch) ? former : epoch;
}

/** What CoreStatus said, or nothing, and the boot time in seconds, or NaN. */
function partsOf(epoch: string): [name: string, boot: number] {
  const [name = "", boot] = epoch.split(/ ?boot /);
  return [name, Number(boot ?? NaN)];
}

async function unlessRefused(answer: Promise<AmiPacket>): Promise<AmiPacket | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof AmiRefused) return null;
    throw error;
  }
}

function isDenied(error: AmiRefused): boolean {
  return /permission denied/i.test(error.reason);
}

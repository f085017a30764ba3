/**
 * @module
 * Asks an Asterisk again for endpoints of which something is not known or cannot be so: a few by name, many by the lists.
 * One endpoint, or the lists, at a time for each PBX: a thousand phones that register at once are no thousand questions.
 */
import type { Clock } from "./clock.ts";
import { AmiRefused } from "./ami/packet.ts";
import type { AmiPacket } from "./ami/packet.ts";
import { type ListedState, readEndpointDetail, readEndpointLists } from "./endpoint_lists.ts";
import type { Logger } from "./logger.ts";

/** How an Asterisk is asked for a list; see `AmiLinks.list`. */
export type AskList = (
  pbx: string,
  action: string,
  fields?: Record<string, string>,
) => Promise<AmiPacket[]>;

interface ReaderOptions {
  clock: Clock;
  ask: AskList;
  /** How many events came until now: what is told after a question may come before its answer. */
  now: () => number;
  /** What an endpoint is; null when Asterisk does not know it. `asked` is `now()` of the question. */
  onDetail: (pbx: string, name: string, state: ListedState | null, asked: number) => void;
  onLists: (pbx: string, states: Map<string, ListedState>, asked: number) => void;
  log: Pick<Logger, "warn">;
}

interface Wanted {
  /** Endpoints of which the lists would say as much. */
  names: Set<string>;
  /** Endpoints of which only their details say enough. */
  details: Set<string>;
  lists: boolean;
  listedAt: number;
  timer: unknown;
  asking: boolean;
}

/** How long what is wanted is gathered, and how long it is until the next question, in milliseconds. */
const GATHER_MS = 300;
/** The lists are not asked for more often, in milliseconds. */
const LISTS_EVERY_MS = 5000;
/** When more endpoints are wanted, the lists are asked for instead. */
const MANY = 20;
/** Endpoints that are asked for one by one at a time. */
const AT_ONCE = 20;

/** Holds what is to be asked. `stop()` ends its timers. */
export class EndpointReader {
  readonly #options: ReaderOptions;
  readonly #wanted = new Map<string, Wanted>();

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Has an endpoint asked for soon; with `detail` by its name, however many there are. */
  want(pbx: string, name: string, { detail = false }: { detail?: boolean } = {}): void {
    const wanted = this.#of(pbx);
    (detail ? wanted.details : wanted.names).add(name);
    this.#arm(pbx, wanted);
  }

  /** Has all endpoints asked for soon. */
  wantAll(pbx: string): void {
    const wanted = this.#of(pbx);
    wanted.lists = true;
    this.#arm(pbx, wanted);
  }

  /** Forgets what was wanted of a PBX: it tells all when it is back. */
  forget(pbx: string): void {
    const wanted = this.#wanted.get(pbx);
    if (wanted === undefined) return;
    this.#options.clock.clearTimeout(wanted.timer);
    this.#wanted.delete(pbx);
  }

  /** Asks for an endpoint now; null when Asterisk does not know it. @throws what the question throws */
  async read(pbx: string, name: string): Promise<ListedState | null> {
    const { ask, clock } = this.#options;
    try {
      const packets = await ask(pbx, "PJSIPShowEndpoint", { Endpoint: name });
      return readEndpointDetail(packets, (wall) => clock.fromWall(wall));
    } catch (error) {
      if (error instanceof AmiRefused && /unable to retrieve endpoint/i.test(error.reason)) return null;
      throw error;
    }
  }

  /** Ends the timers. */
  stop(): void {
    for (const pbx of [...this.#wanted.keys()]) this.forget(pbx);
  }

  #of(pbx: string): Wanted {
    const wanted = this.#wanted.get(pbx) ??
      {
        names: new Set(),
        details: new Set(),
        lists: false,
        listedAt: -Infinity,
        timer: null,
        asking: false,
      };
    this.#wanted.set(pbx, wanted);
    return wanted;
  }

  #arm(pbx: string, wanted: Wanted): void {
    if (wanted.asking || wanted.timer !== null) return;
    wanted.timer = this.#options.clock.setTimeout(() => {
      wanted.timer = null;
      void this.#ask(pbx, wanted);
    }, GATHER_MS);
  }

  async #ask(pbx: string, wanted: Wanted): Promise<void> {
    const { clock, log } = this.#options;
    const isMine = () => this.#wanted.get(pbx) === wanted;
    wanted.asking = true;
    try {
      const isEarly = clock.now() - wanted.listedAt < LISTS_EVERY_MS;
      if ((wanted.lists || wanted.names.size > MANY) && !isEarly) await this.#askLists(pbx, wanted, isMine);
      else await this.#askSome(pbx, wanted, isMine);
    } catch (err) {
      // The link is down, or Asterisk does not say: the next sync does.
      log.warn({ err, pbx }, "Asterisk could not be asked for endpoints");
      wanted.names.clear();
      wanted.details.clear();
      wanted.lists = false;
    }
    wanted.asking = false;
    const isWanting = wanted.lists || wanted.names.size > 0 || wanted.details.size > 0;
    if (isMine() && isWanting) this.#arm(pbx, wanted);
  }

  async #askLists(pbx: string, wanted: Wanted, isMine: () => boolean): Promise<void> {
    const { ask, clock, onLists } = this.#options;
    wanted.lists = false;
    wanted.names.clear();
    wanted.listedAt = clock.now();
    const asked = this.#options.now();
    const [endpoints, aors, contacts] = await Promise.all([
      orNone(ask(pbx, "PJSIPShowEndpoints")),
      orNone(ask(pbx, "PJSIPShowAors")),
      orNone(ask(pbx, "PJSIPShowContacts")),
    ]);
    if (!isMine()) return;
    onLists(
      pbx,
      readEndpointLists({ endpoints, aors, contacts, toSteady: (wall) => clock.fromWall(wall) }),
      asked,
    );
  }

  async #askSome(pbx: string, wanted: Wanted, isMine: () => boolean): Promise<void> {
    const { onDetail, log } = this.#options;
    const names = [...wanted.details, ...wanted.names.size > MANY ? [] : wanted.names].slice(0, AT_ONCE);
    for (const name of names) {
      wanted.names.delete(name);
      wanted.details.delete(name);
      const asked = this.#options.now();
      try {
        const state = await this.read(pbx, name);
        if (!isMine()) return;
        onDetail(pbx, name, state, asked);
      } catch (err) {
        // One whose transport Asterisk could not open cannot be shown; the others can.
        if (!(err instanceof AmiRefused)) throw err;
        log.warn({ err, pbx, endpoint: name }, "Asterisk does not show an endpoint");
      }
    }
  }
}

/** An empty list is told as an error. */
async function orNone(list: Promise<AmiPacket[]>): Promise<AmiPacket[]> {
  try {
    return await list;
  } catch (error) {
    if (error instanceof AmiRefused && /^no .* found/i.test(error.reason)) return [];
    throw error;
  }
}

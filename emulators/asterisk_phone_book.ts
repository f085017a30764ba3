/**
 * @module
 * All endpoints of an emulated Asterisk: found by number and by name, made and forgotten as the configuration says, and
 * moved in groups, as when a whole site loses its line.
 */
import type { Switchboard } from "./asterisk_channels.ts";
import { type EndpointSpec, Phone } from "./asterisk_phones.ts";
import type { PjsipObject } from "./pjsip_fields.ts";
import type { PjsipStore } from "./pjsip_store.ts";

/** How a phone comes and goes. */
export interface FlapOptions {
  times: number;
  /** From one going to the next, in milliseconds. Default 10,000. */
  everyMs?: number;
  /** Default true: it does not say goodbye. */
  vanishes?: boolean;
}

/** The endpoints. */
export class PhoneBook {
  /** Those that are configured, by number. */
  readonly numbers = new Map<string, Phone>();
  /** Those that are configured, by name. */
  readonly endpoints = new Map<string, Phone>();
  /** Also those that no longer are: they keep their contacts, as the database of a real one does. */
  readonly #known = new Map<string, Phone>();
  readonly #board: Switchboard;
  readonly #store: PjsipStore;
  readonly #flaps = new Set<{ handle: unknown; over: () => void }>();

  constructor(board: Switchboard, store: PjsipStore) {
    this.#board = board;
    this.#store = store;
  }

  /** Makes phones of endpoints that are in the store. Nothing is told of them. */
  add(specs: readonly EndpointSpec[]): void {
    for (const spec of specs) this.#enter(new Phone(spec, this.#board, this.#store));
  }

  /** Makes and forgets phones as the store says now. @returns those that came; `between` is told in the middle */
  reconcile(between: () => void = () => {}): Phone[] {
    const objects = this.#store.all("endpoint");
    const names = new Set(objects.map(({ id }) => id));
    const gone = [...this.endpoints.values()].filter(({ endpoint }) => !names.has(endpoint));
    const came: Phone[] = [];
    for (const object of objects) {
      const { id } = object;
      if (this.endpoints.has(id)) continue;
      const phone = this.#known.get(id) ?? new Phone(this.#specOf(object), this.#board, this.#store);
      this.#enter(phone);
      phone.configured(true);
      came.push(phone);
    }
    for (const phone of gone) {
      if (this.numbers.get(phone.number) === phone) this.numbers.delete(phone.number);
      this.endpoints.delete(phone.endpoint);
      phone.configured(false, between);
    }
    if (gone.length === 0) between();
    for (const phone of this.endpoints.values()) phone.update();
    return came;
  }

  /** A phone by its number. @throws when there is none */
  find(number: string): Phone {
    const phone = this.numbers.get(number) ?? this.endpoints.get(number);
    if (phone === undefined) {
      throw new Error(`Cannot register or unregister "${number}": there is no such endpoint`);
    }
    return phone;
  }

  /** Numbers of those whose contacts are in a network such as `192.0.2`. */
  at(network: string): string[] {
    const prefix = network.replace(/(\.0)?\/24$/, "").replace(/\.?$/, ".");
    return [...this.numbers.values()].filter((phone) =>
      phone.contacts.some(({ at }) => at.host.startsWith(prefix))
    ).map(({ number }) => number);
  }

  /** Lets a phone go and come so many times. Resolves when it is there for good, or everything stops. */
  flap(phone: Phone, { times, everyMs = 10_000, vanishes = true }: FlapOptions): Promise<void> {
    const { clock } = this.#board.options;
    const over = Promise.withResolvers<void>();
    const flap: { handle: unknown; over: () => void } = { handle: null, over: over.resolve };
    this.#flaps.add(flap);
    const later = (act: () => void) => void (flap.handle = clock.setTimeout(act, everyMs / 2));
    const once = (left: number) => {
      if (left === 0) {
        this.#flaps.delete(flap);
        return over.resolve();
      }
      phone.unregister({ vanishes });
      later(() => {
        phone.comeBack();
        later(() => once(left - 1));
      });
    };
    once(times);
    return over.promise;
  }

  /** Lets no time pass any more. */
  stop(): void {
    for (const { handle, over } of this.#flaps) {
      this.#board.options.clock.clearTimeout(handle);
      over();
    }
    this.#flaps.clear();
    for (const phone of this.#known.values()) phone.stop();
  }

  #enter(phone: Phone): void {
    this.numbers.set(this.numbers.has(phone.number) ? phone.endpoint : phone.number, phone);
    this.endpoints.set(phone.endpoint, phone);
    this.#known.set(phone.endpoint, phone);
  }

  /** An endpoint that only the configuration knows: nobody has plugged a phone in yet. */
  #specOf(object: PjsipObject): EndpointSpec {
    const number = /<([^>]+)>\s*$/.exec(object.get("callerid"))?.[1] ?? object.id.replace(/-ep$/, "");
    return { number, endpoint: object.id, registered: false };
  }
}

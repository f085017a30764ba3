/**
 * @module
 * The links to all Asterisk servers, each with its own machine and connection, known by the servers' names.
 */
import type { AmiServer } from "../../config.ts";
import type { Clock } from "../clock.ts";
import type { Links } from "../links.ts";
import type { Logger } from "../logger.ts";
import { AmiLink, type AmiSink } from "./link.ts";
import { type AmiFields, AmiNotUp, type AmiPacket } from "./packet.ts";

interface AmiLinksOptions {
  servers: readonly AmiServer[];
  clock: Clock;
  links: Links;
  sink: AmiSink;
  log: Pick<Logger, "info" | "warn" | "error">;
  /** In [0, 1); `Math.random` unless told. */
  random?: () => number;
  /** A packet came that is neither event nor answer. */
  onDropped?: (pbx: string) => void;
  /** Classes of actions that a server's account may have beyond those that are always needed. */
  alsoNeeded?: (pbx: string) => readonly string[];
  /** Events of one server that may wait for a sync to end. Default 100,000. */
  maxBuffered?: number;
}

/** Holds the links. `stop()` ends them. */
export class AmiLinks {
  readonly #options: AmiLinksOptions;
  readonly #links = new Map<string, AmiLink>();

  /** @throws Error when two servers have one name */
  constructor(options: AmiLinksOptions) {
    this.#options = options;
    for (const { name } of options.servers) {
      if (options.servers.filter((other) => other.name === name).length > 1) {
        throw new Error(`Cannot tell two Asterisk servers with the name ${JSON.stringify(name)} apart`);
      }
    }
  }

  /** What a server is called among the links. */
  linkId(pbx: string): string {
    return this.#options.servers.length === 1 ? "asterisk" : `asterisk:${pbx}`;
  }

  /** Makes all links known and begins to connect. Not to be called twice. */
  start(): void {
    const { servers, random = Math.random, ...rest } = this.#options;
    for (const server of servers) {
      const id = this.linkId(server.name);
      const host = server.host.includes(":") ? `[${server.host}]` : server.host;
      rest.links.add(id, `ami://${host}:${server.port}/${server.name}`);
      const link = new AmiLink({ ...rest, server, id, random });
      this.#links.set(server.name, link);
      link.start();
    }
  }

  /** Ends all connections; resolves when the sockets are gone. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#links.values(), (link) => link.stop()));
    this.#links.clear();
  }

  /**
   * Has a server do an action and returns its answer.
   *
   * @throws AmiUnsafeValue when a header could become more than it is; AmiNotUp at once when the link is not up, or when
   * it goes down before the answer; AmiTimeout after `deadlineMs` (default 10 s); AmiRefused when Asterisk says no
   */
  action(
    pbx: string,
    action: string,
    fields: AmiFields = {},
    options: { deadlineMs?: number } = {},
  ): Promise<AmiPacket> {
    return this.#links.get(pbx)?.action(action, fields, options) ?? Promise.reject(new AmiNotUp(pbx, false));
  }

  /**
   * Asks a server for a list and returns its items, each with its `event`.
   *
   * @throws AmiUnsafeValue, AmiNotUp, AmiTimeout, AmiRefused, as `action`
   */
  list(
    pbx: string,
    action: string,
    fields: AmiFields = {},
    options: { deadlineMs?: number } = {},
  ): Promise<AmiPacket[]> {
    return this.#links.get(pbx)?.list(action, fields, options) ?? Promise.reject(new AmiNotUp(pbx, false));
  }
}

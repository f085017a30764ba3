/**
 * @module
 * Panels' credentials for the embedded broker. The password is random and shown once; its hash is kept.
 */
import { createHash, randomBytes } from "node:crypto";
import type { Database } from "../../db/client.ts";
import { deleteCredentials, readCredentials, writeCredentials } from "../../db/intercoms.ts";
import type { Requester } from "../command_rows.ts";

interface CredentialsOptions {
  database: Database;
  /** Ends the sessions that were opened with what does not hold any more. */
  onChanged: (mac: string, change: { forgotten: boolean }) => void;
  audit: (action: string, mac: string, by: Requester) => void;
}

/** Holds the hashes by MAC. */
export class PanelCredentials {
  readonly #hashes = new Map<string, string>();
  readonly #options: CredentialsOptions;

  constructor(options: CredentialsOptions) {
    this.#options = options;
  }

  /** SHA-256 of passwords in hexadecimal, by MAC. */
  get hashes(): ReadonlyMap<string, string> {
    return this.#hashes;
  }

  /** Reads them all. */
  async start(): Promise<void> {
    for (const [mac, hash] of await this.#options.database.query(readCredentials)) {
      this.#hashes.set(mac, hash);
    }
  }

  /**
   * Gives a panel a new password, which replaces the old one.
   *
   * @throws DatabaseAway when it cannot be kept: the old one holds then
   */
  async create(mac: string, by: Requester): Promise<{ username: string; password: string }> {
    const password = randomBytes(24).toString("base64url");
    const hash = createHash("sha256").update(password).digest("hex");
    await this.#options.database.query((sql) => writeCredentials(sql, mac, hash));
    this.#hashes.set(mac, hash);
    this.#options.onChanged(mac, { forgotten: false });
    this.#options.audit("intercom.credentials.create", mac, by);
    return { username: mac, password };
  }

  /**
   * Takes a panel's credentials away; false when it had none. `forgotten` says that the panel itself is removed.
   *
   * @throws DatabaseAway when it cannot be kept: they hold then
   */
  async revoke(
    mac: string,
    by: Requester,
    { forgotten = false }: { forgotten?: boolean } = {},
  ): Promise<boolean> {
    const had = await this.#options.database.query((sql) => deleteCredentials(sql, mac));
    this.#hashes.delete(mac);
    this.#options.onChanged(mac, { forgotten });
    if (had) this.#options.audit("intercom.credentials.revoke", mac, by);
    return had;
  }
}

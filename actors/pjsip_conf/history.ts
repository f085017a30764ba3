/**
 * @module
 * The history of what was written into pjsip.conf: versions with who and why, each with its line in the audit log. No
 * secret goes into the latter.
 */
import { monotonicFactory } from "ulid";
import { insertAudit } from "../../db/audit.ts";
import type { Database } from "../../db/client.ts";
import {
  insertVersions,
  listVersions,
  type PjsipVersionRow,
  settleVersion,
} from "../../db/pjsip_versions.ts";
import type { Clock } from "../clock.ts";
import type { Outcome } from "./carry_out.ts";

/** What people do. */
export type ConfigAction = "create" | "edit" | "delete" | "rollback";

/** What is told of a change. */
export interface Recorded {
  action: ConfigAction;
  why: string;
  by: { userId: number; name: string; address: string };
}

/** A name's sections before and after. */
export interface Texts {
  before: string;
  after: string;
}

interface HistoryOptions {
  database: Pick<Database, "query">;
  clock: Clock;
  log: { error(detail: Record<string, unknown>, message: string): void };
}

const AUDITED: Record<ConfigAction, string> = {
  create: "endpoint_config.created",
  edit: "endpoint_config.edited",
  delete: "endpoint_config.deleted",
  rollback: "endpoint_config.rolled_back",
};

/** Writes versions. */
export class ConfigHistory {
  readonly #options: HistoryOptions;
  readonly #ulid = monotonicFactory();

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /**
   * Writes the version and the line of the audit log before the file is touched: after a crash in between there is a
   * version too many, which the next one finds out, and never a change that nobody knows of.
   */
  async record(
    pbx: string,
    name: string,
    { wanted, texts }: { wanted: Recorded; texts: Texts },
  ): Promise<string> {
    const { by, why, action } = wanted;
    const at = this.#at();
    const [foundId, id] = [this.#ulid(at.getTime()), this.#ulid(at.getTime())];
    const common = { pbx, name, at, result: "saved" as const, failure: null };
    await this.#options.database.query((sql) =>
      sql.begin(async (tx) => {
        const [last] = await listVersions(tx, { pbx, name }, { limit: 1 });
        const was = last === undefined ? "" : last.result === "saved" ? last.text_after : last.text_before;
        const rows: PjsipVersionRow[] = [];
        if (was !== texts.before) {
          rows.push({
            ...common,
            id: foundId,
            user_id: null,
            user_name: "",
            why: "",
            action: "found",
            text_before: was,
            text_after: texts.before,
          });
        }
        rows.push({
          ...common,
          id,
          user_id: by.userId,
          user_name: by.name,
          why,
          action,
          text_before: texts.before,
          text_after: texts.after,
        });
        await insertVersions(tx, rows);
        await insertAudit(tx, {
          user_id: by.userId,
          actor: by.name,
          action: AUDITED[action],
          target: `${pbx}/${name}`,
          address: by.address,
          result: "ok",
          detail: { version: id, why },
        });
      })
    );
    return id;
  }

  /** Notes what became of a version; with `texts` also that it was taken back. The change itself is over by now. */
  async settle(pbx: string, name: string, given: {
    version: string;
    wanted: Recorded;
    result: Outcome["result"];
    failure: string | null;
    texts: Texts | null;
  }): Promise<void> {
    const { version, wanted, result, failure, texts } = given;
    const at = this.#at();
    try {
      await this.#options.database.query((sql) =>
        sql.begin(async (tx) => {
          await settleVersion(tx, version, { result, failure });
          if (texts !== null) {
            await insertVersions(tx, [{
              id: this.#ulid(at.getTime()),
              pbx,
              name,
              at,
              user_id: null,
              user_name: "",
              why: "",
              action: "auto_rollback",
              result: "saved",
              failure,
              text_before: texts.after,
              text_after: texts.before,
            }]);
          }
          await insertAudit(tx, {
            user_id: null,
            actor: "doorline",
            action: result === "saved" ? "endpoint_config.not_verified" : "endpoint_config.taken_back",
            target: `${pbx}/${name}`,
            result: failure ?? "ok",
            detail: { version, for: wanted.by.name },
          });
        })
      );
    } catch (error) {
      this.#options.log.error(
        {
          pbx,
          name,
          version,
          result,
          failure,
          error: error instanceof Error ? error.message : String(error),
        },
        "What became of a change of configuration could not be recorded",
      );
    }
  }

  #at(): Date {
    const { clock } = this.#options;
    return new Date(clock.toWall(clock.now()));
  }
}

/**
 * @module
 * The history of what was written into pjsip.conf: versions with who and why, each with its line in the audit log. No
 * secret goes into the latter.
 */
import { monotonicFactory } from "ulid";
import { insertAudit } from "../../db/audit.ts";
import { type Database, DatabaseAway, type Sql } from "../../db/client.ts";
import {
  deleteVersion,
  insertVersions,
  listVersions,
  type PjsipVersionRow,
  settleVersion,
  versionsThatFailed,
} from "../../db/pjsip_versions.ts";
import type { Clock } from "../clock.ts";
import { type Outcome, OWED } from "./carry_out.ts";

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

/** What became of a change; `none`: nothing of it was ever written. */
export interface Settled {
  version: string;
  pbx: string;
  name: string;
  action: ConfigAction;
  by: { userId: number | null; name: string; address: string | null };
  result: Outcome["result"] | "none";
  failure: string | null;
  /** Of what was taken back just now. */
  texts: Texts | null;
}

interface HistoryOptions {
  database: Pick<Database, "query">;
  clock: Clock;
  log: { error(detail: Record<string, unknown>, message: string): void };
}

/** Said of a version until somebody knows better: a crash, or a lost database, leaves it so. */
export const NOT_KNOWN = `It is not known whether this change was carried out${OWED}`;
/** Versions that are looked at again at once. */
const MOST_UNSETTLED = 100;
/** Outcomes that wait for the database. */
const MOST_LATE = 1000;

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
  /** What could not be settled while the database was away. */
  #late: { settled: Settled; at: Date }[] = [];

  constructor(options: HistoryOptions) {
    this.#options = options;
  }

  /**
   * Writes the version and the line of the audit log before the file is touched: whatever happens in between, there is
   * never a change that nobody knows of. What became of it is not known until it is settled.
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
          failure: NOT_KNOWN,
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
          result: "begun",
          detail: { version: id, why },
        });
      })
    );
    return id;
  }

  /**
   * Notes what became of a version. The change itself is over by now: where the database is away it is kept, and
   * `catchUp` notes it. After a restart, `unsettled` has the version.
   */
  async settle(settled: Settled): Promise<void> {
    this.#late = [...this.#late, { settled, at: this.#at() }].slice(-MOST_LATE);
    await this.catchUp();
  }

  /** Notes what could not be noted before. */
  async catchUp(): Promise<void> {
    for (let next = this.#late[0]; next !== undefined; next = this.#late[0]) {
      const { settled, at } = next;
      try {
        await this.#options.database.query((sql) => sql.begin((tx) => this.#note(tx, settled, at)));
      } catch (error) {
        const { pbx, name, version, result, failure } = settled;
        this.#options.log.error(
          {
            pbx,
            name,
            version,
            result,
            failure,
            error: error instanceof Error ? error.message : String(error),
          },
          "What became of a change of configuration could not be recorded yet",
        );
        // What the database does not take must not hold up the others: the next start finds it as not known.
        if (error instanceof DatabaseAway) return;
      }
      this.#late = this.#late.filter((one) => one !== next);
    }
  }

  /** Versions of a PBX of which nobody knows what became, or which Asterisk has still to load. @throws DatabaseAway */
  async unsettled(pbx: string): Promise<PjsipVersionRow[]> {
    return await this.#options.database.query((sql) =>
      versionsThatFailed(sql, { pbx, ending: OWED }, MOST_UNSETTLED)
    );
  }

  async #note(sql: Sql, settled: Settled, at: Date): Promise<void> {
    const { version, pbx, name, action, by, result, failure, texts } = settled;
    if (result === "none") await deleteVersion(sql, version);
    else await settleVersion(sql, version, { result, failure });
    if (texts !== null) {
      await insertVersions(sql, [{
        id: this.#ulid(at.getTime()),
        pbx,
        name,
        at,
        user_id: null,
        user_name: "",
        // It stands as it did before: what was wrong is why.
        why: (failure?.endsWith(OWED) ? failure.slice(0, -OWED.length) : failure) ?? "",
        action: "auto_rollback",
        result: "saved",
        failure: null,
        text_before: texts.after,
        text_after: texts.before,
      }]);
    }
    const target = `${pbx}/${name}`;
    const own = { user_id: by.userId, actor: by.name, action: AUDITED[action], target, address: by.address };
    const detail = { version, for: by.name };
    await insertAudit(
      sql,
      result === "none"
        ? { ...own, result: `nothing was written: ${failure}`, detail: {} }
        : failure === null
        ? { ...own, result: "ok", detail: { version } }
        : {
          user_id: null,
          actor: "doorline",
          action: result === "saved" ? "endpoint_config.not_verified" : "endpoint_config.taken_back",
          target,
          result: failure,
          detail,
        },
    );
  }

  #at(): Date {
    const { clock } = this.#options;
    return new Date(clock.toWall(clock.now()));
  }
}

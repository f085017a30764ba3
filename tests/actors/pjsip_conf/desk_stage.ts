/**
 * @module
 * What the tests of the configuration desk play on: a desk over a fake Asterisk with its file and a real database. No
 * secret may leave it in a log.
 */
import assert from "node:assert/strict";
import { type ConfigBy, ConfigDesk, ConfigRefused } from "../../../actors/pjsip_conf/desk.ts";
import type { PjsipVersionRow } from "../../../db/pjsip_versions.ts";
import { type Ground, type TrickyDatabase, withDatabase } from "../../db/ground.ts";
import { FakePbx, hastyClock } from "./fake_pbx.ts";

/** The password in the file. */
export const SECRET = "correct-horse-9";
/** The file. */
export const TEXT = `[udp]
type = transport

[base](!)
type = endpoint
context = internal

[777-ep](base)
aors = 777
auth = 777
allow = ulaw

[777]
type = aor
max_contacts = 1

[777]
type = auth
username = 777
password = ${SECRET}
`;
/** Who changes it. */
export const BY: ConfigBy = { userId: 1, name: "admin", role: "admin", address: "192.0.2.7" };

/** What is on the stage. */
export interface Stage {
  pbx: FakePbx;
  desk: ConfigDesk;
  /** Another, as after a restart. */
  restart(): ConfigDesk;
  folder: string;
  database: TrickyDatabase;
  said: string[];
  rows(): Promise<PjsipVersionRow[]>;
  audit(): Promise<string[]>;
  text(): string;
  /** Edits 777-ep from what is there. */
  edit(change: (text: string) => string, more?: { dryRun?: boolean }): ReturnType<ConfigDesk["change"]>;
}

/** Where the desk finds the file. */
export type Mode = "file" | "ami";

/** Sets the stage. */
export async function onStage(
  mode: Mode,
  { ground, text = TEXT }: { ground: Ground; text?: string },
  play: (stage: Stage) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "doorline-desk-" });
  const path = `${folder}/pjsip.conf`;
  await Deno.writeTextFile(path, text);
  const pbx = new FakePbx({
    read: () => Deno.readTextFileSync(path),
    write: (text) => Deno.writeTextFileSync(path, text),
  });
  const clock = hastyClock();
  const said: string[] = [];
  const say = (detail: Record<string, unknown>, message: string) =>
    void said.push(message + JSON.stringify(detail));
  try {
    await withDatabase(ground.address(), async (database) => {
      await database.query((sql) => sql`truncate pjsip_versions, audit_log`);
      const restart = () => {
        // What comes after a restart is later.
        clock.setTimeout(() => {}, 1000);
        return new ConfigDesk({
          ami: pbx,
          pbxs: ["main"],
          confPath: () => mode === "file" ? path : null,
          database,
          clock,
          log: { info: say, warn: say, error: say },
          onSaved: (_pbx, name) => void said.push(`saved ${name}`),
        });
      };
      const desk = restart();
      await play({
        pbx,
        desk,
        restart,
        folder,
        database,
        said,
        rows: async () => [
          ...await database.query((sql) =>
            sql<PjsipVersionRow[]>`select * from pjsip_versions order by at, id`
          ),
        ],
        audit: async () => {
          const lines = await database.query((sql) =>
            sql<{ action: string; result: string; all: string }[]>`
              select action, result, audit_log::text as all from audit_log order by id`
          );
          for (const { all } of lines) assert.ok(!all.includes(SECRET));
          return lines.map(({ action, result }) => `${action} ${result}`);
        },
        text: () => Deno.readTextFileSync(path),
        edit: async (change, { dryRun = false } = {}) => {
          const view = await desk.view("main", "777-ep", { masked: false });
          return await desk.change("main", "777-ep", { text: change(view.text) }, {
            revision: view.revision,
            why: "a test",
            dryRun,
            by: BY,
          });
        },
      });
    });
    for (const line of said) assert.ok(!line.includes(SECRET), line);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Expects a refusal that tells no secret. */
export function refusal(kind: ConfigRefused["kind"]) {
  return (error: unknown) => {
    assert.ok(error instanceof ConfigRefused, String(error));
    assert.equal(error.kind, kind, error.message);
    assert.ok(!JSON.stringify([error.message, error.problems]).includes(SECRET));
    return true;
  };
}

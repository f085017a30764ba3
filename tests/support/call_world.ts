/**
 * @module
 * A running service that follows an emulated Asterisk, which the test itself holds: it calls, answers, cuts lines.
 * What became of calls is read by SQL, as whoever comes a year later will read it.
 */
import { type AsteriskOptions, type EmulatedAsterisk, startAsterisk } from "../../emulators/asterisk.ts";
import type { LinkView } from "../../machines/views.ts";
import type { Session } from "./service.ts";
import { freePort } from "./free_port.ts";
import { waitFor } from "./wait.ts";
import { inWorld, type World, type WorldKind } from "./world.ts";

/** A row of `calls`, without those that turned out to be part of another. */
export interface StoredCall {
  id: string;
  pbx: string;
  linked_id: string;
  direction: string;
  caller_number: string | null;
  receiver_number: string | null;
  status: "incoming" | "answered" | "completed" | "missed" | "rejected";
  end_reason: string | null;
  answered_by_number: string | null;
  started_at: Date;
  accepted_at: Date | null;
  answered_at: Date | null;
  ended_at: Date | null;
  duration: number;
}

/** A world with an Asterisk that is called `main`. */
export interface CallWorld extends World {
  asterisk: EmulatedAsterisk;
  /** Makes an employee with such numbers, who is logged in. */
  employee(login: string, phones: string[]): Promise<Person>;
  /** All calls, in the order in which they began. */
  rows(where?: string): Promise<StoredCall[]>;
  /** The row of one call. @throws when there is none, or more than one */
  rowOf(linkedId: string): Promise<StoredCall>;
  /** How many calls are stored as going on. */
  openCount(): Promise<number>;
  /** The link to an Asterisk, by its name among the links. */
  link(id?: string): Promise<LinkView>;
  /** Waits until the service follows its Asterisk. */
  linkUp(id?: string): Promise<void>;
}

/** Somebody who has logged in. */
export interface Person extends Session {
  userId: number;
  login: string;
}

/** How to set it up. */
export interface CallWorldOptions {
  env?: Record<string, string>;
  asterisk?: Partial<AsteriskOptions>;
  /** More servers to follow, as `DOORLINE_AMI_URL` names them. */
  others?: string[];
}

/** The password of the account that tests give to Asterisk. */
export const AMI_SECRET = "ami-secret-of-tests";
/** Rights that Doorline needs and no others. */
export const NEEDED_RIGHTS = { read: "call,system,agent", write: "call,system" };

/** Where an Asterisk of tests is, as `DOORLINE_AMI_URL` has it. */
export function amiUrl(port: number, name: string, secret = AMI_SECRET): string {
  return `ami://doorline:${secret}@127.0.0.1:${port}/${name}`;
}

/** Plays in such a world and takes it down after. */
export async function inCallWorld(
  kind: WorldKind,
  options: CallWorldOptions,
  play: (world: CallWorld) => Promise<void>,
): Promise<void> {
  const asterisk = await startAsterisk({
    port: await freePort(),
    secret: AMI_SECRET,
    ...NEEDED_RIGHTS,
    ...options.asterisk,
  });
  const urls = [amiUrl(asterisk.port, "main"), ...options.others ?? []];
  try {
    await inWorld(kind, { env: { DOORLINE_AMI_URL: urls.join(","), ...options.env } }, async (world) => {
      const callWorld = build(world, asterisk, urls.length === 1 ? "asterisk" : "asterisk:main");
      await callWorld.linkUp();
      await play(callWorld);
    });
  } finally {
    await asterisk.stop();
  }
}

function build(world: World, asterisk: EmulatedAsterisk, ownLink: string): CallWorld {
  const rows = (where = "true") =>
    world.sql<StoredCall>(
      `select id, pbx, linked_id, direction, caller_number, receiver_number, status, end_reason,
         answered_by_number, started_at, accepted_at, answered_at, ended_at, duration
       from calls where merged_into is null and ${where} order by started_at, id`,
    );
  const link = async (id = ownLink) => {
    const { body } = await world.admin.api("GET", "/api/links");
    return body.items.find((item: LinkView) => item.id === id) as LinkView;
  };
  return {
    ...world,
    asterisk,
    rows,
    rowOf: async (linkedId) => {
      const found = await rows(`linked_id = '${linkedId}'`);
      if (found.length !== 1) throw new Error(`Expected one call ${linkedId}, got ${JSON.stringify(found)}`);
      return found[0]!;
    },
    openCount: async () => {
      const [row] = await world.sql<{ count: number }>(
        "select count(*)::int as count from calls where merged_into is null and ended_at is null",
      );
      return row!.count;
    },
    link,
    linkUp: async (id) => {
      await waitFor(async () => (await link(id)).state === "up", { what: "the link to Asterisk" });
    },
    employee: async (login, phones) => {
      const password = `the password of ${login}`;
      const made = await world.admin.api("POST", "/api/users", {
        body: { login, first_name: login, last_name: "Tester", role: "employee", password },
      });
      if (made.status !== 201) throw new Error(`Cannot make ${login}: ${JSON.stringify(made.body)}`);
      const userId = made.body.id as number;
      const put = await world.admin.api("PUT", `/api/users/${userId}/phones`, { body: { phones } });
      if (put.status !== 200) throw new Error(`Cannot give ${login} ${phones}: ${JSON.stringify(put.body)}`);
      return { ...await world.service.login(login, password), userId, login };
    },
  };
}

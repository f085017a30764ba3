/**
 * @module
 * Rebuilds the actors from the database at the start.
 */
import { openCalls } from "../db/calls.ts";
import type { Database } from "../db/client.ts";
import { openAlerts, openGaps, readEndpoints } from "../db/endpoints.ts";
import { keyedCommands, unfinishedCommands } from "../db/door_commands.ts";
import { listEvents, recentEventKeys } from "../db/intercom_events.ts";
import { readIntercoms } from "../db/intercoms.ts";
import { CLOSE_WINDOW_MS, LATE_WINDOW_MS } from "../machines/door_command.ts";
import type { Calls } from "./calls.ts";
import type { Clock } from "./clock.ts";
import type { DoorCommands } from "./door_commands.ts";
import type { Endpoints } from "./endpoints.ts";
import { PANELS_HEARD, pbxHeard } from "./housekeeping.ts";
import type { Intercoms } from "./intercoms.ts";
import type { Recorder } from "./recorder.ts";

/** How far back redeliveries and idempotency keys are known. */
const KEYS_MS = 10 * 60_000;
const COMMANDS_MS = 24 * 3600_000;
const KEYS_MAX = 100_000;
const COMMANDS_MAX = 10_000;
const EVENTS_SHOWN = 200;

/** @throws DatabaseAway when it cannot be read */
export async function loadState(options: {
  database: Database;
  clock: Clock;
  intercoms: Intercoms;
  commands: DoorCommands;
  calls: Calls;
  endpoints: Endpoints;
  recorder: Recorder;
  /** Until when a former run listened, by the name of the mark, on the steady clock; null when that is not known. */
  heardUntil: (mark: string) => number | null;
}): Promise<void> {
  const { database, clock, intercoms, commands, calls, endpoints, recorder, heardUntil } = options;
  const panelsHeardUntil = heardUntil(PANELS_HEARD) ?? clock.now();
  const ago = (ms: number) => new Date(clock.toWall(clock.now()) - ms);
  recorder.restore(await database.query((sql) => listEvents(sql, {}, { limit: EVENTS_SHOWN })));
  intercoms.restoreKeys(await database.query((sql) => recentEventKeys(sql, ago(KEYS_MS), KEYS_MAX)));
  await database.query(async (sql) => {
    for await (const rows of readIntercoms(sql)) intercoms.restore(rows, panelsHeardUntil);
  }, { deadlineMs: 60_000 });
  const unfinished = await database.query((sql) =>
    unfinishedCommands(sql, { confirmed: ago(CLOSE_WINDOW_MS), expired: ago(LATE_WINDOW_MS) })
  );
  const keyed = await database.query((sql) => keyedCommands(sql, ago(COMMANDS_MS), COMMANDS_MAX));
  await commands.restore(unfinished, keyed);
  calls.restore(await database.query((sql) => openCalls(sql)), (pbx) => heardUntil(pbxHeard(pbx)));
  endpoints.restore({
    endpoints: await database.query((sql) => readEndpoints(sql), { deadlineMs: 60_000 }),
    alerts: await database.query((sql) => openAlerts(sql)),
    gaps: await database.query((sql) => openGaps(sql)),
  }, (pbx) => heardUntil(pbxHeard(pbx)));
}

/**
 * @module
 * What holds on the embedded database holds on a real PostgreSQL.
 */
import { migrate } from "../../db/migrate.ts";
import { callsSuite } from "../db/calls_suite.ts";
import { endpointsSuite } from "../db/endpoints_suite.ts";
import { marksSuite } from "../db/marks_suite.ts";
import { type Ground, withDatabase } from "../db/ground.ts";
import { migrateSuite } from "../db/migrate_suite.ts";
import { partitionsSuite } from "../db/partitions_suite.ts";
import { pjsipVersionsSuite } from "../db/pjsip_versions_suite.ts";
import { writerSuite } from "../db/writer_suite.ts";
import { lacks } from "../support/available.ts";
import { type Postgres, startPostgres } from "../support/servers.ts";

const ignore = lacks("postgresql");
let server: Postgres | null = null;
const ground: Ground = { address: () => ({ url: server!.url }) };

Deno.test.beforeAll(async () => {
  if (ignore) return;
  server = await startPostgres({ settings: { timezone: "Asia/Kolkata" } });
  await withDatabase(ground.address(), (database) => migrate(database));
});
Deno.test.afterAll(async () => await server?.stop());

migrateSuite("PostgreSQL", ground, { ignore });
partitionsSuite("PostgreSQL", ground, { ignore });
callsSuite("PostgreSQL", ground, { ignore });
endpointsSuite("PostgreSQL", ground, { ignore });
marksSuite("PostgreSQL", ground, { ignore });
pjsipVersionsSuite("PostgreSQL", ground, { ignore });
writerSuite("PostgreSQL", ground, { ignore });

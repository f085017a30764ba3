/**
 * @module
 * The composition root: reads the settings, builds the parts, starts them in order, and stops them on a signal.
 * Decisions live in the parts.
 */
import { systemClock } from "./actors/clock.ts";
import { viewOfRow } from "./actors/command_rows.ts";
import { writeControl } from "./actors/control_file.ts";
import { Directory } from "./actors/directory.ts";
import { createLogger, mask } from "./actors/logger.ts";
import { People } from "./actors/people/people.ts";
import { stopOnSignal } from "./actors/stopping.ts";
import { createSystem } from "./actors/system.ts";
import { isLoopback, readConfig } from "./config.ts";
import { DatabaseAway } from "./db/client.ts";
import { holdDataDir } from "./db/data_dir.ts";
import { addPanels } from "./db/intercoms.ts";
import { lostAtStart, openDatabase } from "./db/open.ts";
import project from "./deno.json" with { type: "json" };
import { startDemoAsterisk } from "./emulators/demo_asterisk.ts";
import { DEFAULT_NAMES, startIntercoms } from "./emulators/intercoms.ts";
import { createApp } from "./routes/app.ts";
import { readPages } from "./routes/pages.ts";
import { serve } from "./routes/server.ts";
import { startSocketServer } from "./routes/socket_server.ts";
import { Sockets } from "./routes/sockets.ts";
import { endStreams } from "./routes/stream.ts";
import { readinessOf, shownSettings } from "./routes/system.ts";

const config = await Promise.try(() => readConfig(Deno.env.toObject())).catch(exitWith(2));
const log = createLogger({
  level: config.logLevel,
  format: config.logFormat ?? (Deno.stderr.isTerminal() ? "pretty" : "json"),
});
for (const name of config.notYetUsed) log.warn(`${name} is set, but this version does nothing with it yet`);

const dataDir = await holdDataDir(config.dataDir).catch(exitWith(1));
const pages = await readPages(new URL("./ui/dist/", import.meta.url)).catch(exitWith(1));
const db = await openDatabase({ url: config.databaseUrl, dataDir: dataDir.path }).catch(exitWith(1));
const people = new People({
  database: db.reader,
  log,
  ...(config.adminPassword === undefined ? {} : { adminPassword: config.adminPassword }),
});
const directory = new Directory({ ...config, database: db.reader, people, log });
const emulatedPbx = config.emulate.includes("asterisk")
  ? await startDemoAsterisk({ dir: `${dataDir.path}/emulated-asterisk` }).catch(exitWith(1))
  : null;
const demo = emulatedPbx === null ? [] : [emulatedPbx];
const amiServers = [...config.amiServers, ...demo.map(({ server }) => server)];
const logSources = [
  ...config.asteriskLog,
  ...demo.map((one) => ({ pbx: one.server.name, path: one.logFile })),
];
const clock = systemClock();
const system = createSystem({
  config,
  clock,
  log,
  db,
  directory,
  amiServers,
  logSources,
  dataDir: dataDir.path,
  onMinute: (feed) => feed.owners().forEach(({ sessionId }) => sessionId !== null && people.touch(sessionId)),
});
people.onEnded((ended) => endStreams(system.feed, ended));
await people.start().catch(exitWith(1));
await directory.start().catch(exitWith(1));
const emulatesPanels = config.emulate.includes("intercoms");
if (emulatesPanels) await db.reader.query((sql) => addPanels(sql, DEFAULT_NAMES)).catch(exitWith(1));
await system.start().catch(exitWith(1));

const { desk: calls, endpointDesk: endpoints } = system;
const sockets = new Sockets({ ...config, ...system, people, calls, endpoints, clock, log });
let stopping = false;
const app = createApp({
  ...system,
  ...config,
  people,
  directory,
  calls,
  endpoints,
  config: system.configDesk,
  pbxs: amiServers.map(({ name }) => name),
  sockets,
  // The runtime bounds no message, see decision 8: from elsewhere strangers come by the other port.
  strangers: isLoopback(config.host) && config.trustProxy.length === 0,
  testCall: emulatedPbx?.testCall ?? null,
  credentials: system.transport.credentials,
  database: db.reader,
  viewOfRow,
  pages,
  settings: shownSettings(config, { ...project, credentials: system.transport.credentials }),
  isStopping: () => stopping,
  readiness: () => readinessOf({ ...system, database: db.reader, stopping }),
  metrics: () => system.metrics.text(),
  log,
});
const server = await Promise.try(() => serve({ host: config.host, port: config.httpPort }, app.fetch))
  .catch(exitWith(1));
const socketServer = config.wsPort === 0 ? null : await startSocketServer({
  ...config,
  port: config.wsPort,
  sockets,
  people,
  pagesPort: () => server.port,
}).catch(exitWith(1));
const emulated = emulatesPanels
  ? startIntercoms({
    brokerUrl: system.transport.localUrl,
    heartbeatEverySeconds: config.heartbeatEveryMs / 1000,
  })
  : null;

const url = `http://${config.host.includes(":") ? `[${config.host}]` : config.host}:${server.port}`;
const removeControl = await writeControl(dataDir.path, {
  pid: Deno.pid,
  url,
  token: people.localToken,
  ws_port: socketServer?.port ?? 0,
});
const token = people.firstLink();
if (token !== null) console.log(`Log in once, within 10 minutes: ${url}/login?token=${token}`);
console.log(`Doorline is ready: ${url}`);

stopOnSignal({ log }, async () => {
  stopping = true;
  // Streams first, and whoever asks is told that it is ending; then the requests that still run, for as long as a
  // database that is away, which system.stop() waits 5 s for, leaves of the time.
  await removeControl();
  await system.stop();
  await Promise.all([server.stop(1500), socketServer?.stop(1500)]);
  await Promise.all([emulated?.stop(), emulatedPbx?.stop()]);
  directory.stop();
  await people.stop();
  await db.stop();
  dataDir.release();
});

/** One line for what an operator can mend; all of it for what nobody expected. */
function exitWith(code: number) {
  return (cause: Error): never => {
    const error = cause instanceof DatabaseAway ? lostAtStart(cause, config.databaseUrl) : cause;
    console.error(/^DOORLINE_/.test(error.message) ? mask(error.message) : error);
    Deno.exit(code);
  };
}

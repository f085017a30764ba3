/**
 * @module
 * The actors' side of the service put together: panels, doors, calls, links, the feed, and the ways to the broker
 * and the PBXs.
 * It knows neither HTTP nor people.
 */
import type { AmiServer, Config, PbxPath } from "../config.ts";
import type { OpenDatabase } from "../db/open.ts";
import { Writer } from "../db/writer.ts";
import type { AmiSink } from "./ami/link.ts";
import { AmiLinks } from "./ami/links.ts";
import { AsteriskLogs } from "./asterisk_log/logs.ts";
import { scopeOfTopic } from "./asterisk_log/topics.ts";
import { CallDesk } from "./call_desk.ts";
import { Calls } from "./calls.ts";
import type { Clock } from "./clock.ts";
import type { Directory } from "./directory.ts";
import { DeadLetters } from "./dead_letters.ts";
import { DoorCommands } from "./door_commands.ts";
import { EndpointDesk } from "./endpoint_desk.ts";
import { Endpoints } from "./endpoints.ts";
import { Feed, type Scope, type Topic } from "./feed.ts";
import { Housekeeping, PANELS_HEARD, pbxHeard } from "./housekeeping.ts";
import { Intercoms } from "./intercoms.ts";
import { Links } from "./links.ts";
import { loadState } from "./loading.ts";
import { type Logger, mask } from "./logger.ts";
import { Metrics } from "./metrics.ts";
import { openTransport, type Transport } from "./mqtt/transport.ts";
import { ConfigDesk } from "./pjsip_conf/desk.ts";
import { Recorder } from "./recorder.ts";
import { createIntake } from "./routing.ts";

interface SystemOptions {
  config: Config;
  clock: Clock;
  log: Logger;
  db: OpenDatabase;
  /** Whose numbers there are. */
  directory: Directory;
  /** The Asterisk servers to follow. */
  amiServers: readonly AmiServer[];
  /** Logs of theirs to follow. */
  logSources?: readonly PbxPath[];
  /** Where the instance's own name is kept. */
  dataDir: string;
  /** Called each minute, so that sessions of open streams count as used. */
  onMinute?: (feed: Feed) => void;
}

/** Time for the last acknowledgements to leave this machine. */
const LAST_ACKNOWLEDGEMENTS_MS = 100;

/** How long logs wait for the names of endpoints, in milliseconds. */
const LOGS_WAIT_MS = 3000;
/** Lines that whoever begins to read a log is told at once. */
const LOG_LINES_AT_FIRST = 500;

/** Three comings and goings within ten minutes are no accident. */
const FLAPPING = { flapTurns: 6, flapWindowMs: 600_000 };

/** The running actors and what they are reached by. */
export interface System {
  feed: Feed;
  links: Links;
  recorder: Recorder;
  deadLetters: DeadLetters;
  commands: DoorCommands;
  intercoms: Intercoms;
  calls: Calls;
  desk: CallDesk;
  endpoints: Endpoints;
  endpointDesk: EndpointDesk;
  configDesk: ConfigDesk;
  /** Null where there is none to follow. */
  logs: AsteriskLogs | null;
  transport: Transport;
  metrics: Metrics;
  /** How many actors had to be put aside and rebuilt since the start. */
  readonly quarantined: number;
  /** Loads what a former run left and opens the ways to the panels and the PBXs. @throws BrokerError, DatabaseAway */
  start(): Promise<void>;
  /** Ends the ways to the panels and the PBXs, commits what waits, and stops all timers. */
  stop(): Promise<void>;
}

/** Builds it; nothing is opened before `start()`. */
export function createSystem(options: SystemOptions): System {
  const { config, clock, log, db, directory, amiServers, logSources = [] } = options;
  const metrics = new Metrics();
  const feed: Feed = new Feed({
    snapshot: (topics, scope): unknown => snapshot(topics, scope),
    lastLines: (topic) => {
      const scope = scopeOfTopic(topic);
      return scope === null ? [] : logs?.list(scope, {}, { limit: LOG_LINES_AT_FIRST }).items ?? [];
    },
  });
  const links = new Links({ clock, feed });
  const writer = new Writer({
    database: db.writer,
    onRefused: (err) => log.error({ err }, "The database refused a row; the others were written"),
  });
  const recorder = new Recorder({ writer, feed });
  const deadLetters = new DeadLetters({ writer, clock, onCount: metrics.refused });
  const commands: DoorCommands = new DoorCommands({
    clock,
    recorder,
    feed,
    transport: () => transport.panels,
    onChanged: (mac) => intercoms.shownAgain(mac),
    onError: (command, err) => log.error({ err, command }, "A door command could not be recorded"),
    onSettled: metrics.settled,
  });
  const intercoms: Intercoms = new Intercoms({
    clock,
    settings: config,
    adopt: config.adopt,
    recorder,
    feed,
    commands,
    isLinkUp: () => links.isUp("broker"),
    isDatabaseUp: () => db.writer.up,
    onTrouble: (mac, what, err) => log.error({ err, mac }, `A panel is in trouble: ${what}`),
  });
  const transport = openTransport({
    config,
    clock,
    dataDir: options.dataDir,
    database: db.reader,
    recorder,
    intake: createIntake({ intercoms, deadLetters, onMessage: metrics.message }),
    onRefused: (refused) => deadLetters.add({ source: "mqtt", ...refused }),
    onNotTaken: metrics.notTaken,
    onUp: () => links.opened("broker"),
    onDown: (error) => links.lost("broker", mask(error)),
  });
  const calls: Calls = new Calls({
    clock,
    internal: config.internalNumbers.source,
    book: directory,
    feed,
    record: (unit) => recorder.record(unit),
    isBehind: () => recorder.isBehind,
    log,
    onChanged: (view) => endpoints.callChanged(view),
    onGone: (id, pbxName) => endpoints.callGone(id, pbxName),
  });
  /** Whose lines are whose can be told. */
  const named = Promise.withResolvers<void>();
  const endpoints: Endpoints = new Endpoints({
    clock,
    settings: { alertAfterMs: config.endpointAlertAfterMs, ...FLAPPING },
    book: directory,
    feed,
    record: (unit) => recorder.record(unit),
    isBehind: () => recorder.isBehind,
    ask: (pbxName, action, fields) => pbx.list(pbxName, action, fields),
    log,
    onNames: () => {
      logs?.endpointsChanged();
      if (endpoints.size > 0) named.resolve();
    },
  });
  let logsStarted: Promise<void> | null = null;
  const logs = logSources.length === 0 ? null : new AsteriskLogs({
    sources: logSources,
    zone: config.asteriskLogZone,
    clock,
    log,
    feed,
    endpoints: () => endpoints.names(),
  });
  for (const { name } of amiServers) {
    calls.addPbx(name);
    endpoints.addPbx(name);
  }
  const confPaths = new Map(config.pjsipConf.map((conf) => [conf.pbx, conf.path]));
  const pbx: AmiLinks = new AmiLinks({
    servers: amiServers,
    clock,
    links,
    sink: allOf([calls, endpoints, { synced: (name) => void configDesk.linkUp(name) }]),
    log,
    onDropped: metrics.forged,
    // Its pjsip.conf is written through the link where it is not on this host.
    alsoNeeded: (name) => confPaths.has(name) ? [] : ["config"],
  });
  const desk = new CallDesk({ calls, pbx, book: directory, clock, database: db.reader });
  const endpointDesk = new EndpointDesk({ endpoints, pbx, database: db.reader, clock });
  const configDesk: ConfigDesk = new ConfigDesk({
    ami: pbx,
    confPath: (name) => confPaths.get(name) ?? null,
    pbxs: [...confPaths.keys()],
    database: db.reader,
    clock,
    log,
    onSaved: (name) => endpoints.look(name),
  });
  directory.onChange(() => {
    calls.namesChanged();
    endpoints.namesChanged();
  });
  const housekeeping = new Housekeeping({
    database: db.reader,
    clock,
    log,
    keepMonths: config.keepEventsMonths,
    heard: () => [
      ...(links.isUp("broker") ? [PANELS_HEARD] : []),
      ...amiServers.filter(({ name }) => links.isUp(pbx.linkId(name))).map(({ name }) => pbxHeard(name)),
    ],
    onMinute: () => options.onMinute?.(feed),
  });

  links.add("broker", transport.target);
  links.add("database", db.target);
  links.opened("database");
  links.onChange(({ id, state, last_error }) => {
    const up = state === "up";
    if (id !== "broker" && id !== "database") return; // a link to Asterisk speaks for itself
    log[up ? "info" : "warn"]({ link: id, error: last_error }, `The link to the ${id} is ${state}`);
    if (id === "broker") return intercoms.linkChanged(up);
    if (!up) return;
    intercoms.catchUp();
    calls.catchUp();
    endpoints.catchUp();
    for (const { name } of amiServers) if (links.isUp(pbx.linkId(name))) void configDesk.linkUp(name);
    transport.askAgain();
  });
  db.writer.onState(({ up, error }) =>
    up ? links.opened("database") : links.lost("database", mask(error ?? ""))
  );

  function snapshot(topics: readonly Topic[], scope: Scope) {
    return {
      at: new Date(clock.toWall(clock.now())).toISOString(),
      ...(topics.includes("intercoms") ? { intercoms: intercoms.list() } : {}),
      ...(topics.includes("events") ? { events: recorder.recent(100) } : {}),
      ...(topics.includes("links") ? { links: links.list() } : {}),
      ...(topics.includes("calls") ? { calls: callsFor(scope) } : {}),
      ...(topics.includes("endpoints")
        ? { endpoints: endpoints.list(), endpoint_alerts: endpoints.alerts() }
        : {}),
    };
  }

  function callsFor(scope: Scope) {
    if (scope === "all") return calls.list();
    return calls.list().filter(({ party_ids }) => party_ids.includes(scope.userId));
  }

  return {
    feed,
    links,
    recorder,
    deadLetters,
    commands,
    intercoms,
    calls,
    desk,
    endpoints,
    endpointDesk,
    configDesk,
    logs,
    transport,
    metrics,
    get quarantined() {
      return [intercoms, calls, endpoints].reduce((sum, { quarantined }) => sum + quarantined.length, 0);
    },
    start: async () => {
      const heardUntil = await housekeeping.prepare();
      await loadState({
        database: db.reader,
        clock,
        intercoms,
        commands,
        calls,
        endpoints,
        recorder,
        heardUntil,
      });
      await transport.start();
      pbx.start();
      await configDesk.check();
      // Lines of before are found by names that the first list tells; without one they are all the same read.
      const impatience = clock.setTimeout(() => named.resolve(), LOGS_WAIT_MS);
      void named.promise.then(() => clock.clearTimeout(impatience));
      if (logs !== null) {
        logsStarted = named.promise.then(() => logs.start())
          .catch((err) => log.error({ err }, "Asterisk's logs cannot be followed"));
      }
      metrics.start({ intercoms, commands, calls, endpoints, feed, links, writer });
      housekeeping.start();
    },
    stop: async () => {
      feed.stop();
      await housekeeping.stop();
      // Nothing new comes in; what waits is committed, and whoever said it hears so before the connections end.
      transport.stopTaking();
      named.resolve();
      await Promise.all([pbx.stop(), logs?.stop(), logsStarted]);
      calls.stop();
      endpoints.stop();
      intercoms.stop();
      commands.stop();
      await writer.stop();
      await new Promise((resolve) => setTimeout(resolve, LAST_ACKNOWLEDGEMENTS_MS));
      await transport.stop();
      links.stop();
      metrics.stop();
    },
  };
}

/** Hands what an Asterisk says to all; what one throws is not the others' trouble, and is thrown on. */
function allOf(sinks: readonly Partial<AmiSink>[]): AmiSink {
  const tell = (to: (sink: Partial<AmiSink>) => void) => {
    const failures: unknown[] = [];
    for (const sink of sinks) {
      try {
        to(sink);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  return {
    event: (pbx, packet, at) => tell((sink) => sink.event?.(pbx, packet, at)),
    synced: (pbx, snapshot) => tell((sink) => sink.synced?.(pbx, snapshot)),
    down: (pbx, at) => tell((sink) => sink.down?.(pbx, at)),
  };
}

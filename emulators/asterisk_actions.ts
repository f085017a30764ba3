/**
 * @module
 * What the actions of the manager interface do in an emulated Asterisk, and how it words its answers.
 * Wordings are those of Asterisk 16.28 and 22.10.
 */
import type { AmiAction, Header } from "./ami_codec.ts";
import { commandsFor } from "./ami_rights.ts";
import type { AmiSession } from "./ami_server.ts";
import { type Channel, snapshot, type Switchboard } from "./asterisk_channels.ts";
import type { EmulatedCall } from "./asterisk_calls.ts";
import { type ConfigWorld, createConfig, getConfig, reload, updateConfig } from "./asterisk_config.ts";
import { qualify, showEndpoint } from "./asterisk_details.ts";
import {
  listAors,
  listAuths,
  listContacts,
  listDeviceStates,
  type Listed,
  listEndpoints,
} from "./asterisk_lists.ts";
import { originate } from "./asterisk_originate.ts";
import type { PhoneBook } from "./asterisk_phone_book.ts";
import type { PjsipStore } from "./pjsip_store.ts";

/** What actions act on. */
export interface ActionWorld {
  version: 16 | 22;
  protocol: string;
  board: Switchboard;
  book: PhoneBook;
  store: PjsipStore;
  config: ConfigWorld;
  /** When it was started, in milliseconds since 1970. */
  startedAtMs(): number;
  /** Makes a call that nobody has begun yet. */
  newCall(): EmulatedCall;
  /** The call that a channel belongs to. */
  callOf(channel: Channel): EmulatedCall | null;
}

type Handler = (session: AmiSession, action: AmiAction, world: ActionWorld) => void;

/** Answers an action that the session may use. */
export function act(session: AmiSession, action: AmiAction, world: ActionWorld): void {
  const handler = HANDLERS[action.name.toLowerCase()];
  if (handler === undefined) return session.fail(action, "Not implemented by this emulator");
  handler(session, action, world);
}

const HANDLERS: Record<string, Handler> = {
  ping: (session, action, { board }) => {
    const stamp = (board.options.clock.now() / 1_000).toFixed(6);
    session.respond(action, "Success", ["Ping", "Pong"], ["Timestamp", stamp]);
  },
  listcommands: (session, action) =>
    session.respond(action, "Success", ...commandsFor(session.account?.write ?? 0)),
  corestatus: coreStatus,
  coresettings: coreSettings,
  coreshowchannels: coreShowChannels,
  pjsipshowendpoints: (session, action, world) => listEndpoints(session, action, listedIn(world)),
  pjsipshowendpoint: (session, action, world) => showEndpoint(session, action, listedIn(world)),
  pjsipshowcontacts: (session, action, world) => listContacts(session, action, listedIn(world)),
  pjsipshowaors: (session, action, world) => listAors(session, action, listedIn(world)),
  pjsipshowauths: (session, action, world) => listAuths(session, action, listedIn(world)),
  devicestatelist: (session, action, world) => listDeviceStates(session, action, listedIn(world)),
  hangup,
  redirect,
  blindtransfer: (session, action, world) => transfer(session, action, world, "Transfer succeeded"),
  atxfer: (session, action, world) => transfer(session, action, world, "Atxfer successfully queued"),
  originate,
  pjsipnotify: notify,
  pjsipqualify: (session, action, world) => qualify(session, action, listedIn(world)),
  userevent: userEvent,
  command: (session, action) =>
    session.respond(action, "Error", ["Message", "Command output follows"], [
      "Output",
      `No such command '${action.get("Command")}' (type 'core show help ${
        action.get("Command")
      }' for other possible commands)`,
    ]),
  getvar: (session, action) =>
    session.respond(action, "Success", ["Variable", action.get("Variable")], ["Value", ""]),
  setvar: (session, action) => session.respond(action, "Success", ["Message", "Variable Set"]),
  getconfig: (session, action, { config }) => getConfig(session, action, config),
  updateconfig: (session, action, { config }) => updateConfig(session, action, config),
  createconfig: (session, action, { config }) => createConfig(session, action, config),
  reload: (session, action, { config }) => reload(session, action, config),
  moduleload: (session, action) => session.fail(action, "Could not load module."),
};

function coreStatus(session: AmiSession, action: AmiAction, world: ActionWorld): void {
  const [date = "", time = ""] = new Date(world.startedAtMs()).toISOString().split(/[T.]/);
  const headers: Header[] = [
    ["CoreStartupDate", date],
    ["CoreStartupTime", time],
    ["CoreReloadDate", date],
    ["CoreReloadTime", time],
    ["CoreCurrentCalls", world.board.channels.size],
  ];
  if (world.version === 22) headers.push(["CoreProcessedCalls", world.board.processedCalls]);
  session.respond(action, "Success", ...headers);
}

function coreSettings(session: AmiSession, action: AmiAction, { version, protocol }: ActionWorld): void {
  const headers: Header[] = [
    ["AMIversion", protocol],
    ["AsteriskVersion", version === 16 ? "16.28.0" : "22.10.1"],
    ["SystemName", ""],
    ["CoreMaxCalls", 0],
    ["CoreMaxLoadAvg", "0.000000"],
    ["CoreRunUser", ""],
    ["CoreRunGroup", ""],
    ["CoreMaxFilehandles", 0],
    ["CoreRealTimeEnabled", "No"],
    ["CoreCDRenabled", "Yes"],
    ["CoreHTTPenabled", "No"],
  ];
  if (version === 22) headers.push(["SoundsSearchCustomDir", "No"]);
  session.respond(action, "Success", ...headers);
}

function coreShowChannels(session: AmiSession, action: AmiAction, { board }: ActionWorld): void {
  const now = board.options.clock.now();
  const items = [...board.channels.values()].map((channel) => ({
    event: "CoreShowChannel",
    headers: [
      ...linesOf(snapshot(channel)),
      ["Application", channel.application],
      ["ApplicationData", channel.data],
      ["Duration", duration(now - channel.createdAtMs)],
      ["BridgeId", channel.bridge?.id ?? ""],
    ] as Header[],
  }));
  session.list(action, "Channels will follow", items, "CoreShowChannelsComplete");
}

function hangup(session: AmiSession, action: AmiAction, world: ActionWorld): void {
  const name = action.get("Channel");
  if (name === "") return session.fail(action, "No channel specified");
  const asked = Number(action.get("Cause"));
  // A cause out of range is told of in the log and taken for none (manager.c).
  const cause = Number.isInteger(asked) && asked >= 0 && asked <= 127 ? asked : 0;
  const pattern = /^\/(.*)\/$/.exec(name)?.[1];
  if (pattern === undefined) {
    const channel = world.board.channels.get(name);
    if (channel === undefined) return session.fail(action, "No such channel");
    session.respond(action, "Success", ["Message", "Channel Hungup"]);
    return world.callOf(channel)?.hangUpChannel(channel, cause);
  }
  const found = [...world.board.channels.values()].filter((one) => new RegExp(pattern).test(one.name));
  const items = found.map((one) => ({
    event: "ChannelHungup",
    headers: [["Channel", one.name]] as Header[],
  }));
  session.list(action, "Channels hung up will follow", items, "ChannelsHungupListComplete");
  for (const one of found) world.callOf(one)?.hangUpChannel(one, cause);
}

function redirect(session: AmiSession, action: AmiAction, world: ActionWorld): void {
  const name = action.get("Channel");
  if (name === "") return session.fail(action, "Channel not specified");
  if (action.get("Context") === "") return session.fail(action, "Context not specified");
  if (action.get("Exten") === "") return session.fail(action, "Exten not specified");
  if (action.get("Priority") === "") return session.fail(action, "Priority not specified");
  const channel = world.board.channels.get(name);
  if (channel === undefined) return session.fail(action, `Channel does not exist: ${name}`);
  session.respond(action, "Success", ["Message", "Redirect successful"]);
  world.callOf(channel)?.redirectChannel(channel, action.get("Exten"), action.get("Context"));
}

function transfer(session: AmiSession, action: AmiAction, world: ActionWorld, done: string): void {
  const name = action.get("Channel");
  if (name === "") return session.fail(action, "No channel specified");
  const exten = action.get("Exten");
  if (exten === "") return session.fail(action, "No extension specified");
  const channel = world.board.channels.get(name);
  const call = channel && world.callOf(channel);
  if (!channel || !call) return session.fail(action, "Channel specified does not exist");
  const from = call.numberOf(channel);
  if (channel.bridge === null || from === null) return session.fail(action, "Transfer failed");
  session.respond(action, "Success", ["Message", done]);
  // Asterisk plays an attended transfer of its own with digits and Local channels; a phone's stands for it here.
  if (done.startsWith("Atxfer")) call.attendedTransfer(from, exten);
  else call.blindTransfer(from, exten);
}

function notify(session: AmiSession, action: AmiAction, world: ActionWorld): void {
  const [endpoint, uri, name] = [action.get("Endpoint"), action.get("URI"), action.get("Channel")];
  const variables = action.all("Variable").filter((one) => one !== "");
  if (world.version === 22 && (variables.length > 0) === (action.get("Option") !== "")) {
    return session.fail(
      action,
      "PJSIPNotify requires either an Option or Variable(s).You must use only one of them.",
    );
  }
  if ([endpoint, uri, name].filter((one) => one !== "").length !== 1) {
    return session.fail(action, "PJSIPNotify requires either an endpoint name, a SIP URI, or a channel.");
  }
  const sent = () => session.respond(action, "Success", ["Message", "NOTIFY sent"]);
  if (uri !== "") return sent();
  if (endpoint !== "") {
    return world.book.endpoints.has(endpoint)
      ? sent()
      : session.fail(action, `Unable to retrieve endpoint ${endpoint}`);
  }
  const channel = world.board.channels.get(name);
  if (channel === undefined) return session.fail(action, "Channel not found");
  sent();
  if (!variables.some((one) => /^Event=talk$/i.test(one.trim())) || !channel.phone?.remoteAnswer) return;
  world.callOf(channel)?.ringingOn(channel)?.answer();
}

function userEvent(session: AmiSession, action: AmiAction, { board }: ActionWorld): void {
  session.respond(action, "Success", ["Message", "Event Sent"]);
  const rest = action.headers.filter(([name]) => !/^(action|userevent)$/i.test(name));
  const lines = rest.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  board.tell("user", "UserEvent", `UserEvent: ${action.get("UserEvent")}\r\n${lines}`);
}

function listedIn({ book, store, version, board }: ActionWorld): Listed {
  return { book, store, version, nowMs: board.options.clock.now() };
}

function linesOf(text: string): Header[] {
  return text.split("\r\n").filter((line) => line !== "").map((line) => {
    const colon = line.indexOf(": ");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
}

function duration(ms: number): string {
  const whole = Math.floor(ms / 1_000);
  const parts = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

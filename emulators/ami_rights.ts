/**
 * @module
 * Who may do and hear what on the manager interface: the classes of manager.conf, and which action wants which.
 * Classes and descriptions are those that Asterisk 16.28 and 22.10 print for ListCommands.
 */

/** Classes of events and actions, in the order of Asterisk's bits. */
export const CLASSES = [
  "system",
  "call",
  "log",
  "verbose",
  "command",
  "agent",
  "user",
  "config",
  "dtmf",
  "reporting",
  "cdr",
  "dialplan",
  "originate",
  "agi",
  "cc",
  "aoc",
  "test",
  "security",
  "message",
] as const;

/** One class. */
export type AmiClass = typeof CLASSES[number];

/** A set of classes as bits. */
export type Rights = number;

/** Every class. */
export const ALL_RIGHTS: Rights = 2 ** CLASSES.length - 1;

/** The set that holds one class, or several. */
export function rightsOf(...classes: readonly AmiClass[]): Rights {
  return classes.reduce((rights, one) => rights | (1 << CLASSES.indexOf(one)), 0);
}

/** Reads `read` and `write` of manager.conf: classes with commas, or `all`. A word that is no class counts for nothing. */
export function readRights(text: string): Rights {
  const words = text.split(",").map((word) => word.trim().toLowerCase());
  if (words.includes("all")) return ALL_RIGHTS;
  return rightsOf(...CLASSES.filter((one) => words.includes(one)));
}

/**
 * Reads an event mask, as `Events` and `EventMask` carry it.
 * @returns null when it is empty, which Asterisk refuses; a mask of unknown words turns events off
 */
export function readMask(text: string): Rights | null {
  const word = text.trim().toLowerCase();
  if (word === "") return null;
  if (["on", "true", "yes", "1", "y", "t"].includes(word)) return ALL_RIGHTS;
  // manager.c takes a number as bits; no client of ours sends one, so only its sign is kept.
  if (/^\d+$/.test(word)) return Number(word) & ALL_RIGHTS;
  return readRights(word);
}

/** What an action needs: any one of the classes, or none at all. */
interface Known {
  name: string;
  classes: readonly AmiClass[];
  about: string;
}

function known(name: string, classes: readonly AmiClass[], about: string): Known {
  return { name, classes, about };
}

const KNOWN: readonly Known[] = [
  known("Atxfer", ["call"], "Attended transfer."),
  known("BlindTransfer", ["call"], "Blind transfer channel(s) to the given destination"),
  known("Challenge", [], "Generate Challenge for MD5 Auth."),
  known("Command", ["command"], "Execute Asterisk CLI Command."),
  known("CoreSettings", ["system", "reporting"], "Show PBX core settings (version etc)."),
  known("CoreShowChannels", ["system", "reporting"], "List currently active channels."),
  known("CoreStatus", ["system", "reporting"], "Show PBX core status variables."),
  known("CreateConfig", ["config"], "Creates an empty file in the configuration directory."),
  known("DeviceStateList", ["call", "reporting"], "List the current known device states."),
  known("Events", [], "Control Event Flow."),
  known("GetConfig", ["system", "config"], "Retrieve configuration."),
  known("Getvar", ["call", "reporting"], "Gets a channel variable or function value."),
  known("Hangup", ["system", "call"], "Hangup channel."),
  known("ListCommands", [], "List available manager commands."),
  known("Login", [], "Login Manager."),
  known("Logoff", [], "Logoff Manager."),
  known("ModuleLoad", ["system"], "Module management."),
  known("Originate", ["originate"], "Originate a call."),
  known(
    "PJSIPNotify",
    ["system"],
    "Send a NOTIFY to either an endpoint, an arbitrary URI, or inside a SIP dialog.",
  ),
  known("PJSIPQualify", ["system", "reporting"], "Qualify a chan_pjsip endpoint."),
  known("PJSIPShowAors", ["system"], "Lists PJSIP AORs."),
  known("PJSIPShowAuths", ["system"], "Lists PJSIP Auths."),
  known("PJSIPShowContacts", ["system"], "Lists PJSIP Contacts."),
  known("PJSIPShowEndpoint", ["system"], "Detail listing of an endpoint and its objects."),
  known("PJSIPShowEndpoints", ["system"], "Lists PJSIP endpoints."),
  known("Ping", [], "Keepalive command."),
  known("Redirect", ["call"], "Redirect (transfer) a call."),
  known("Reload", ["system", "config"], "Send a reload event."),
  known("Setvar", ["call"], "Sets a channel variable or function value."),
  known("UpdateConfig", ["config"], "Update basic configuration."),
  known("UserEvent", ["user"], "Send an arbitrary event."),
];

const BY_NAME = new Map(KNOWN.map((one) => [one.name.toLowerCase(), one]));

/** An action's own spelling, however it was written; null when Asterisk knows none of that name. */
export function knownAction(name: string): string | null {
  return BY_NAME.get(name.toLowerCase())?.name ?? null;
}

/** Whether an account with these write rights may use an action. */
export function mayUse(name: string, rights: Rights): boolean {
  const classes = BY_NAME.get(name.toLowerCase())?.classes ?? [];
  return classes.length === 0 || (rights & rightsOf(...classes)) !== 0;
}

/** What ListCommands prints: only what the account may use. */
export function commandsFor(rights: Rights): [name: string, about: string][] {
  return KNOWN.filter(({ name }) => mayUse(name, rights)).map(({ name, classes, about }) => {
    const needed = classes.length === 0 ? "<none>" : [...classes, "all"].join(",");
    return [name, `${about}  (Priv: ${needed})`];
  });
}

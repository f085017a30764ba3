/**
 * @module
 * How SIP endpoints, their alerts, their log lines and their configuration are shown: plain shapes that the API, the
 * streams and the pages share. Times are ISO 8601 in UTC.
 */

/** Whether a phone can be called: `unknown` means that Doorline cannot know. */
export type EndpointStatus = "online" | "offline" | "unknown";

/**
 * Why an endpoint is not online. Offline: `no_contact` nobody is registered, `unreachable` who is registered does not
 * answer. Unknown: `link_down` Asterisk is not heard, `no_data` it has not told yet, `qualifying` it has not heard from
 * the phone yet itself, `no_aor` the endpoint has no address of record, so there is nothing to be reached.
 */
export type EndpointReason =
  | "no_contact"
  | "unreachable"
  | "link_down"
  | "no_data"
  | "qualifying"
  | "no_aor";

/** What Asterisk says of a contact. */
export type ContactStatus = "reachable" | "unreachable" | "non_qualified" | "unknown";

/** One place where an endpoint can be reached. */
export interface ContactView {
  /** `sip:777@192.0.2.7:5060`. */
  uri: string;
  aor: string;
  status: ContactStatus;
  /** Whether a call can go there: reachable, or not asked because qualify is off. */
  usable: boolean;
  /** Where it is, `192.0.2.7:5060`: by its URI, which Asterisk rewrites where it is told to, else by its Via. */
  address: string | null;
  user_agent: string | null;
  /** Milliseconds, with fractions; of the last time it was asked. */
  roundtrip_ms: number | null;
  /** When the registration runs out; null where it does not, or not known. */
  expires_at: string | null;
  /** Since when it has this status. */
  since: string;
}

/** A call that an endpoint takes part in at this moment. */
export interface EndpointCallView {
  call_id: string;
  /** `PJSIP/777-ep-0000000a`. */
  channel: string;
  state: "waiting" | "ringing" | "talking" | "up";
  /** As the phone sees it: `out` it called, `in` it was called. */
  direction: "in" | "out";
  /** With whom. */
  number: string | null;
  name: string | null;
  /** Since when it talks, or rings, or waits. */
  since: string;
}

/** One endpoint of one Asterisk. */
export interface EndpointView {
  pbx: string;
  /** As in pjsip.conf: `777-ep`. With the PBX it is the key. */
  name: string;
  /** Without the suffix `-ep`, where it has one: for people only. */
  display_name: string;
  /** The person whose number it is. */
  owner: { id: number; name: string } | null;
  status: EndpointStatus;
  status_since: string;
  status_reason: EndpointReason | null;
  /** When it was last known to be online; null when it never was. */
  last_online_at: string | null;
  /** It came and went too often of late. */
  flapping: boolean;
  /** It has been offline for so long that an alert was raised; its id. */
  alert_id: string | null;
  contacts: ContactView[];
  /** What it is doing in Asterisk's words, `NOT_INUSE`, `INUSE`, `RINGING`, `UNAVAILABLE`; null while not known. */
  device_state: string | null;
  active_calls: EndpointCallView[];
  aors: string[];
  auths: string[];
  transport: string | null;
  /** When anything of it last changed. */
  updated_at: string;
}

/** One stretch of an endpoint's history. */
export interface EndpointChangeView {
  status: EndpointStatus;
  reason: EndpointReason | null;
  at: string;
  /** Null while it goes on. */
  until: string | null;
}

/** How long an endpoint was there, in seconds. */
export interface AvailabilityView {
  online_s: number;
  offline_s: number;
  /** Nobody knows: Asterisk or Doorline was away, or the endpoint was not there yet. */
  unknown_s: number;
  /** Share of the known time that it was online, 0 to 1; null when nothing is known. */
  ratio: number | null;
}

/** An endpoint's history with what it comes to. */
export interface EndpointHistoryView {
  /** Newest first. */
  items: EndpointChangeView[];
  next: string | null;
  availability: { day: AvailabilityView; week: AvailabilityView; month: AvailabilityView };
}

/** Endpoints that have been offline for too long by one cause. */
export interface EndpointAlertView {
  id: string;
  pbx: string;
  /** The network that they have in common, `192.0.2.0/24`; null when that is not known, or when it is not the cause. */
  site: string | null;
  /** All that were in it; `back_at` is null as long as one is offline. */
  endpoints: { name: string; display_name: string; since: string; back_at: string | null }[];
  /** When the first of them went offline. */
  since: string;
  raised_at: string;
  /** When the last of them came back; null while any is offline. */
  ended_at: string | null;
}

/** Levels that Asterisk has of its own; a custom one is any other word in capital letters. */
export const LOG_LEVELS = ["ERROR", "WARNING", "NOTICE", "SECURITY", "VERBOSE", "DEBUG"] as const;

/** A message in Asterisk's log, with the lines that belong to it. */
export interface LogLineView {
  /** Grows from line to line within one run of Doorline, over all files. */
  id: number;
  /** Null where it cannot be told. */
  timestamp: string | null;
  level: string;
  /** File of Asterisk's source that said it, `res_pjsip/pjsip_distributor.c`; its module is the name without folder and `.c`. */
  source: string | null;
  /** `C-00000012`, without brackets. */
  call: string | null;
  /** Credentials of SIP messages are taken out. Lines are separated by line feeds. */
  message: string;
  /** Name of the log file, without its folder. */
  file: string;
  pbx: string;
  /** Endpoints that it is about, by name. */
  endpoints: string[];
}

/** An option of a section. */
export interface ConfigOptionView {
  name: string;
  /** Masked, as `••••••`, where it is a secret and the reader may not see it. */
  value: string;
  secret: boolean;
}

/** One section of pjsip.conf. */
export interface ConfigSectionView {
  name: string;
  /** `endpoint`, `auth`, `aor`, `identify`, …; null where nothing says so. */
  type: string | null;
  /** `[name](!)`. */
  template: boolean;
  /** Templates that it takes options from. */
  inherits: string[];
  /** Its own options, in their order. */
  options: ConfigOptionView[];
  /** Endpoints and templates beside the one at hand that use it. */
  used_by: string[];
}

/** Something that is wrong with a configuration. */
export interface ConfigProblemView {
  severity: "error" | "warning";
  /** Stable, for translation: `unknown_option`, `missing_reference`, `duplicate_username`, … */
  code: string;
  section: string | null;
  option: string | null;
  /** Line of the text that was sent, from 1; null where there is none. */
  line: number | null;
  /** In English: what was wrong and what was expected. */
  message: string;
}

/** What belongs to one endpoint, or is one template, in pjsip.conf. */
export interface EndpointConfigView {
  pbx: string;
  name: string;
  kind: "endpoint" | "template";
  /** How it is reached. */
  source: "file" | "ami";
  /** Fingerprint of what it was read from; a change names the one that it is based on. */
  revision: string;
  /** Whether it can be changed, and if not why, in English. */
  editable: boolean;
  not_editable_reason: string | null;
  /** Its own sections as text, with their comments where these can be read. */
  text: string;
  sections: ConfigSectionView[];
  /** Templates that its sections inherit, to be read only. */
  templates: ConfigSectionView[];
  /** Options that the running Asterisk knows, by type of section. */
  known_options: Record<string, string[]>;
}

/** What a change would do, or did. */
export interface ConfigChangeView {
  /** Unified diff of the sections, secrets masked for who may not see them. */
  diff: string;
  problems: ConfigProblemView[];
  /** `checked`: nothing was written. `rolled_back`: it was saved, and taken back since Asterisk did not take it. */
  result: "checked" | "saved" | "rolled_back";
  /** What Asterisk must be restarted for, in English; null when a reload is enough. */
  needs_restart: string | null;
  /** What was found wrong after saving; null when all is well. */
  failure: string | null;
  /** Id of the version that was written; null when nothing was. */
  version: string | null;
  /** The revision after it. */
  revision: string;
}

/** One version in an endpoint's configuration history. */
export interface ConfigVersionView {
  id: string;
  pbx: string;
  name: string;
  at: string;
  by: { id: number | null; name: string };
  why: string;
  action: "create" | "edit" | "delete" | "rollback" | "auto_rollback" | "found";
  result: "saved" | "rolled_back";
  failure: string | null;
  /** Unified diff against what was before. */
  diff: string;
}

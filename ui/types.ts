/**
 * @module
 * Shapes of the API as the pages use them. Types only: no schema gets into the bundle.
 */
import type { z } from "zod";
import type * as schemas from "../routes/schemas.ts";
import type {
  ConfigChangeView,
  ConfigOptionView,
  ConfigProblemView,
  ConfigSectionView,
  ConfigVersionView,
  ContactView,
  EndpointAlertView,
  EndpointCallView,
  EndpointChangeView,
  EndpointConfigView,
  EndpointHistoryView,
  EndpointView,
  LogLineView,
} from "../machines/endpoint_views.ts";
import type {
  CallDetailView,
  CallMomentView,
  CallView,
  CommandView,
  EventType,
  EventView,
  IntercomView,
  LegView,
  LinkView,
  PartyView,
  SegmentView,
} from "../machines/views.ts";

/** A panel with its door. */
export type Intercom = IntercomView;
/** A row of a panel's history. */
export type IntercomEvent = EventView;
/** A remote opening. */
export type Command = CommandView;
/** A connection to something outside. */
export type Link = LinkView;
export type { EventType };

/** A call. */
export type Call = CallView;
/** A call with all that is known of its course. */
export type CallDetail = CallDetailView;
/** Who takes part in a call. */
export type Party = PartyView;
/** One channel of a call. */
export type Leg = LegView;
/** A stretch in which the same parties talked. */
export type Segment = SegmentView;
/** A line of what happened in a call. */
export type CallMoment = CallMomentView;

/** A SIP endpoint of one Asterisk. */
export type Endpoint = EndpointView;
/** A place where an endpoint can be reached. */
export type Contact = ContactView;
/** A call that an endpoint takes part in. */
export type EndpointCall = EndpointCallView;
/** A stretch of an endpoint's history. */
export type EndpointChange = EndpointChangeView;
/** A page of an endpoint's history, with what it comes to. */
export type EndpointHistory = EndpointHistoryView;
/** Endpoints that are offline for too long by one cause. */
export type EndpointAlert = EndpointAlertView;
/** A message of Asterisk's log. */
export type LogLine = LogLineView;
/** What belongs to one endpoint in pjsip.conf. */
export type EndpointConfig = EndpointConfigView;
/** A section of pjsip.conf. */
export type ConfigSection = ConfigSectionView;
/** An option of a section. */
export type ConfigOption = ConfigOptionView;
/** What is wrong with a configuration. */
export type ConfigProblem = ConfigProblemView;
/** What a change of a configuration would do, or did. */
export type ConfigChange = ConfigChangeView;
/** A version of an endpoint's configuration. */
export type ConfigVersion = ConfigVersionView;

/** Who is asking. */
export type Me = z.infer<typeof schemas.Me>;
/** A person who may log in, with the numbers that ring for them. */
export type User = z.infer<typeof schemas.User>;
/** What makes a new person. */
export type NewUser = z.input<typeof schemas.NewUser>;
/** What may change in a person. */
export type UserChange = z.input<typeof schemas.UserChange>;
/** An API token without its secret. */
export type Token = z.infer<typeof schemas.Token>;
/** An API token with its secret, shown once. */
export type NewToken = z.infer<typeof schemas.NewTokenAnswer>;
/** A refused message from the wire. */
export type DeadLetter = z.infer<typeof schemas.DeadLetter>;
/** A line of the audit log. */
export type AuditEntry = z.infer<typeof schemas.AuditEntry>;
/** What an operator may change in a panel. */
export type IntercomChange = z.input<typeof schemas.IntercomChange>;
/** RFC 9457 problem. */
export type Problem = z.infer<typeof schemas.Problem>;

/** A page of a list. */
export interface Page<T> {
  items: T[];
  /** Cursor of the following page, null at the end. */
  next: string | null;
}

/** A page of the history; partial when the database is away and only the service's memory could be asked. */
export type EventsPage = Page<IntercomEvent> & { partial?: boolean };

/** A page of calls; partial when the database is away and only the service's memory could be asked. */
export type CallsPage = Page<Call> & { partial?: boolean };

/** A company whose calls are known by their numbers. */
export type Company = z.infer<typeof schemas.Company>;

/** What became of an accepted call's phone: it answers by itself, or its person has to. */
export interface AcceptAnswer {
  call: Call;
  phone: "answering" | "not_supported";
}

/** What the service tells about its own settings; times are in seconds. */
export interface ServiceSettings {
  offline_after: number;
  heartbeat_every: number;
  held_open_after: number;
  adopt: string;
  version: string;
  /** Credentials of panels can be made here only for the embedded broker. */
  broker?: "embedded" | "external";
}

/**
 * @module
 * Endpoints, their logs and their configurations as the edge sees them, held by the test: which there are, and what
 * becomes of what is asked.
 */
import type { LogScope } from "../../actors/asterisk_log/logs.ts";
import type {
  ConfigChangeView,
  ConfigVersionView,
  EndpointAlertView,
  EndpointConfigView,
  EndpointHistoryView,
  EndpointView,
  LogLineView,
} from "../../machines/endpoint_views.ts";
import type { ConfigEdge } from "../../routes/endpoint_config.ts";
import type { EndpointBy } from "../../routes/endpoint_names.ts";
import type { EndpointsEdge } from "../../routes/endpoints.ts";
import type { LogFilter, LogsEdge } from "../../routes/log_topics.ts";
import { NOON } from "../db/ground.ts";

/** A secret of a configuration that who is no admin must meet nowhere. */
export const CONFIG_SECRET = "canary-77ab-sip-secret";
const MASK = "••••••";

const iso = (seconds = 0) => new Date(NOON + seconds * 1000).toISOString();

/** An endpoint that is online, unless told otherwise. */
export function endpointView(more: Partial<EndpointView> = {}): EndpointView {
  const { name = "777-ep" } = more;
  return {
    pbx: "main",
    name,
    display_name: name.replace(/-ep$/, ""),
    owner: null,
    status: "online",
    status_since: iso(),
    status_reason: null,
    last_online_at: iso(),
    flapping: false,
    alert_id: null,
    contacts: [{
      uri: `sip:${name}@192.0.2.7:5060`,
      aor: name,
      status: "reachable",
      usable: true,
      address: "192.0.2.7:5060",
      user_agent: "Test Phone 1.0",
      roundtrip_ms: 12.5,
      expires_at: iso(3600),
      since: iso(),
    }],
    device_state: "NOT_INUSE",
    active_calls: [],
    aors: [name],
    auths: [name],
    transport: "transport-udp",
    updated_at: iso(),
    ...more,
  };
}

/** A call of an endpoint. */
export function endpointCall(
  more: Partial<EndpointView["active_calls"][number]> = {},
): EndpointView["active_calls"][number] {
  return {
    call_id: "c1",
    channel: "PJSIP/777-ep-0000000a",
    state: "talking",
    direction: "in",
    number: "888",
    name: "Olga",
    since: iso(),
    ...more,
  };
}

/** A line of a log; its id is a second of its time. */
export function logLine(id: number, more: Partial<LogLineView> = {}): LogLineView {
  return {
    id,
    timestamp: iso(id),
    level: "NOTICE",
    source: "res_pjsip/pjsip_distributor.c",
    call: null,
    message: `line ${id}`,
    file: "full",
    pbx: "main",
    endpoints: ["777-ep"],
    ...more,
  };
}

/** An alert that is not over. */
export function alertView(more: Partial<EndpointAlertView> = {}): EndpointAlertView {
  return {
    id: "01ALERT0000000000000000001",
    pbx: "main",
    site: "192.0.2.0/24",
    endpoints: [{ name: "777-ep", display_name: "777", since: iso(), back_at: null }],
    since: iso(),
    raised_at: iso(300),
    ended_at: null,
    ...more,
  };
}

/** An error of the actors, which the edge knows by name only. */
export function refusal(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}

/** Endpoints in memory. */
export class FakeEndpoints implements EndpointsEdge {
  held: EndpointView[] = [];
  open: EndpointAlertView[] = [];
  readonly asked: { pbx: string; name: string; by: EndpointBy }[] = [];
  /** What refreshing comes to, if it is refused. */
  refusal: Error | null = null;

  list(): EndpointView[] {
    return this.held;
  }

  find(name: string, pbx?: string): EndpointView | null {
    const found = this.held.filter((view) => view.name === name && (pbx === undefined || view.pbx === pbx));
    if (found.length > 1) {
      throw refusal("AmbiguousEndpoint", `Several have ${name}`, { pbxs: found.map((view) => view.pbx) });
    }
    return found[0] ?? null;
  }

  refresh(pbx: string, name: string, by: EndpointBy): Promise<EndpointView> {
    this.asked.push({ pbx, name, by });
    if (this.refusal !== null) return Promise.reject(this.refusal);
    return Promise.resolve(this.find(name, pbx)!);
  }

  history(
    _pbx: string,
    _name: string,
    { limit, before }: { limit: number; before?: string | undefined },
  ): Promise<EndpointHistoryView> {
    const all = Array.from({ length: 7 }, (_, i) => ({
      status: i % 2 === 0 ? "online" as const : "offline" as const,
      reason: i % 2 === 0 ? null : "no_contact" as const,
      at: iso(-i * 60),
      until: i === 0 ? null : iso(-(i - 1) * 60),
    })).filter(({ at }) => before === undefined || Date.parse(at) < Date.parse(before));
    const items = all.slice(0, limit);
    const part = { online_s: 60, offline_s: 20, unknown_s: 4, ratio: 0.75 };
    return Promise.resolve({
      items,
      next: all.length > limit ? items.at(-1)!.at : null,
      availability: { day: part, week: part, month: { ...part, ratio: null } },
    });
  }

  alerts(): EndpointAlertView[] {
    return this.open;
  }
}

/** Lines in memory. */
export class FakeLogs implements LogsEdge {
  /** Oldest first. */
  lines: LogLineView[] = [];
  readonly asked: { scope: LogScope; filter: LogFilter }[] = [];
  /** Whose logs are followed. */
  followed = ["main"];

  pbxs(): string[] {
    return this.followed;
  }

  list(scope: LogScope, filter: LogFilter, { limit, before }: { limit: number; before?: number }) {
    this.asked.push({ scope, filter });
    const found = this.lines.filter((line) =>
      isOf(scope, line) && fits(line, filter) && (before === undefined || line.id < before)
    );
    const items = found.slice(-limit);
    return { items, next: found.length > limit ? items[0]!.id : null };
  }

  stats(scope: LogScope) {
    const lines = this.lines.filter((line) => isOf(scope, line));
    const levels: Record<string, number> = {};
    for (const { level } of lines) levels[level] = (levels[level] ?? 0) + 1;
    return { lines: lines.length, per_minute: 1.5, levels, sources: ["pjsip_distributor"] };
  }

  files() {
    return [
      { name: "full", pbx: "main", state: "following" as const, lines: this.lines.length, error: null },
      { name: "security", pbx: "main", state: "missing" as const, lines: 0, error: null },
    ];
  }
}

function isOf(scope: LogScope, line: LogLineView): boolean {
  if (scope.kind === "all") return true;
  if (scope.kind === "call") return line.pbx === scope.pbx && line.call === scope.call;
  return line.pbx === scope.pbx && line.endpoints.includes(scope.name);
}

function fits(line: LogLineView, { levels, source, q, call, pbx, from, to }: LogFilter): boolean {
  const at = line.timestamp === null ? NaN : Date.parse(line.timestamp);
  return (levels === undefined || levels.includes(line.level)) &&
    (source === undefined || line.source?.includes(source) === true) &&
    (q === undefined || line.message.includes(q)) &&
    (call === undefined || line.call === call) &&
    (pbx === undefined || line.pbx === pbx) &&
    (from === undefined || at >= from) && (to === undefined || at <= to);
}

/** Configurations in memory, each with a secret in it. */
export class FakeConfig implements ConfigEdge {
  /** Names by PBX that have a configuration. */
  names = new Set(["main/777-ep", "main/template"]);
  // deno-lint-ignore no-explicit-any -- whatever the edge hands over is compared as a whole
  readonly asked: { what: string; pbx: string; name: string; given: any }[] = [];
  /** What everything that is asked comes to, if it is refused. */
  refusal: Error | null = null;

  view(pbx: string, name: string, { masked }: { masked: boolean }): Promise<EndpointConfigView> {
    const secret = masked ? MASK : CONFIG_SECRET;
    return this.#do("view", pbx, name, { masked }, () => ({
      pbx,
      name,
      kind: "endpoint",
      source: "file",
      revision: "r1",
      editable: true,
      not_editable_reason: null,
      text: `[${name}]\ntype=auth\npassword=${secret}\n`,
      sections: [{
        name,
        type: "auth",
        template: false,
        inherits: [],
        options: [{ name: "password", value: secret, secret: true }],
        used_by: [],
      }],
      templates: [],
      known_options: { auth: ["password"] },
    }));
  }

  templates(pbx: string) {
    return this.#do("templates", pbx, "template", {}, () => ({
      creatable: [{
        id: "phone" as const,
        fields: [{ name: "password", required: true, secret: true, default: null, pattern: "\\S+" }],
      }],
      templates: [{ name: "template", type: "endpoint", used_by: ["777-ep"] }],
      editable: true,
      not_editable_reason: null,
    }));
  }

  create(pbx: string, name: string, change: unknown, options: { dryRun: boolean }) {
    if (this.refusal === null) this.names.add(`${pbx}/${name}`);
    return this.#change("create", pbx, name, options, change);
  }

  change(pbx: string, name: string, change: unknown, options: { dryRun: boolean }) {
    return this.#change("change", pbx, name, options, change);
  }

  remove(pbx: string, name: string, options: { dryRun: boolean }) {
    return this.#change("remove", pbx, name, options);
  }

  rollback(pbx: string, name: string, options: { dryRun: boolean }) {
    return this.#change("rollback", pbx, name, options);
  }

  versions(
    pbx: string,
    name: string,
    page: { limit: number; before?: string | undefined; masked: boolean },
  ): Promise<{ items: ConfigVersionView[]; next: string | null }> {
    return this.#do("versions", pbx, name, page, () => ({
      items: [{
        id: "01VERSION",
        pbx,
        name,
        at: iso(),
        by: { id: 1, name: "admin" },
        why: "because",
        action: "edit",
        result: "saved",
        failure: null,
        diff: `-password=${page.masked ? MASK : CONFIG_SECRET}\n`,
      }],
      next: null,
    }));
  }

  #change(
    what: string,
    pbx: string,
    name: string,
    given: { dryRun: boolean },
    change?: unknown,
  ): Promise<ConfigChangeView> {
    return this.#do(what, pbx, name, change === undefined ? given : { ...given, change }, () => ({
      diff: `-password=${CONFIG_SECRET}\n`,
      problems: [],
      result: given.dryRun ? "checked" : "saved",
      needs_restart: null,
      failure: null,
      version: given.dryRun ? null : "01VERSION",
      revision: "r2",
    }));
  }

  #do<T>(what: string, pbx: string, name: string, given: unknown, make: () => T): Promise<T> {
    this.asked.push({ what, pbx, name, given });
    if (this.refusal !== null) return Promise.reject(this.refusal);
    if (!this.names.has(`${pbx}/${name}`)) {
      return Promise.reject(
        refusal("ConfigRefused", `There is no ${name}`, { kind: "not-found", problems: [] }),
      );
    }
    return Promise.resolve(make());
  }
}

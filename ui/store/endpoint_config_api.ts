/**
 * @module
 * Requests about configurations, and their refusals in the reader's words.
 */
import { ApiError, request, withQuery } from "../api.ts";
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import type { ConfigChange, ConfigProblem, EndpointConfig } from "../types.ts";
import { asSentence } from "./endpoint_config_outcome.ts";
import { type Refusal, wordsFor, wordsForReading } from "./refusals.ts";

/** Whose configuration. `pbx` is null where the address does not name one. */
export interface ConfigPlace {
  name: string;
  pbx: string | null;
}

/** What shall be done. Only looked at where `dryRun`. */
export type ConfigAct =
  | { kind: "create"; template: string; values: Record<string, string> }
  | { kind: "edit"; revision: string; text: string }
  | { kind: "remove"; revision: string }
  | { kind: "rollback"; revision: string; version: string };

/** What an endpoint can be made of. */
export interface ConfigTemplates {
  creatable: {
    id: "phone" | "panel" | "trunk";
    fields: { name: string; required: boolean; secret: boolean; default: string | null; pattern?: string }[];
  }[];
  templates: { name: string; type: string | null; used_by: string[] }[];
  editable: boolean;
  not_editable_reason: string | null;
}

/** To save, to reload, to verify and perhaps to take back, with a link that comes and goes. */
const CHANGE_TIMEOUT_MS = 150_000;

/** Options of a request. */
export interface ActOptions {
  why?: string;
  dryRun?: boolean;
  signal?: AbortSignal;
}

/** Reads a configuration. @throws ApiError */
export function readConfig(place: ConfigPlace, signal?: AbortSignal): Promise<EndpointConfig> {
  return request("GET", address(place, ""), { signal });
}

/** Reads what an endpoint can be made of. @throws ApiError */
export function readTemplates(pbx: string | null, signal?: AbortSignal): Promise<ConfigTemplates> {
  return request("GET", withQuery("/api/config-templates", { pbx }), { signal });
}

/** Does a change, or says what it would do. @throws ApiError */
export function act(
  place: ConfigPlace,
  what: ConfigAct,
  { why = "", dryRun = false, signal }: ActOptions = {},
): Promise<ConfigChange> {
  const rest = { why, dry_run: dryRun };
  const options = { signal, timeoutMs: dryRun ? undefined : CHANGE_TIMEOUT_MS };
  switch (what.kind) {
    case "create": {
      const { template, values } = what;
      return request("POST", address(place, ""), { body: { template, values, ...rest }, ...options });
    }
    case "edit": {
      const { revision, text } = what;
      return request("PUT", address(place, ""), { body: { revision, text, ...rest }, ...options });
    }
    case "rollback": {
      const { revision, version } = what;
      return request("POST", address(place, "/rollback"), {
        body: { revision, version, ...rest },
        ...options,
      });
    }
    case "remove": {
      const query = { revision: what.revision, why, dry_run: dryRun ? "true" : "" };
      return request("DELETE", address(place, "", query), options);
    }
    default:
      return what satisfies never;
  }
}

/** What a refusal found wrong in the text; empty where it was something else. */
export function problemsOf(error: unknown): ConfigProblem[] {
  if (!(error instanceof ApiError)) return [];
  const { problems } = (error.problem ?? {}) as { problems?: ConfigProblem[] };
  return problems ?? [];
}

/** Whether somebody changed it meanwhile. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.kind === "config-changed";
}

/** PBXs that have the name, where it has to be said which is meant; otherwise empty. */
export function ambiguousPbxs(error: unknown): string[] {
  if (!(error instanceof ApiError) || error.kind !== "ambiguous-endpoint") return [];
  const { pbxs } = error.problem as { pbxs?: string[] };
  return pbxs ?? [];
}

const KINDS: Record<string, [why: Key, advice: Key, again: boolean]> = {
  "config-changed": ["config.refusal.changed", "config.refusal.changed.do", false],
  "config-exists": ["config.refusal.exists", "config.refusal.exists.do", false],
  "invalid-config": ["config.refusal.invalid", "config.refusal.invalid.do", false],
  "unsafe-config": ["config.refusal.unsafe", "config.refusal.unsafe.do", false],
  "not-editable": ["config.refusal.not_editable", "config.refusal.not_editable.do", false],
  "link-down": ["config.refusal.link_down", "config.refusal.link_down.do", true],
  "pbx-refused": ["config.refusal.pbx", "config.refusal.pbx.do", true],
  "not-found": ["config.refusal.gone", "config.refusal.gone.do", false],
};

/** A refusal of a configuration in words; `reading` where there was nothing to change. Asterisk's own words are told too. */
export function configWords(error: unknown, reading = false): Refusal {
  const known = error instanceof ApiError ? KINDS[error.kind] : undefined;
  if (!known) return reading ? wordsForReading(error) : wordsFor(error);
  const [why, advice, again] = known;
  const detail = error instanceof ApiError ? error.problem?.detail : undefined;
  return {
    why: detail ? `${t(why)} ${asSentence(detail)}` : t(why),
    advice: reading ? t("config.refusal.reading") : t(advice),
    again,
  };
}

function address(
  { name, pbx }: ConfigPlace,
  part: string,
  query: Record<string, string | null> = {},
): string {
  return withQuery(`/api/endpoints/${encodeURIComponent(name)}/config${part}`, { pbx, ...query });
}

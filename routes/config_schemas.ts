/**
 * @module
 * Shapes of configurations, their changes and their versions in the HTTP API, checked against
 * `machines/endpoint_views.ts`.
 */
import { z } from "@hono/zod-openapi";
import type {
  ConfigChangeView,
  ConfigOptionView,
  ConfigProblemView,
  ConfigSectionView,
  ConfigVersionView,
  EndpointConfigView,
} from "../machines/endpoint_views.ts";
import { storable, time } from "./schemas.ts";

const ConfigOption = z.object({
  name: z.string(),
  value: z.string().openapi({ description: "Masked where it is secret and the reader may not see it." }),
  secret: z.boolean(),
}).openapi("ConfigOption") satisfies z.ZodType<ConfigOptionView>;

const ConfigSection = z.object({
  name: z.string(),
  type: z.string().nullable(),
  template: z.boolean(),
  inherits: z.array(z.string()),
  options: z.array(ConfigOption),
  used_by: z.array(z.string()),
}).openapi("ConfigSection") satisfies z.ZodType<ConfigSectionView>;

/** Something that is wrong with a configuration. */
export const ConfigProblem = z.object({
  severity: z.enum(["error", "warning"]),
  code: z.string(),
  section: z.string().nullable(),
  option: z.string().nullable(),
  line: z.int().nullable(),
  message: z.string(),
}).openapi("ConfigProblem") satisfies z.ZodType<ConfigProblemView>;

/** What belongs to one endpoint, or is one template, in pjsip.conf. */
export const EndpointConfig = z.object({
  pbx: z.string(),
  name: z.string(),
  kind: z.enum(["endpoint", "template"]),
  source: z.enum(["file", "ami"]),
  revision: z.string().openapi({ description: "A change names the one that it is based on." }),
  editable: z.boolean(),
  not_editable_reason: z.string().nullable(),
  text: z.string(),
  sections: z.array(ConfigSection),
  templates: z.array(ConfigSection),
  known_options: z.record(z.string(), z.array(z.string())),
}).openapi("EndpointConfig") satisfies z.ZodType<EndpointConfigView>;

/** What a change would do, or did. */
export const ConfigChange = z.object({
  diff: z.string(),
  problems: z.array(ConfigProblem),
  result: z.enum(["checked", "saved", "rolled_back"]),
  needs_restart: z.string().nullable(),
  failure: z.string().nullable(),
  version: z.string().nullable(),
  revision: z.string(),
}).openapi("ConfigChange") satisfies z.ZodType<ConfigChangeView>;

/** One version of an endpoint's configuration. */
export const ConfigVersion = z.object({
  id: z.string(),
  pbx: z.string(),
  name: z.string(),
  at: time,
  by: z.object({ id: z.int().nullable(), name: z.string() }),
  why: z.string(),
  action: z.enum(["create", "edit", "delete", "rollback", "auto_rollback", "found"]),
  result: z.enum(["saved", "rolled_back"]),
  failure: z.string().nullable(),
  diff: z.string(),
}).openapi("ConfigVersion") satisfies z.ZodType<ConfigVersionView>;

/** What can be made of an endpoint's configuration, and which templates the PBX has. */
export const ConfigTemplates = z.object({
  creatable: z.array(z.object({
    id: z.enum(["phone", "panel", "trunk"]),
    fields: z.array(z.object({
      name: z.string(),
      required: z.boolean(),
      secret: z.boolean(),
      default: z.string().nullable(),
      pattern: z.string().optional(),
    })),
  })),
  templates: z.array(
    z.object({ name: z.string(), type: z.string().nullable(), used_by: z.array(z.string()) }),
  ),
  editable: z.boolean(),
  not_editable_reason: z.string().nullable(),
}).openapi("ConfigTemplates");

const text = storable(z.string().max(60_000));
const short = storable(z.string().max(256));

/** Why a change is made; it is kept with its version. */
const why = storable(z.string().trim().max(500)).default("");
const dry_run = z.boolean().default(false).openapi({ description: "Only say what it would do." });
const revision = z.string().min(1).max(200);

/** What makes a new endpoint: a template with its values, or the text of its sections. */
export const NewConfig = z.object({
  template: z.enum(["phone", "panel", "trunk"]).optional(),
  values: z.record(short, storable(z.string().max(1000))).optional(),
  text: text.optional(),
  why,
  dry_run,
}).strict().refine(
  ({ template, text, values }) =>
    (template === undefined) !== (text === undefined) && (values === undefined || text === undefined),
  { path: ["template"], error: "expected either template with values, or text" },
).openapi("NewConfig");

/** A section as it is to be. What a view says beside (`secret`, `used_by`) is not looked at. */
const SectionChange = z.object({
  name: short,
  type: short.nullable().default(null),
  template: z.boolean().default(false),
  inherits: z.array(short).max(50).default([]),
  options: z.array(z.object({ name: short, value: storable(z.string().max(4000)) })).max(500),
});

/** What an endpoint's sections shall be: their text, or the sections. */
export const ChangedConfig = z.object({
  revision,
  text: text.optional(),
  sections: z.array(SectionChange).max(100).optional(),
  why,
  dry_run,
}).strict().refine(({ text, sections }) => (text === undefined) !== (sections === undefined), {
  path: ["text"],
  error: "expected either text or sections",
}).openapi("ChangedConfig");

/** Which version shall be again. */
export const ConfigRollback = z.object({
  version: z.string().min(1).max(64),
  revision: z.string().max(200).openapi({ description: "Empty where the endpoint is not there any more" }),
  why,
  dry_run,
}).strict().openapi("ConfigRollback");

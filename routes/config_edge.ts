/**
 * @module
 * What the edge needs of the endpoints' configurations: shapes only.
 */
import type { z } from "@hono/zod-openapi";
import type { ConfigChangeView, ConfigVersionView, EndpointConfigView } from "../machines/endpoint_views.ts";
import type { ConfigTemplates } from "./config_schemas.ts";
import type { EndpointBy } from "./endpoint_names.ts";

/** How a change is to be made, and by whom. */
export interface ConfigChangeOptions {
  why: string;
  /** Only say what it would do. */
  dryRun: boolean;
  by: EndpointBy;
}

/** The same for what is there: the revision that the change is based on. */
export interface ConfigEditOptions extends ConfigChangeOptions {
  revision: string;
}

/** A section as it shall be. */
export interface ConfigSectionChange {
  name: string;
  type: string | null;
  template: boolean;
  inherits: string[];
  options: { name: string; value: string }[];
}

/** What makes a new endpoint. */
export type NewEndpointConfig =
  | { template: "phone" | "panel" | "trunk"; values: Record<string, string> }
  | { text: string };

/** What the edge needs of the configurations. What they refuse is a `ConfigRefused`. */
export interface ConfigEdge {
  view(pbx: string, name: string, options: { masked: boolean }): Promise<EndpointConfigView>;
  templates(pbx: string): Promise<z.infer<typeof ConfigTemplates>>;
  create(
    pbx: string,
    name: string,
    change: NewEndpointConfig,
    options: ConfigChangeOptions & { masked: boolean },
  ): Promise<ConfigChangeView>;
  change(
    pbx: string,
    name: string,
    change: { text: string } | { sections: ConfigSectionChange[] },
    options: ConfigEditOptions,
  ): Promise<ConfigChangeView>;
  remove(pbx: string, name: string, options: ConfigEditOptions): Promise<ConfigChangeView>;
  rollback(
    pbx: string,
    name: string,
    options: ConfigEditOptions & { version: string },
  ): Promise<ConfigChangeView>;
  /** Newest first. */
  versions(
    pbx: string,
    name: string,
    page: { limit: number; before?: string | undefined; masked: boolean },
  ): Promise<{ items: ConfigVersionView[]; next: string | null }>;
}

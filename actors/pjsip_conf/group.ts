/**
 * @module
 * Which sections of pjsip.conf belong to one endpoint: the endpoint itself, its AORs, its credentials and what
 * identifies it, or else the one template of that name. What others use too is theirs as well, and is marked.
 */
import type { Categories, Category } from "./categories.ts";
import { listOf, typeOf, valueOf } from "./categories.ts";

/** The types that an endpoint is made of. */
export const GROUP_TYPES = ["endpoint", "auth", "aor", "identify"] as const;
export type GroupType = (typeof GROUP_TYPES)[number];

/** A category of a group. */
export interface Member {
  category: Category;
  type: string | null;
  /** Names of others that use it. */
  usedBy: string[];
}

/** What belongs to a name. */
export interface Group {
  name: string;
  kind: "endpoint" | "template";
  /** In the order of the file. */
  members: Member[];
  /** Templates that they inherit, nearest first. */
  templates: Category[];
}

/** The sections of a name; null where there is neither endpoint nor template. */
export function findGroup(categories: Categories, name: string): Group | null {
  const own = categories.all.find((one) => !one.template && one.name === name && typeOf(one) === "endpoint");
  if (own !== undefined) return endpointGroup(categories, own);
  const template = categories.all.find((one) => one.template && one.name === name);
  if (template === undefined) return null;
  const member = {
    category: template,
    type: typeOf(template) ?? null,
    usedBy: usersOfTemplate(categories, name),
  };
  return { name, kind: "template", members: [member], templates: templatesOf(categories, [template]) };
}

/** Endpoints, templates and others that inherit a template, or a section, directly. */
export function usersOfTemplate(categories: Categories, name: string): string[] {
  return names(categories.all.filter((one) => one.inherits.includes(name)));
}

/** Whether a section belongs to the endpoint of this name. */
export function belongsTo(category: Category, endpoint: Category): boolean {
  const type = typeOf(category);
  if (category === endpoint) return true;
  if (category.template) return false;
  if (type === "aor") return listOf(valueOf(endpoint, "aors")).includes(category.name);
  if (type === "auth") return authsOf(endpoint).includes(category.name);
  return type === "identify" && valueOf(category, "endpoint") === endpoint.name;
}

/** Names of credentials that a section refers to, both ways. */
export function authsOf(category: Category): string[] {
  return [...listOf(valueOf(category, "auth")), ...listOf(valueOf(category, "outbound_auth"))];
}

/** Those beside `group` that refer to a section: endpoints by `aors`, anything by `auth` and `outbound_auth`. */
export function usersOf(categories: Categories, category: Category, but: string): string[] {
  const type = typeOf(category);
  if (type !== "aor" && type !== "auth") return [];
  return names(categories.all.filter((one) => {
    if (one.template || (one.name === but && typeOf(one) === "endpoint")) return false;
    if (type === "auth") return authsOf(one).includes(category.name);
    return typeOf(one) === "endpoint" && listOf(valueOf(one, "aors")).includes(category.name);
  }));
}

function endpointGroup(categories: Categories, endpoint: Category): Group {
  const mine = categories.all.filter((one) => belongsTo(one, endpoint));
  return {
    name: endpoint.name,
    kind: "endpoint",
    members: mine.map((category) => ({
      category,
      type: typeOf(category) ?? null,
      usedBy: usersOf(categories, category, endpoint.name),
    })),
    templates: templatesOf(categories, mine),
  };
}

function templatesOf(categories: Categories, of: Category[]): Category[] {
  const seen = new Set<Category>();
  const visit = (name: string) => {
    const base = categories.all.find((one) => one.name === name);
    if (base === undefined || seen.has(base) || of.includes(base)) return;
    seen.add(base);
    base.inherits.forEach(visit);
  };
  for (const { inherits } of of) inherits.forEach(visit);
  return [...seen];
}

function names(categories: Category[]): string[] {
  return [...new Set(categories.map(({ name }) => name))];
}

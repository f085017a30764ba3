/**
 * @module
 * Sections of a configuration as the page sees them: which type one is, and which stand in another file. Pure.
 */
import type { ConfigSection, EndpointConfig } from "../types.ts";
import { readSections, type TextSection } from "./endpoint_config_lex.ts";

/** A section that can only be read here. */
export interface ElsewhereSection extends ConfigSection {
  /** The file that it stands in, where the service says so. */
  file: string | null;
}

/** By its own option, or by that of a template: sections of one name differ by their type only. */
export function typeOfSection(
  section: Pick<TextSection, "type" | "inherits">,
  templates: EndpointConfig["templates"],
): string | null {
  if (section.type !== null) return section.type;
  const inherited = templates.filter(({ name }) => section.inherits.includes(name));
  return inherited.findLast(({ type }) => type !== null)?.type ?? null;
}

/** Sections that belong to it and are not in its text: they stand in files that pjsip.conf includes. */
export function sectionsElsewhere(config: EndpointConfig): ElsewhereSection[] {
  return config.sections.filter((section) => !isIn(config.text, section, config.templates))
    .map((section) => ({ ...section, file: (section as { file?: string | null }).file ?? null }));
}

/** A configuration whose text was changed, until it is read anew: no section of it is taken for one of another file. */
export function withText(config: EndpointConfig, text: string, revision: string): EndpointConfig {
  const { templates } = config;
  const sections = config.sections.filter((section) =>
    isIn(text, section, templates) || !isIn(config.text, section, templates)
  );
  return { ...config, text, revision, sections };
}

function isIn(
  text: string,
  { name, type }: ConfigSection,
  templates: EndpointConfig["templates"],
): boolean {
  return readSections(text).some((own) => {
    const ownType = typeOfSection(own, templates);
    // One that only adds to another, `[name](+)`, need not say its type.
    return own.name === name && (ownType === type || ownType === null);
  });
}

/**
 * @module
 * What stands around a configuration: what it is, why it cannot be changed where it cannot, and what it inherits.
 */
import { ScrollText } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { endpointPath } from "../router.ts";
import { asSentence } from "../store/endpoint_config_outcome.ts";
import { isAdmin } from "../store/session.ts";
import type { EndpointConfig } from "../types.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";

/** Head of the page: what it is, how it is reached, and why it cannot be changed where it cannot. */
export function ConfigHead({ config }: { config: EndpointConfig }) {
  const template = config.kind === "template";
  return (
    <header class="panel-head">
      <div class="panel-id">
        <h2>{config.name}</h2>
        <p class="muted">
          <span>{t(template ? "config.kind.template" : "config.kind.endpoint")}</span>
          <span>
            {t(config.source === "file" ? "config.source.file" : "config.source.ami", { pbx: config.pbx })}
          </span>
          {!template && (
            <Link to={endpointPath(config.name, { pbx: config.pbx, part: "logs" })} class="conf-link">
              <Icon of={ScrollText} size={14} /> {t("config.logs")}
            </Link>
          )}
        </p>
        {!isAdmin.value
          ? <p class="conf-note" data-testid="config-readonly">{t("config.readonly.role")}</p>
          : !config.editable && (
            <p class="conf-note is-warning" data-testid="config-readonly">
              {t("config.readonly")} <Reason text={config.not_editable_reason} />
            </p>
          )}
      </div>
    </header>
  );
}

/** Why it cannot be changed, in the service's words. */
export function Reason({ text }: { text: string | null }) {
  return text === null ? null : <span lang="en">{asSentence(text)}</span>;
}

/** The service leaves out the endpoint at hand: it is one of those that use a template that it inherits. */
function ownUse(config: EndpointConfig, template: string): number {
  return config.sections.some(({ name, inherits }) => name === config.name && inherits.includes(template))
    ? 1
    : 0;
}

/** Templates that the sections take options from, to be read. */
export function InheritedTemplates({ config }: { config: EndpointConfig }) {
  const [open, setOpen] = useState<string | null>(null);
  if (!config.templates.length) return null;
  return (
    <section class="card" aria-label={t("config.templates")}>
      <h2 class="section-title">{t("config.templates")}</h2>
      <ul class="conf-templates">
        {config.templates.map(({ name, type, options, used_by }) => (
          <li key={`${name} ${type}`}>
            <div class="conf-template-head">
              <button
                type="button"
                class="text-button"
                aria-expanded={open === name}
                onClick={() => setOpen(open === name ? null : name)}
              >
                {name}
              </button>
              {type !== null && <span class="conf-type">{type}</span>}
              <Link to={endpointPath(name, { pbx: config.pbx, part: "config" })} class="conf-link">
                {t("config.templates.open")}
              </Link>
            </div>
            <p class="faint">{t("config.templates.used", { n: used_by.length + ownUse(config, name) })}</p>
            {open === name && (
              <dl class="conf-inherited">
                {options.map((option, index) => (
                  <div key={index}>
                    <dt>{option.name}</dt>
                    <dd>{option.secret ? "••••••" : option.value}</dd>
                  </div>
                ))}
              </dl>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

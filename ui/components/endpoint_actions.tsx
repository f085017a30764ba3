/**
 * @module
 * What can be done with an endpoint: its log, its configuration, asking it. The outcome stands beside the button.
 */
import { RefreshCw, ScrollText, Settings2 } from "lucide";
import { t } from "../i18n/translate.ts";
import { refresh, refreshes } from "../store/endpoint_refresh.ts";
import { pathOf } from "../store/endpoint_views.ts";
import { endpointKey } from "../store/live_endpoints.ts";
import { isAdmin } from "../store/session.ts";
import type { Endpoint } from "../types.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";

/** Three buttons of a size, for a card or a row. */
export function EndpointActions({ endpoint }: { endpoint: Endpoint }) {
  const name = endpoint.display_name;
  return (
    <span class="endpoint-actions">
      <Link
        to={pathOf(endpoint, "logs")}
        class="icon-button"
        aria-label={t("endpoint.logs.of", { name })}
        title={t("endpoint.logs")}
      >
        <Icon of={ScrollText} />
      </Link>
      <Link
        to={pathOf(endpoint, "config")}
        class="icon-button"
        aria-label={t("endpoint.config.of", { name })}
        title={t(isAdmin.value ? "endpoint.config.edit" : "endpoint.config")}
      >
        <Icon of={Settings2} />
      </Link>
      <button
        type="button"
        class="icon-button"
        data-testid="refresh"
        aria-label={t("endpoint.refresh.of", { name })}
        aria-disabled={isAsking(endpoint)}
        title={`${t("endpoint.refresh")}\n${t("endpoint.refresh.title")}`}
        onClick={() => void refresh(endpoint)}
      >
        <Icon of={RefreshCw} />
      </button>
    </span>
  );
}

/** The same with words, for the endpoint's own page. */
export function EndpointButtons({ endpoint }: { endpoint: Endpoint }) {
  return (
    <div class="endpoint-buttons">
      <div class="row-of-buttons">
        <Link to={pathOf(endpoint, "logs")} class="button">
          <Icon of={ScrollText} /> {t("endpoint.logs")}
        </Link>
        <Link
          to={pathOf(endpoint, "config")}
          class="button"
          title={t(isAdmin.value ? "endpoint.config.edit" : "endpoint.config")}
        >
          <Icon of={Settings2} /> {t("endpoint.config")}
        </Link>
        <button
          type="button"
          class="button"
          data-testid="refresh"
          aria-disabled={isAsking(endpoint)}
          title={t("endpoint.refresh.title")}
          onClick={() => void refresh(endpoint)}
        >
          <Icon of={RefreshCw} /> {t("endpoint.refresh")}
        </button>
      </div>
      <RefreshNews endpoint={endpoint} />
    </div>
  );
}

/** What came of asking; nothing while nobody asked. */
export function RefreshNews({ endpoint }: { endpoint: Endpoint }) {
  const news = refreshes.value.get(endpointKey(endpoint));
  if (!news) return null;
  const [tone, text] = news.state === "busy"
    ? ["busy", t("endpoint.refresh.busy")]
    : news.state === "refused"
    ? ["bad", news.text]
    : [news.outcome.tone, t(news.outcome.key, news.outcome.values)];
  return <span class={`progress refresh-news tone-${tone}`} role="status" title={text}>{text}</span>;
}

function isAsking(endpoint: Endpoint): boolean {
  return refreshes.value.get(endpointKey(endpoint))?.state === "busy";
}

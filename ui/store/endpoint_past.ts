/**
 * @module
 * An endpoint's history, read from the service: far enough back for the longest bar, and its figures anew whenever the
 * status changes.
 */
import { useEffect, useState } from "preact/hooks";
import { request, withQuery } from "../api.ts";
import type { Endpoint, EndpointChange, EndpointHistory } from "../types.ts";
import { now } from "./clock.ts";
import { SPANS, withPresent } from "./endpoint_history.ts";
import { type Loaded, useList } from "./load.ts";

/** As many as the service gives at once. */
const PAGE = 200;
/** A phone that flaps for a month is not read to its end by itself. */
const MOST = 1000;

/** The past of an endpoint as far as it is read. */
export interface Past {
  /** Newest first, with what the stream knows. */
  items: EndpointChange[];
  loaded: Loaded<EndpointChange, EndpointHistory>;
  /** Null until it is here. */
  availability: EndpointHistory["availability"] | null;
}

/** Reads the past of an endpoint. */
export function usePast(endpoint: Endpoint): Past {
  const path = `/api/endpoints/${encodeURIComponent(endpoint.name)}/history`;
  const { pbx, status_since } = endpoint;
  const loaded = useList<EndpointChange, EndpointHistory>(path, { pbx, limit: PAGE });
  const [newer, setNewer] = useState<EndpointHistory["availability"] | null>(null);
  const [readFor, setReadFor] = useState(status_since);

  const oldest = loaded.items.at(-1);
  const short = oldest !== undefined && loaded.hasMore && loaded.items.length < MOST &&
    Date.parse(oldest.at) > now.peek() - SPANS.month;
  useEffect(() => {
    if (short && !loaded.busy && loaded.error === null) loaded.more();
  }, [short, loaded.busy, loaded.error]);

  useEffect(() => {
    if (readFor === status_since) return;
    const abort = new AbortController();
    request<EndpointHistory>("GET", withQuery(path, { pbx, limit: 1 }), { signal: abort.signal }).then(
      ({ availability }) => {
        setNewer(availability);
        setReadFor(status_since);
      },
      // What was read before stays: only a moment older.
      () => {},
    );
    return () => abort.abort();
  }, [path, pbx, status_since]);

  return {
    items: withPresent(loaded.items, endpoint),
    loaded,
    availability: newer ?? loaded.first?.availability ?? null,
  };
}

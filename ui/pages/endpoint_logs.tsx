/**
 * @module
 * The log of one endpoint, or of one call across endpoints where the address names a call.
 */
import { place } from "../router.ts";
import { scopeOf, topicOf } from "../store/endpoint_logs_filter.ts";
import { LogView } from "./endpoint_logs_view.tsx";

/** The logs page of an endpoint. `pbx` is null where the address does not name one. */
export function EndpointLogsPage({ name, pbx }: { name: string; pbx: string | null }) {
  const scope = scopeOf(place.value.query, { name, pbx });
  return <LogView key={topicOf(scope)} scope={scope} endpoint={{ name, pbx }} />;
}

/**
 * @module
 * The log of everything, or of one call where the address names it.
 */
import { place } from "../router.ts";
import { scopeOf, topicOf } from "../store/endpoint_logs_filter.ts";
import { LogView } from "./endpoint_logs_view.tsx";

/** The page of the whole log. */
export function LogsPage() {
  const scope = scopeOf(place.value.query, null);
  return <LogView key={topicOf(scope)} scope={scope} endpoint={null} />;
}

/**
 * @module
 * The grey veil over data that is no longer live, and since when it is not.
 */
import { Unplug } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { clockTime, span } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { now } from "../store/clock.ts";
import { live, ready, retryNow, stream } from "../store/live.ts";
import { Icon } from "./icon.tsx";

/** A cut that is mended at once, as in a restart of the service, does not flicker over the page. */
const GRACE_MS = 1000;

/** Whether the veil is down. */
export function useStale(): boolean {
  const cut = stream.value.phase === "cut";
  const [stale, setStale] = useState(false);
  useEffect(() => {
    if (!cut) return setStale(false);
    const timer = setTimeout(() => setStale(true), GRACE_MS);
    return () => clearTimeout(timer);
  }, [cut]);
  return cut && stale;
}

/** Since when what is shown is no longer live, in words. */
export function staleSince(): string {
  const { heardAt } = stream.value;
  if (!ready.value || heardAt === null) return t("stale.never");
  return t("stale.since", { at: clockTime(heardAt + live.value.skewMs) });
}

/** The bar that says so, with the next try. */
export function StaleBar() {
  const { retryAt, refused } = stream.value;
  const tooMany = refused === 429;
  const wait = retryAt === null ? 0 : retryAt + live.value.skewMs - now.value;
  return (
    <div class="stale-bar" data-testid="stale-veil">
      <Icon of={Unplug} size={18} />
      <div class="stale-words" role="status">
        <strong>
          {tooMany && !ready.value ? t("stale.too_many") : staleSince()}
        </strong>
        <span>{t(tooMany ? "stale.too_many.do" : "stale.text")}</span>
      </div>
      <span class="num stale-next">
        {wait > 999 ? t("stale.next", { span: span(wait) }) : t("stale.trying")}
      </span>
      <button type="button" class="button" onClick={retryNow}>{t("stale.try")}</button>
    </div>
  );
}

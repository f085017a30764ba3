/**
 * @module
 * The rail: every page, with a number where something asks for attention. At the bottom on a phone.
 */
import { DoorClosed, History, type IconNode, LayoutDashboard, Phone, PhoneCall, Rss, Settings } from "lucide";
import type { Key } from "../i18n/en.ts";
import { number } from "../i18n/times.ts";
import { t } from "../i18n/translate.ts";
import { place } from "../router.ts";
import { ringingCards } from "../store/call_views.ts";
import { standingAlerts } from "../store/endpoint_views.ts";
import { needsAttention } from "../store/views.ts";
import { mayOperate } from "../store/session.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { Logo } from "./logo.tsx";
import { useStale } from "./veil.tsx";

interface Stop {
  to: string;
  name: Key;
  icon: IconNode;
  /** Only for those who work with panels. */
  operators: boolean;
  /** Only where the feed has no room beside the page. */
  phone?: boolean;
  /** Only where there is room: on a phone the feed leads on to it. */
  wide?: boolean;
  badge?: () => number;
  /** What the number counts. */
  counts?: Key;
}

/** A further page is one more line here. */
const STOPS: Stop[] = [
  { to: "/", name: "page.board", icon: LayoutDashboard, operators: false },
  {
    to: "/intercoms",
    name: "page.intercoms",
    icon: DoorClosed,
    operators: true,
    badge: () => needsAttention.value,
  },
  {
    to: "/calls",
    name: "page.calls",
    icon: PhoneCall,
    operators: false,
    badge: () => ringingCards.value.length,
    counts: "frame.ringing",
  },
  {
    to: "/endpoints",
    name: "page.endpoints",
    icon: Phone,
    operators: true,
    badge: () => standingAlerts.value.length,
    counts: "frame.endpoints",
  },
  { to: "/feed", name: "page.feed", icon: Rss, operators: true, phone: true },
  { to: "/events", name: "page.events", icon: History, operators: true, wide: true },
  { to: "/settings", name: "page.settings", icon: Settings, operators: false },
];

/** The rail. */
export function Rail() {
  const { path } = place.value;
  const stale = useStale();
  return (
    <nav class="rail" aria-label={t("frame.pages")}>
      <Link to="/" class="rail-logo" aria-label="Doorline" tabIndex={-1}>
        <Logo size={32} />
      </Link>
      {STOPS.filter((stop) => mayOperate.value || !stop.operators).map((stop) => {
        const here = isAt(path, stop.to);
        const badge = stop.badge?.() ?? 0;
        return (
          <Link
            key={stop.to}
            to={stop.to}
            class={`rail-stop${stop.phone ? " phone-only" : ""}${stop.wide ? " wide-only" : ""}`}
            aria-current={here ? "page" : undefined}
          >
            <span class="rail-icon">
              <Icon of={stop.icon} size={20} />
              {badge > 0 && (
                <span
                  class={stale ? "badge num is-stale" : "badge num"}
                  title={t(stop.counts ?? "frame.attention", { n: badge })}
                >
                  {badge > 99 ? "99+" : number(badge)}
                </span>
              )}
            </span>
            <span class="rail-word">{t(stop.name)}</span>
          </Link>
        );
      })}
    </nav>
  );
}

function isAt(path: string, stop: string): boolean {
  // The log of all endpoints is reached from theirs, and has no stop of its own.
  if (path === "/logs") return stop === "/endpoints";
  if (path === "/events" && stop === "/feed") return true;
  return stop === "/" ? path === "/" : path === stop || path.startsWith(`${stop}/`);
}

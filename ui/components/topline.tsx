/**
 * @module
 * The top line: where this is, how the links are, search, the feed's fold and the way out.
 */
import { ChevronLeft, LogOut, PanelRightClose, PanelRightOpen } from "lucide";
import { t } from "../i18n/translate.ts";
import { feedShown } from "../store/preferences.ts";
import { logout, mayOperate, me } from "../store/session.ts";
import { Icon } from "./icon.tsx";
import { Link } from "./link.tsx";
import { LinkStates } from "./link_states.tsx";
import { Search } from "./search.tsx";

/** The top line. `title` names the page; `back` is where a page inside another one leads back to. */
export function Topline({ title, back }: { title: string; back?: string }) {
  const shown = feedShown.value === "on";
  return (
    <header class="topline">
      <h1 class="topline-title" title={title}>
        {back
          ? (
            <Link to={back} class="topline-back">
              <Icon of={ChevronLeft} size={20} /> {title}
            </Link>
          )
          : title}
      </h1>
      <LinkStates />
      <Search />
      {mayOperate.value && (
        <button
          type="button"
          class="icon-button feed-toggle"
          aria-pressed={shown}
          aria-label={t("frame.feed")}
          title={t(shown ? "frame.feed.hide" : "frame.feed.show")}
          onClick={() => {
            feedShown.value = shown ? "off" : "on";
          }}
        >
          <Icon of={shown ? PanelRightClose : PanelRightOpen} size={18} />
        </button>
      )}
      <span class="topline-me wide-only" title={me.value?.login}>{me.value?.name || me.value?.login}</span>
      <button
        type="button"
        class="icon-button"
        aria-label={t("frame.logout")}
        title={t("frame.logout")}
        onClick={() => void logout().catch(() => {})}
      >
        <Icon of={LogOut} size={18} />
      </button>
    </header>
  );
}

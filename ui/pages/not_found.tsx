/**
 * @module
 * An address that leads nowhere.
 */
import { SearchX } from "lucide";
import { Empty } from "../components/states.tsx";
import { Link } from "../components/link.tsx";
import { t } from "../i18n/translate.ts";

/** The page for no page. */
export function NotFoundPage() {
  return (
    <Empty icon={SearchX} title={t("not_found.title")}>
      <p>{t("not_found.text")}</p>
      <Link to="/" class="button">{t("page.board")}</Link>
    </Empty>
  );
}

/**
 * @module
 * What an employee sees: what they may do here, in plain words.
 */
import { DoorClosed } from "lucide";
import { Empty } from "../components/states.tsx";
import { Link } from "../components/link.tsx";
import { t } from "../i18n/translate.ts";
import { me } from "../store/session.ts";

/** The employee's page. */
export function EmployeePage() {
  return (
    <Empty icon={DoorClosed} title={t("employee.title", { name: me.value?.name || me.value?.login || "" })}>
      <p>{t("employee.text")}</p>
      <p>{t("employee.more")}</p>
      <Link to="/settings" class="button">{t("page.settings")}</Link>
    </Empty>
  );
}

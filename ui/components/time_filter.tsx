/**
 * @module
 * One bound of a time in the filters of a history. The address keeps it in UTC; the field is the reader's own zone.
 */
import { t } from "../i18n/translate.ts";
import { setQuery } from "../router.ts";

/** A bound of time. `value` is ISO 8601, or empty for none. */
export function TimeFilter({ name, value }: { name: "from" | "to"; value: string }) {
  return (
    <label class="filter">
      <span>{t(name === "from" ? "filter.from" : "filter.to")}</span>
      <input
        class="input num"
        type="datetime-local"
        value={value ? toLocal(value) : ""}
        onChange={(event) => {
          const typed = event.currentTarget.value;
          setQuery({ [name]: typed ? new Date(typed).toISOString() : "" });
        }}
      />
    </label>
  );
}

/** A moment as the browser's field writes it: local, without a zone. */
function toLocal(iso: string): string {
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

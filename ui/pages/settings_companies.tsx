/**
 * @module
 * Companies and the numbers that they call from. Only for admins.
 */
import { Building2, Plus, Search, SearchX } from "lucide";
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { Confirm } from "../components/dialog.tsx";
import { Icon } from "../components/icon.tsx";
import { Link } from "../components/link.tsx";
import { Broken, Empty, FormError, Skeleton } from "../components/states.tsx";
import { t } from "../i18n/translate.ts";
import { place, setQuery } from "../router.ts";
import { directoryChanged, findIn } from "../store/directory.ts";
import { useList, useSending } from "../store/load.ts";
import { naturalKey } from "../store/table.ts";
import type { Company } from "../types.ts";
import { CompanyDialog } from "./settings_company.tsx";
import { PhonesLine } from "./settings_phones.tsx";

type Asking = { what: "add" } | { what: "edit" | "remove"; company: Company };

/** The list of companies. */
export function Companies() {
  const loaded = useList<Company>("/api/companies", { limit: 200 });
  const [asking, setAsking] = useState<Asking | null>(null);
  const sending = useSending();
  const q = place.value.query.get("q") ?? "";
  const close = () => setAsking(null);
  const replace = (company: Company) => {
    directoryChanged();
    loaded.update((items) =>
      [...items.filter(({ id }) => id !== company.id), company]
        .sort((a, b) => naturalKey(a.name) < naturalKey(b.name) ? -1 : 1)
    );
  };
  async function remove({ id }: Company) {
    close();
    const done = await sending.send(() => request("DELETE", `/api/companies/${id}`));
    if (!done) return;
    directoryChanged();
    loaded.update((items) => items.filter((one) => one.id !== id));
  }
  const shown = q ? findIn(loaded.items, q, ({ name }) => name, loaded.items.length) : loaded.items;
  return (
    <section class="card" aria-label={t("companies.title")}>
      <div class="section-head">
        <h2 class="section-title">{t("companies.title")}</h2>
        <button type="button" class="button" onClick={() => setAsking({ what: "add" })}>
          <Icon of={Plus} /> {t("companies.add")}
        </button>
      </div>
      {(loaded.items.length > 8 || q) && <Filter q={q} />}
      <FormError error={sending.error} />
      {loaded.error !== null && <Broken error={loaded.error} onRetry={loaded.reload} />}
      {loaded.busy && !loaded.items.length && <Skeleton rows={4} />}
      {!loaded.busy && loaded.error === null && !loaded.items.length && (
        <Empty icon={Building2} title={t("companies.none")}>{t("companies.none.text")}</Empty>
      )}
      {loaded.items.length > 0 && !shown.length && (
        <Empty icon={SearchX} title={t("search.none", { text: q })} />
      )}
      <ul class="plain-list companies">
        {shown.map((company) => <Row key={company.id} company={company} onAsk={setAsking} />)}
      </ul>
      {loaded.hasMore && (
        <button type="button" class="button" onClick={loaded.more}>{t("action.more")}</button>
      )}
      {asking?.what === "add" && <CompanyDialog company={null} onClose={close} onDone={replace} />}
      {asking?.what === "edit" && <CompanyDialog company={asking.company} onClose={close} onDone={replace} />}
      {asking?.what === "remove" && (
        <Confirm
          title={t("companies.remove.question", { name: asking.company.name })}
          text={t("companies.remove.text")}
          action={t("companies.remove")}
          danger
          onYes={() => void remove(asking.company)}
          onClose={close}
        />
      )}
    </section>
  );
}

function Row({ company, onAsk }: { company: Company; onAsk: (asking: Asking) => void }) {
  const { name, phones, notes } = company;
  return (
    <li data-testid="company-row" data-company={company.id}>
      <span class="grow person-name">
        <span title={name}>{name}</span>
        <PhonesLine phones={phones} />
        {notes && <span class="faint company-notes" title={notes}>{notes}</span>}
      </span>
      <Link to={`/calls?q=${encodeURIComponent(name)}`} class="button">{t("companies.calls")}</Link>
      <button
        type="button"
        class="button"
        aria-label={t("companies.edit_of", { name })}
        onClick={() => onAsk({ what: "edit", company })}
      >
        {t("companies.edit")}
      </button>
      <button
        type="button"
        class="button danger-quiet"
        aria-label={t("companies.remove_of", { name })}
        onClick={() => onAsk({ what: "remove", company })}
      >
        {t("companies.remove")}
      </button>
    </li>
  );
}

function Filter({ q }: { q: string }) {
  return (
    <label class="filter-search list-filter">
      <Icon of={Search} />
      <input
        type="text"
        aria-label={t("companies.search")}
        placeholder={t("companies.search")}
        spellcheck={false}
        autocomplete="off"
        value={q}
        onInput={(event) => setQuery({ q: event.currentTarget.value })}
      />
    </label>
  );
}

/**
 * @module
 * The dialog about one company: a new one, or a change of its name, notes and numbers.
 */
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { Dialog } from "../components/dialog.tsx";
import { NumbersError } from "../components/numbers_error.tsx";
import { t } from "../i18n/translate.ts";
import { useSending } from "../store/load.ts";
import type { Company } from "../types.ts";
import { Foot } from "./settings_person.tsx";
import { PhoneList, written } from "./settings_phones.tsx";

/** Properties of the dialog. `company` is null for a new one. */
export interface CompanyDialogProps {
  company: Company | null;
  onClose: () => void;
  onDone: (company: Company) => void;
}

/** Adds a company, or changes one. */
export function CompanyDialog({ company, onClose, onDone }: CompanyDialogProps) {
  const [name, setName] = useState(company?.name ?? "");
  const [notes, setNotes] = useState(company?.notes ?? "");
  const [phones, setPhones] = useState<string[]>(company ? [...company.phones] : [""]);
  const sending = useSending();
  async function submit(event: Event) {
    event.preventDefault();
    const body = { name: name.trim(), notes: notes.trim(), phones: written(phones) };
    const done = await sending.send(async () =>
      onDone(
        company
          ? await request<Company>("PUT", `/api/companies/${company.id}`, { body })
          : await request<Company>("POST", "/api/companies", { body }),
      )
    );
    if (done) onClose();
  }
  return (
    <Dialog
      title={company ? t("companies.edit_of", { name: company.name }) : t("companies.new")}
      onClose={onClose}
    >
      <form onSubmit={submit} autocomplete="off">
        <label class="field">
          <span>{t("companies.name")}</span>
          <input
            class="input"
            data-testid="company-name"
            required
            autofocus
            maxLength={200}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        </label>
        <PhoneList phones={phones} onChange={setPhones} most={500} />
        <p class="faint phone-hint">{t("phones.company")}</p>
        <label class="field">
          <span>{t("companies.notes")}</span>
          <textarea
            class="input"
            rows={3}
            maxLength={4000}
            value={notes}
            onInput={(event) => setNotes(event.currentTarget.value)}
          />
        </label>
        <NumbersError error={sending.error} phones={written(phones)} />
        <Foot
          onClose={onClose}
          busy={sending.busy}
          action={t(company ? "action.save" : "companies.add")}
        />
      </form>
    </Dialog>
  );
}

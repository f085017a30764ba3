/**
 * @module
 * Numbers of a person or of a company, edited as a short list.
 */
import { Plus, Trash2 } from "lucide";
import { useState } from "preact/hooks";
import { request } from "../api.ts";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icon.tsx";
import { NumbersError } from "../components/numbers_error.tsx";
import { shownNumber } from "../i18n/phones.ts";
import { t } from "../i18n/translate.ts";
import { directoryChanged } from "../store/directory.ts";
import { useSending } from "../store/load.ts";
import type { User } from "../types.ts";
import { nameOf } from "./settings_people.tsx";
import { Foot } from "./settings_person.tsx";

/** Properties of the list. */
export interface PhoneListProps {
  phones: readonly string[];
  onChange: (phones: string[]) => void;
  /** How many the owner may have. */
  most: number;
  autofocus?: boolean;
}

/** A field for each number, and a button for one more. */
export function PhoneList({ phones, onChange, most, autofocus }: PhoneListProps) {
  const [fresh, setFresh] = useState(autofocus ? Math.max(0, phones.length - 1) : -1);
  const shown = phones.length ? phones : [""];
  const set = (index: number, value: string) => onChange(shown.map((one, at) => at === index ? value : one));
  return (
    <fieldset class="phone-list">
      <legend>{t("phones.title")}</legend>
      {shown.map((phone, index) => (
        <div key={index} class="phone-line">
          <input
            class="input num"
            type="tel"
            data-testid="phone-input"
            aria-label={t("phones.number_n", { n: index + 1 })}
            maxLength={32}
            autocomplete="off"
            value={phone}
            onInput={(event) => set(index, event.currentTarget.value)}
            ref={(input) => {
              if (input && index === fresh) {
                input.focus();
                setFresh(-1);
              }
            }}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={t("phones.remove", { number: phone || String(index + 1) })}
            title={t("phones.remove", { number: phone || String(index + 1) })}
            onClick={() => onChange(shown.filter((_, at) => at !== index))}
          >
            <Icon of={Trash2} />
          </button>
        </div>
      ))}
      {shown.length < most && (
        <button
          type="button"
          class="button phone-add"
          onClick={() => {
            setFresh(shown.length);
            onChange([...shown, ""]);
          }}
        >
          <Icon of={Plus} /> {t("phones.add")}
        </button>
      )}
    </fieldset>
  );
}

/** What of a list is to be sent: no empty lines. */
export function written(phones: readonly string[]): string[] {
  return phones.map((phone) => phone.trim()).filter(Boolean);
}

/** A person's numbers. */
export function PhonesDialog({ user, more, onClose, onDone }: {
  user: User;
  /** A number to be added, where one is at hand. */
  more: string;
  onClose: () => void;
  onDone: (user: User) => void;
}) {
  const [phones, setPhones] = useState<string[]>([...user.phones, ...(more ? [more] : [])]);
  const sending = useSending();
  async function submit(event: Event) {
    event.preventDefault();
    const done = await sending.send(async () => {
      const body = { phones: written(phones) };
      const answer = await request<Partial<User> | undefined>("PUT", `/api/users/${user.id}/phones`, {
        body,
      });
      onDone({ ...user, ...answer, phones: answer?.phones ?? body.phones });
      directoryChanged();
    });
    if (done) onClose();
  }
  return (
    <Dialog title={t("phones.of", { name: nameOf(user) })} onClose={onClose}>
      <form onSubmit={submit} autocomplete="off">
        <p class="dialog-text">{t("phones.text")}</p>
        <PhoneList phones={phones} onChange={setPhones} most={50} autofocus />
        <NumbersError error={sending.error} phones={written(phones)} />
        <Foot onClose={onClose} busy={sending.busy} action={t("action.save")} />
      </form>
    </Dialog>
  );
}

/** Numbers on one line, as people say them; all of them in the title. */
export function PhonesLine({ phones }: { phones: readonly string[] | undefined }) {
  if (!phones?.length) return <span class="faint">{t("phones.none")}</span>;
  const text = phones.map(shownNumber).join(", ");
  return <span class="num phones-line" title={text}>{text}</span>;
}

/**
 * @module
 * The one question before a door opens, with the panel's name in it.
 */
import { DoorOpen } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { panels } from "../store/live.ts";
import { open, type Question, question } from "../store/opening.ts";
import { Dialog } from "./dialog.tsx";
import { Icon } from "./icon.tsx";
import { Mark } from "./mark.tsx";

/** Shows the question while there is one. */
export function OpenDialog() {
  const asked = question.value;
  return asked && <Ask key={asked.key} asked={asked} />;
}

function Ask({ asked }: { asked: Question }) {
  const panel = panels.value.get(asked.mac);
  const [apartment, setApartment] = useState(asked.apartment);
  const close = () => {
    question.value = null;
  };
  const name = panel?.name || asked.mac;
  return (
    <Dialog title={t("open.question", { name })} onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void open({ ...asked, apartment: apartment.trim() });
        }}
      >
        <p class="dialog-text">
          {panel?.address ? t("open.text_at", { address: panel.address }) : t("open.text")}
        </p>
        {panel?.door === "open" && (
          <p class="dialog-text">
            <Mark kind="open" word={t("open.already")} />
          </p>
        )}
        <label class="field">
          <span>{t("open.apartment")}</span>
          <input
            class="input num"
            value={apartment}
            maxLength={16}
            inputMode="numeric"
            autocomplete="off"
            onInput={(event) => setApartment(event.currentTarget.value)}
          />
        </label>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={close}>{t("action.cancel")}</button>
          <button type="submit" class="button primary" data-testid="open-confirm" autofocus>
            <Icon of={DoorOpen} /> {t("open.confirm")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

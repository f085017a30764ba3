/**
 * @module
 * A call's notes, written in place: on its card and on its page.
 */
import { NotebookPen } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { writeNotes } from "../store/call_actions.ts";
import { writes } from "../store/call_views.ts";
import { useSending } from "../store/load.ts";
import type { Call } from "../types.ts";
import { Icon } from "./icon.tsx";
import { FormError } from "./states.tsx";

/** Properties of the notes. */
export interface CallNotesProps {
  call: Call;
  /** Shows a button first: a card has no room for an empty field. */
  folded?: boolean;
  onSaved?: (notes: string) => void;
}

/** The notes. A card in which somebody writes waits for them. */
export function CallNotes({ call, folded = false, onSaved }: CallNotesProps) {
  const [open, setOpen] = useState(!folded);
  const [text, setText] = useState(call.notes);
  const [saved, setSaved] = useState(call.notes);
  const sending = useSending();
  const changed = text.trim() !== saved.trim();
  useEffect(() => {
    // Somebody else wrote meanwhile: theirs is shown where nothing of one's own would be lost.
    if (!changed) setText(call.notes);
    setSaved(call.notes);
  }, [call.notes]);
  useEffect(() => {
    if (folded) writes(call.id, open && changed);
  }, [folded && open && changed]);
  if (!open) {
    return (
      <button type="button" class="call-note-button" onClick={() => setOpen(true)}>
        <Icon of={NotebookPen} />
        <span class="call-note-text" title={call.notes}>{call.notes || t("card.note")}</span>
      </button>
    );
  }
  return (
    <form
      class="call-notes"
      onSubmit={(event) => {
        event.preventDefault();
        void sending.send(async () => {
          await writeNotes(call.id, text.trim());
          setSaved(text.trim());
          onSaved?.(text.trim());
        });
      }}
    >
      <textarea
        class="input"
        data-testid="call-notes"
        aria-label={t("call.notes")}
        placeholder={t(folded ? "card.note.hint" : "call.notes.hint")}
        rows={folded ? 2 : 4}
        maxLength={4000}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        ref={(field) => {
          if (folded && field && !field.dataset.met) {
            field.dataset.met = "yes";
            field.focus();
          }
        }}
      />
      <FormError error={sending.error} />
      <div class="form-foot">
        <button type="submit" class="button" disabled={!changed || sending.busy}>
          {t(sending.busy ? "action.busy" : "action.save")}
        </button>
        {sending.done && !changed && <span class="saved" role="status">{t("state.saved")}</span>}
      </div>
    </form>
  );
}

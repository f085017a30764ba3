/**
 * @module
 * A question or a sheet over the page. The browser's own dialog keeps the focus inside and takes Esc.
 */
import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { t } from "../i18n/translate.ts";
import { CallCards, dialogs } from "./call_cards.tsx";
import { Icon } from "./icon.tsx";

/** Properties of a dialog. */
export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  wide?: boolean;
}

/** A dialog, open for as long as it is on the page. */
export function Dialog({ title, onClose, children, wide }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [level, setLevel] = useState(0);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    setLevel(++dialogs.value);
    return () => {
      dialogs.value--;
      // A list may have drawn its row anew meanwhile; then the page has the focus.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={wide ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        // Only the backdrop is the dialog itself; everything else is inside.
        if (event.target === ref.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="icon-button" aria-label={t("action.close")} onClick={onClose}>
            <Icon of={X} size={18} />
          </button>
        </header>
        {children}
      </div>
      {level > 0 && <CallCards level={level} />}
    </dialog>
  );
}

/** Properties of a question about something that cannot be taken back. */
export interface ConfirmProps {
  title: string;
  text: string;
  /** The word on the button: what will happen. */
  action: string;
  danger?: boolean;
  onYes: () => void;
  onClose: () => void;
}

/** Asks once, in words. Enter is yes. */
export function Confirm({ title, text, action, danger, onYes, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onYes();
        }}
      >
        <p class="dialog-text">{text}</p>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>{t("action.cancel")}</button>
          <button type="submit" class={danger ? "button danger" : "button primary"} autofocus>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/**
 * @module
 * What can be done at a conversation of one's own: hang up, or transfer it to another number.
 */
import { PhoneForwarded, PhoneOff } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { otherLabel } from "../i18n/parties.ts";
import { shownNumber } from "../i18n/phones.ts";
import { t } from "../i18n/translate.ts";
import { actOn, type Doing, doings, forget } from "../store/call_actions.ts";
import { me } from "../store/session.ts";
import { sentence } from "../store/refusals.ts";
import type { Call } from "../types.ts";
import { Icon } from "./icon.tsx";

/** A call that is hung up or transferred shows it within this time. */
const GIVEN_UP_MS = 8000;

/** The buttons, and in their place what became of the last one. */
export function CallTools({ call, onPage = false }: { call: Call; onPage?: boolean }) {
  const doing = doings.value.get(call.id);
  const [transfers, setTransfers] = useState(false);
  const waits = doing?.state === "done" && doing.deed !== "accept";
  const busy = doing?.state === "busy" || waits;
  const said = doing ? words(doing) : "";
  useEffect(() => {
    // Asterisk took the order, and yet nothing came of it: the buttons are needed again.
    if (!waits) return;
    const timer = setTimeout(() => forget(call.id), GIVEN_UP_MS);
    return () => clearTimeout(timer);
  }, [waits]);
  return (
    <div class="call-tools">
      {said && (
        <p class={`call-card-said${doing?.state === "refused" ? " refused" : ""}`} role="status">{said}</p>
      )}
      {transfers
        ? <Transfer call={call} busy={busy} onClose={() => setTransfers(false)} />
        : (
          <div class="call-card-buttons">
            <button
              type="button"
              class="button danger"
              data-testid={onPage ? "page-hangup" : "call-hangup"}
              aria-disabled={busy}
              onClick={() => !busy && void actOn(call, "hangup")}
            >
              <Icon of={PhoneOff} /> {t("card.hangup")}{" "}
              <span class="sr-only">{otherLabel(call, me.value?.id)}</span>
            </button>
            <button
              type="button"
              class="button"
              data-testid={onPage ? "page-transfer" : "call-transfer"}
              aria-disabled={busy}
              onClick={() => {
                if (busy) return;
                forget(call.id);
                setTransfers(true);
              }}
            >
              <Icon of={PhoneForwarded} /> {t("card.transfer")}
            </button>
          </div>
        )}
    </div>
  );
}

function Transfer({ call, busy, onClose }: { call: Call; busy: boolean; onClose: () => void }) {
  const [to, setTo] = useState("");
  const form = useRef<HTMLFormElement>(null);
  return (
    <form
      ref={form}
      class="call-transfer"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy && to.trim()) void actOn(call, "transfer", to.trim());
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
    >
      <label class="field">
        <span>{t("card.transfer.to")}</span>
        <input
          class="input num"
          data-testid="transfer-to"
          type="tel"
          autofocus
          autocomplete="off"
          maxLength={32}
          placeholder={t("card.transfer.hint")}
          value={to}
          onInput={(event) => setTo(event.currentTarget.value)}
          ref={(input) => {
            // The attribute works only while a page loads.
            if (input && document.activeElement?.tagName !== "INPUT") input.focus();
          }}
        />
      </label>
      <div class="call-card-buttons">
        <button type="submit" class="button primary" data-testid="transfer-do" disabled={busy || !to.trim()}>
          {t("card.transfer.do")}
        </button>
        <button type="button" class="button" onClick={onClose}>{t("action.cancel")}</button>
      </div>
    </form>
  );
}

function words(doing: Doing): string {
  if (doing.state === "refused") return sentence(doing.words);
  if (doing.deed === "transfer") return t("card.transferring", { number: shownNumber(doing.to) });
  return doing.deed === "hangup" ? t("card.hanging_up") : "";
}

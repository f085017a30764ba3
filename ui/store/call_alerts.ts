/**
 * @module
 * An incoming call of one's own as a desktop notification, where the person allowed it. It goes when the ring ends.
 */
import { effect } from "@preact/signals";
import { callerLabel } from "../i18n/parties.ts";
import { shownNumber } from "../i18n/phones.ts";
import { t } from "../i18n/translate.ts";
import { ringFor } from "./calls.ts";
import { fold, ringingCards } from "./call_views.ts";
import { stream } from "./live.ts";
import { me } from "./session.ts";
import { notify } from "./preferences.ts";
import type { Call } from "../types.ts";

/** Starts to follow the cards. */
export function notifyOfCalls(): void {
  const shown = new Map<string, Notification>();
  effect(() => {
    // What may be over long ago is nothing to call somebody back to the page for.
    const certain = ringingCards.value.filter(({ call }) => !call.uncertain && stream.value.phase !== "cut");
    const ringing = new Map(certain.map(({ call }) => [call.id, call]));
    for (const [id, notification] of shown) {
      if (ringing.has(id)) continue;
      notification.close();
      shown.delete(id);
    }
    if (notify.value !== "on" || typeof Notification === "undefined") return;
    if (Notification.permission !== "granted") return;
    for (const call of ringing.values()) if (!shown.has(call.id)) shown.set(call.id, notification(call));
  });
}

function notification(call: Call): Notification {
  const at = ringFor(call, me.peek()?.id)?.number;
  const body = [call.company?.name, at ? t("card.rings_at", { number: shownNumber(at) }) : ""].filter(Boolean)
    .join("\n");
  const made = new Notification(t("card.incoming_from", { name: callerLabel(call) }), {
    body,
    // One call is one notification, also with two tabs open.
    tag: `call-${call.id}`,
    icon: "/assets/favicon.svg",
    silent: true,
  });
  made.onclick = () => {
    globalThis.focus();
    fold(call.id, false);
    made.close();
  };
  return made;
}

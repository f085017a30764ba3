/**
 * @module
 * A call at a door, made heard and seen beyond the page, where the operator allowed it.
 * Only for events that happen while the page watches; never for those of a snapshot.
 */
import { t } from "../i18n/translate.ts";
import { navigate, panelPath } from "../router.ts";
import { live } from "./live.ts";
import { RINGS_FOR_MS } from "./ringing.ts";
import { notify, sound } from "./preferences.ts";
import type { IntercomEvent } from "../types.ts";

let audio: AudioContext | null = null;

/** Makes a fresh call heard and seen. Other events, and calls that come late, do nothing. */
export function raiseAlert(event: IntercomEvent): void {
  if (event.type !== "call") return;
  // After a gap the stream replays what was missed: an old ring must not ring again.
  // What waited at the broker while the service was away is history.
  if (event.payload.delayed === true) return;
  if (Date.now() + live.value.skewMs - Date.parse(event.received_at) > RINGS_FOR_MS) return;
  if (sound.value === "on") chime();
  if (notify.value === "on") notification(event);
}

/** Two soft strokes of a door bell, made here: no file to load, none to license. */
export function chime(): void {
  audio ??= new AudioContext();
  // Browsers hold sound back until the first click or key on a page.
  if (audio.state === "suspended") void audio.resume().catch(() => {});
  const start = audio.currentTime + 0.02;
  stroke(audio, 784, start);
  stroke(audio, 622, start + 0.42);
}

/** Asks the browser for leave to notify. Answers whether it gave it. */
export async function allowNotifications(): Promise<boolean> {
  if (typeof Notification === "undefined") return false;
  return await Notification.requestPermission() === "granted";
}

function stroke(context: AudioContext, frequency: number, at: number): void {
  for (const [partial, loudness] of [[1, 0.22], [2.01, 0.06], [3.02, 0.02]] as const) {
    const gain = context.createGain();
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(loudness, at + 0.012);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 1.1);
    const tone = context.createOscillator();
    tone.frequency.value = frequency * partial;
    tone.connect(gain).connect(context.destination);
    tone.start(at);
    tone.stop(at + 1.15);
  }
}

function notification(event: IntercomEvent): void {
  if (typeof Notification === "undefined" || Notification.permission !== "granted") return;
  const panel = live.value.panels.get(event.mac);
  const shown = new Notification(t("alert.title", { name: panel?.name || event.mac }), {
    body: event.apartment ? t("alert.apartment", { apartment: event.apartment }) : panel?.address ?? "",
    // One call is one notification, also with two tabs open.
    tag: event.id,
    icon: "/assets/favicon.svg",
  });
  shown.onclick = () => {
    globalThis.focus();
    navigate(panelPath(event.mac));
    shown.close();
  };
}

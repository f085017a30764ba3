/**
 * @module
 * The sheet with the keys.
 */
import type { Key } from "../i18n/en.ts";
import { t } from "../i18n/translate.ts";
import { sheetShown } from "../store/keys.ts";
import { mayOperate } from "../store/session.ts";
import { Dialog } from "./dialog.tsx";

const KEYS: [keys: string[], what: Key][] = [
  [["/"], "keys.search"],
  [["J", "K"], "keys.move"],
  [["Enter"], "keys.enter"],
  [["O"], "keys.open"],
  [["A"], "keys.accept"],
  [["R"], "keys.reject"],
  [["H"], "keys.hangup"],
  [["T"], "keys.transfer"],
  [["Q"], "keys.refresh"],
  [["L"], "keys.logs"],
  [["C"], "keys.config"],
  [["F"], "keys.logs.follow"],
  [["P"], "keys.logs.pause"],
  [["W"], "keys.logs.wrap"],
  [["Ctrl", "S"], "keys.config.save"],
  [["Esc"], "keys.close"],
  [["G", "B"], "keys.board"],
  [["G", "I"], "keys.intercoms"],
  [["G", "C"], "keys.calls"],
  [["G", "P"], "keys.endpoints"],
  [["G", "E"], "keys.events"],
  [["G", "S"], "keys.settings"],
  [["?"], "keys.sheet"],
];

/** Of no use to whoever has no doors. */
const FOR_OPERATORS: readonly Key[] = [
  "keys.open",
  "keys.intercoms",
  "keys.events",
  "keys.endpoints",
  "keys.refresh",
  "keys.logs",
  "keys.config",
  "keys.logs.follow",
  "keys.logs.pause",
  "keys.logs.wrap",
  "keys.config.save",
];

/** Shows the sheet while it is asked for. */
export function KeysSheet() {
  if (!sheetShown.value) return null;
  return (
    <Dialog
      title={t("keys.title")}
      onClose={() => {
        sheetShown.value = false;
      }}
    >
      <dl class="keys">
        {KEYS.filter(([, what]) => mayOperate.value || !FOR_OPERATORS.includes(what)).map(([keys, what]) => (
          <div key={what}>
            <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">{t("keys.note")}</p>
    </Dialog>
  );
}

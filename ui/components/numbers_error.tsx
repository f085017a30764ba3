/**
 * @module
 * Why numbers were refused: above all, whose one of them is already.
 */
import { CircleAlert } from "lucide";
import { ApiError } from "../api.ts";
import { shownNumber } from "../i18n/phones.ts";
import { t } from "../i18n/translate.ts";
import { Icon } from "./icon.tsx";
import { FormError } from "./states.tsx";

/** A refusal of numbers beside their form; `phones` is what was sent. */
export function NumbersError({ error, phones }: { error: unknown; phones: readonly string[] }) {
  if (!(error instanceof ApiError)) return <FormError error={error} />;
  const wrong = error.problem?.errors?.map(({ path }) => /^phones\.(\d+)$/.exec(path)?.[1]).find(Boolean);
  const number = wrong === undefined ? undefined : phones[Number(wrong)];
  if (error.kind === "phone-taken" || error.kind === "number-taken") {
    return <Said why={whose(error, number)} advice={t("refusal.number_taken.do")} />;
  }
  if (number === undefined) return <FormError error={error} />;
  return <Said why={t("refusal.bad_phone", { number })} advice={t("refusal.bad_phone.do")} />;
}

function whose({ problem }: ApiError, number: string | undefined): string {
  // Its name is the only word of the detail that these pages do not know.
  const owner = / belongs to (.+)$/.exec(problem?.detail ?? "")?.[1];
  if (number && owner) return t("refusal.number_taken", { number: shownNumber(number), owner });
  return problem?.detail ?? t("refusal.number_taken.bare");
}

function Said({ why, advice }: { why: string; advice: string }) {
  return (
    <p class="form-error" role="alert">
      <Icon of={CircleAlert} />
      <span>
        {/[.!?]$/.test(why) ? why : `${why}.`} {advice}
      </span>
    </p>
  );
}

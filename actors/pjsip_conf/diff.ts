/**
 * @module
 * The difference between two texts of configuration as a unified diff, for people to read.
 */
import { createTwoFilesPatch } from "diff";
import { maskText } from "./secrets.ts";

/** Lines of context; whole sections are short, and are easier to judge as a whole. */
const CONTEXT = 5;

/**
 * The difference; empty where there is none. With `masked` secrets are taken out, and new ones marked as such.
 */
export function unifiedDiff(
  name: string,
  before: string,
  after: string,
  options: { masked: boolean },
): string {
  const [a, b] = options.masked ? [maskText(before), maskText(after, before)] : [before, after];
  if (a === b) return "";
  const patch = createTwoFilesPatch(`a/${name}`, `b/${name}`, a, b, "", "", { context: CONTEXT });
  return patch.replace(/^=+\n/, "");
}

/**
 * @module
 * Files of configuration made by chance: valid ones as UpdateConfig may have to change them.
 */
import fc from "fast-check";

/** Templates that sections inherit. */
export const BASE = "[base](!)\ntype=endpoint\ncontext=internal\n[t](!)\ntype=aor\n";

const LINE = fc.record({
  name: fc.constantFrom("allow", "set_var", "context", "callerid"),
  value: fc.constantFrom("1", "2", "a;b", "A", "x=y", "", "b\\", "\\;", "[x]", "--;"),
});
const SECTION = fc.record({
  name: fc.constantFrom("777", "888", "999", "new"),
  template: fc.boolean(),
  type: fc.constantFrom("endpoint", "aor", "auth"),
  heir: fc.boolean(),
  lines: fc.array(LINE, { maxLength: 7 }),
});

/** Sections of one name have different types, as Asterisk wants it. */
export const CONF_FILE = fc.uniqueArray(SECTION, {
  selector: ({ name, type, template }) => `${name} ${type} ${template}`,
  maxLength: 6,
}).map((sections) =>
  BASE + sections.map(({ name, template, type, heir, lines }) => {
    const isHeir = heir && type === "endpoint";
    const args = [...(template ? ["!"] : []), ...(isHeir ? ["base"] : [])];
    const own = lines.map((line) => `${line.name} = ${line.value.replaceAll(";", "\\;")}\n`).join("");
    return `[${name}]${args.length > 0 ? `(${args})` : ""}\n${isHeir ? "" : `type=${type}\n`}${own}`;
  }).join("")
);

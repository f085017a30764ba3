/**
 * @module
 * What Asterisk answers to GetConfig and GetConfigJSON is one and the same configuration.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { sectionsOfAnswer, sectionsOfJson, textOfSections } from "../../../actors/pjsip_conf/ami_answers.ts";
import { readCategories } from "../../../actors/pjsip_conf/categories.ts";
import { parseConf } from "../../../actors/pjsip_conf/document.ts";

// As 16.28 and 22.10 answered.
const JSON_ANSWER = '{"udp":{"type":"transport"},"phone":{"istemplate":1,"type":"endpoint","allow":"ulaw"},' +
  '"777":{"templates":"phone","type":"endpoint","allow":"ulaw","callerid":"\\"Ivan; I\\" <777>","set_var":"A=\\\\"},' +
  '"777":{"type":"aor","voicemail_extension":""},"e":{}}';
const ANSWER = {
  "category-000000": "udp",
  "line-000000-000000": "type=transport",
  "category-000001": "phone",
  "istemplate-000001": "1",
  "line-000001-000000": "type=endpoint",
  "line-000001-000001": "allow=ulaw",
  "category-000002": "777",
  "templates-000002": "phone",
  "line-000002-000000": "type=endpoint",
  "line-000002-000001": "allow=ulaw",
  "line-000002-000002": 'callerid="Ivan; I" <777>',
  "line-000002-000003": "set_var=A=\\",
  "category-000003": "777",
  "line-000003-000000": "type=aor",
  "line-000003-000001": "voicemail_extension=",
  "category-000004": "e",
};

Deno.test("ami answers: both forms tell the same sections, each with its own options only", () => {
  const sections = sectionsOfAnswer(ANSWER);
  assert.deepEqual(sectionsOfJson(JSON_ANSWER), sections);
  assert.deepEqual(textOfSections(sections), {
    text: "[udp]\ntype = transport\n\n[phone](!)\ntype = endpoint\nallow = ulaw\n\n" +
      '[777](phone)\ncallerid = "Ivan\\; I" <777>\nset_var = A=\\\n\n[777]\ntype = aor\nvoicemail_extension = \n\n[e]\n',
    opaque: null,
  });
});

Deno.test("ami answers: an answer that cannot be read is none, and unclear sections are named", () => {
  for (
    const json of [
      "",
      "{",
      "[]",
      '{"a":{"templates":"b"c"}}',
      '{"a":{"x":1}}',
      '{"a":{}}x',
      '{"a":{}',
      '{"a":"b"}',
    ]
  ) {
    assert.equal(sectionsOfJson(json), null, json);
  }
  assert.deepEqual(sectionsOfJson("{}"), []);
  const unclear = sectionsOfJson('{"b":{"istemplate":1,"x":"1"},"a":{"templates":"b","x":"2"}}')!;
  assert.equal(textOfSections(unclear).opaque, "a");
});

Deno.test("ami answers: the text of an answer reads as what was answered, whatever is in it", () => {
  // deno-lint-ignore no-control-regex -- Asterisk drops its blanks, and reads to NUL
  const word = fc.string({ unit: "binary" }).map((text) => text.replace(/[\x00-\x20]/g, ""));
  const name = word.filter((text) => text !== "" && !/\]/.test(text));
  const option = word.filter((text) => text !== "" && !/[=+]/.test(text)).map((text) => text.toLowerCase());
  const value = word.filter((text) => !text.startsWith(">"));
  const section = fc.record({ name, options: fc.array(fc.tuple(option, value), { maxLength: 4 }) });
  fc.assert(
    fc.property(fc.array(section, { maxLength: 4 }), (given) => {
      const sections = given.map(({ name, options }) => ({
        name,
        template: false,
        inherits: [],
        lines: options.map(([option, value]) => `${option}=${value}`),
      }));
      const document = parseConf(textOfSections(sections).text);
      const { all } = readCategories({ name: "", document, includes: new Map() });
      assert.deepEqual(
        all.map(({ name, lines }) => [name, lines.map((line) => `${line.name}=${line.value}`)]),
        sections.map(({ name, lines }) => [name, lines]),
      );
    }),
    { numRuns: 1000 },
  );
});

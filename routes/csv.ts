/**
 * @module
 * CSV files: rows come out as the reader takes them, and no text in them is a formula to a spreadsheet.
 */
import type { Context } from "hono";
import { stringify } from "csv-stringify";

interface CsvOptions {
  /** Of the file, without its ending. */
  name: string;
  columns: readonly string[];
  /** Objects with a value for each column. */
  rows: AsyncIterable<unknown>;
}

/** Answers with a file. When the rows fail in the middle it breaks off and does not look whole. */
export function csvResponse(c: Context, options: CsvOptions) {
  const { name, columns, rows } = options;
  const out = stringify({ header: true, columns: [...columns], escape_formulas: true, bom: true });
  return c.body(csvStream(out, rows), 200, {
    "Content-Type": "text/csv; charset=utf-8",
    "Content-Disposition": `attachment; filename="${name}.csv"`,
  });
}

/** Rows go in as the reader takes what comes out. */
function csvStream(
  out: ReturnType<typeof stringify>,
  rows: AsyncIterable<unknown>,
): ReadableStream<Uint8Array> {
  const chunks = (async function* () {
    for await (const row of rows) {
      out.write(row);
      for (let chunk = out.read(); chunk !== null; chunk = out.read()) yield encode(chunk);
    }
    out.end();
    for await (const chunk of out) yield encode(chunk);
  })();
  return ReadableStream.from(chunks);
}

function encode(chunk: string | Uint8Array): Uint8Array {
  return typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
}

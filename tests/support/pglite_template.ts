/**
 * @module
 * Fresh data of the embedded database, made once for all tests of a machine and copied for each: making it takes
 * seconds of both cores. It holds no table of ours; the service makes those as on any first start.
 */
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { PGlite } from "@electric-sql/pglite";
import { run } from "./process.ts";

/** Puts a fresh database into a data directory of the service. */
export async function layDatabase(dataDir: string): Promise<void> {
  await run("/bin/cp", ["-a", await template(), `${dataDir}/postgres`]);
}

/** Makes the template where it is missing. Two processes may both try; the first to finish wins. */
async function template(): Promise<string> {
  const imports = await Deno.readTextFile(fileURLToPath(new URL("../../deno.json", import.meta.url)));
  const version = /@electric-sql\/pglite@([\d.]+)/.exec(imports)?.[1] ?? "unknown";
  const path = `${tmpdir()}/doorline-test-pglite-${version}-v1-${Deno.uid()}`;
  if (await exists(path)) return path;
  const made = await Deno.makeTempDir({ prefix: "doorline-pglite-template-" });
  const database = await PGlite.create({ dataDir: `${made}/postgres` });
  await database.close();
  // Renamed whole, so that nobody copies a half.
  await Deno.rename(`${made}/postgres`, path).catch(async (error) => {
    if (!await exists(path)) throw error;
  });
  await Deno.remove(made, { recursive: true });
  return path;
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

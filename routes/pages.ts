/**
 * @module
 * The operator's pages: a fixed set of files, read once at the start. No path from a request ever reaches the disk.
 */
import { Hono } from "hono";
import type { AppEnv } from "./guard.ts";

/** Paths that the pages' own router knows. */
const PAGES = [
  "/",
  "/login",
  "/intercoms",
  "/intercoms/:mac",
  "/calls",
  "/calls/:id",
  "/endpoints",
  "/endpoints/new",
  "/endpoints/:name",
  "/endpoints/:name/logs",
  "/endpoints/:name/config",
  "/logs",
  "/events",
  "/settings",
  "/feed",
];

const TYPES: Record<string, string> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  woff2: "font/woff2",
  svg: "image/svg+xml",
  json: "application/json",
  png: "image/png",
  txt: "text/plain; charset=utf-8",
  webmanifest: "application/manifest+json",
};

/** A file of the pages, ready to be sent. */
export interface PageFile {
  bytes: Uint8Array<ArrayBuffer>;
  type: string;
  etag: string;
}

/** Reads the built pages. @throws Error when they were not built */
export async function readPages(folder: URL): Promise<Map<string, PageFile>> {
  const files = new Map<string, PageFile>();
  try {
    for await (const entry of Deno.readDir(folder)) {
      const type = TYPES[entry.name.split(".").at(-1) ?? ""];
      if (!entry.isFile || type === undefined) continue;
      const bytes = await Deno.readFile(new URL(entry.name, folder));
      const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toBase64({
        alphabet: "base64url",
      });
      files.set(entry.name, { bytes, type, etag: `"${digest.slice(0, 22)}"` });
    }
  } catch (cause) {
    throw new Error(`Cannot read the pages in ${folder.pathname}: build them with "deno task ui"`, { cause });
  }
  return files;
}

/** Routes of the pages. */
export function pageRoutes(files: Map<string, PageFile>): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const serve = (name: string) => (request: Request) => {
    const file = files.get(name);
    if (file === undefined) return null;
    const headers = { "Content-Type": file.type, ETag: file.etag, "Cache-Control": "no-cache" };
    if (request.headers.get("if-none-match") === file.etag) {
      return new Response(null, { status: 304, headers });
    }
    return new Response(file.bytes, { headers });
  };
  for (const path of PAGES) app.get(path, (c) => serve("index.html")(c.req.raw) ?? c.notFound());
  app.get("/docs", (c) => serve("docs.html")(c.req.raw) ?? c.notFound());
  app.get("/favicon.ico", (c) => serve("favicon.svg")(c.req.raw) ?? c.notFound());
  app.get("/assets/:name", (c) => serve(c.req.param("name"))(c.req.raw) ?? c.notFound());
  return app;
}

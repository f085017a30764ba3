/**
 * @module
 * Holds answers against the OpenAPI document of the app that gave them: status, type and shape. A field that the
 * document does not name counts as a mistake.
 */
import assert from "node:assert/strict";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import type { AppEnv } from "../../routes/guard.ts";

type Json = Record<string, unknown>;

/** One route of the document. */
export interface Operation {
  method: string;
  /** With `{name}` in it. */
  path: string;
  /** Whom it is for; empty when it does not say. */
  audience: string[];
  /** Has `parameters`, `requestBody` and `responses`. */
  described: Json;
}

/** A document that answers can be held against. */
export interface Document {
  operations: Operation[];
  /** The operation that a request reaches, if the document has it. */
  find(method: string, path: string): Operation | undefined;
  /** Schema of a body, with its references. */
  schemaOf(content: Json): Json;
  /** @throws AssertionError when the answer is not one that the operation describes */
  check(operation: Operation, answer: Response, text: string): void;
}

const METHODS = ["get", "put", "post", "delete", "patch", "head", "options"];

/** Reads the document that the app serves. */
export async function readDocument(app: OpenAPIHono<AppEnv>): Promise<Document> {
  const answer = await app.request("http://doors.test/openapi.json");
  assert.equal(answer.status, 200);
  const document = await answer.json();
  assert.equal(document.openapi, "3.1.0");
  const $defs = JSON.parse(local(document.components.schemas));
  const operations = Object.entries(document.paths as Record<string, Record<string, Json>>).flatMap((
    [path, item],
  ) =>
    Object.entries(item).filter(([method]) => METHODS.includes(method)).map(([method, described]) => ({
      method: method.toUpperCase(),
      path,
      audience: (described["x-doorline-roles"] ?? []) as string[],
      described,
    }))
  );
  const patterns = operations.map(({ path }) =>
    new RegExp(`^${path.replace(/\./g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`)
  );
  const parsers = new Map<string, z.ZodType>();

  function schemaOf(content: Json): Json {
    return { ...JSON.parse(local(content.schema)), $defs };
  }

  function parserOf(content: Json): z.ZodType {
    const key = JSON.stringify(content);
    let parser = parsers.get(key);
    if (parser === undefined) {
      parser = z.fromJSONSchema(closed(schemaOf(content)) as Parameters<typeof z.fromJSONSchema>[0]);
      parsers.set(key, parser);
    }
    return parser;
  }

  return {
    operations,
    schemaOf,
    find: (method, path) => {
      const plain = path.split("?")[0]!;
      return operations.find((operation, i) =>
        operation.method === method && (operation.path === plain || patterns[i]!.test(plain))
      );
    },
    check: ({ method, path, described }, answer, text) => {
      const what = `${method} ${path} answers ${answer.status}`;
      const response = (described.responses as Record<string, Json>)[String(answer.status)];
      assert.ok(response, `${what}, which is not described: ${text.slice(0, 300)}`);
      const type = answer.headers.get("content-type")?.split(";")[0] ?? null;
      const contents = response.content as Record<string, Json> | undefined;
      if (contents === undefined) return;
      assert.ok(type !== null && contents[type], `${what} as ${type}`);
      if (!/[/+]json$/.test(type)) return;
      const parsed = parserOf(contents[type]!).safeParse(JSON.parse(text));
      assert.ok(parsed.success, `${what}: ${parsed.error?.message} in ${text.slice(0, 500)}`);
    },
  };
}

function local(schema: unknown): string {
  return JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/");
}

/** The same schema, but objects take no fields that it does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const copy = Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === "enum" ? value : closed(value)]),
  );
  if (copy.properties !== undefined && !("additionalProperties" in copy)) copy.additionalProperties = false;
  return copy;
}

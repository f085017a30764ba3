/**
 * @module
 * Requests to the service. A refusal becomes an `ApiError` with what the service said;
 * words for the operator are made of it in `store/refusals.ts`.
 */
import type { Page, Problem } from "./types.ts";

/** The service refused, or did not answer at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    /** Seconds to wait, where the service said so. */
    readonly retryAfter: number | null,
    options?: ErrorOptions,
  ) {
    super(problem?.detail ?? problem?.title ?? `HTTP ${status}`, options);
  }

  /** Last part of the problem's type: `panel-offline`. */
  get kind(): string {
    return this.problem?.type.split(/[/#:]/).at(-1) ?? "";
  }
}

/** What a request may carry. */
export interface RequestOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** How long an answer is waited for. */
  timeoutMs?: number;
}

/** What is not done by then has hardly been heard at all. */
const TIMEOUT_MS = 15_000;

let onUnauthorized: () => void = () => {};

/** Names what to do when a session has ended. */
export function whenUnauthorized(act: () => void): void {
  onUnauthorized = act;
}

/** Sends a request and reads JSON. @throws ApiError on refusal, on silence for `timeoutMs` and without a network. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json", ...options.headers };
  if (options.body !== undefined) headers["content-type"] = "application/json";
  const deadline = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      credentials: "same-origin",
      signal: options.signal ? AbortSignal.any([options.signal, deadline]) : deadline,
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError(0, null, null, { cause });
  }
  if (response.ok) return (response.status === 204 ? undefined : await response.json()) as T;
  if (response.status === 401 && path !== "/api/login") onUnauthorized();
  throw await failure(response);
}

/** Reads one page of a list; empty filters are left out. @throws ApiError */
export function list<T, P extends Page<T> = Page<T>>(
  path: string,
  filters: Record<string, string | number | null>,
  signal?: AbortSignal,
): Promise<P> {
  return request<P>("GET", withQuery(path, filters), { signal });
}

/** Adds a query; empty values are left out. */
export function withQuery(path: string, filters: Record<string, string | number | null>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) {
    if (value !== null && value !== "") query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

async function failure(response: Response): Promise<ApiError> {
  const isProblem = response.headers.get("content-type")?.includes("json") ?? false;
  // A proxy between may answer with a page of its own.
  const problem = isProblem ? await response.json().catch(() => null) as Problem | null : null;
  const wait = Number(response.headers.get("retry-after"));
  return new ApiError(response.status, problem, Number.isFinite(wait) && wait > 0 ? wait : null);
}

/**
 * @module
 * Calls for trying Doorline out: the emulated Asterisk makes one when it is asked to. With a real Asterisk there is
 * nobody to ask.
 */
import { OpenAPIHono, z } from "@hono/zod-openapi";
import { type AppEnv, route } from "./guard.ts";
import { defaultHook, problem } from "./problem.ts";
import { Problem, storable } from "./schemas.ts";

const seconds = z.number().min(0.1).max(3600);

/** A call from outside. */
export const TestCall = z.object({
  from: storable(z.string().trim().min(1).max(32)).openapi({ example: "+7 (495) 123-45-67" }),
  from_name: storable(z.string().trim().max(100)).default(""),
  to: z.string().regex(/^[0-9*#]{1,20}$/, "expected digits").openapi({ example: "777" }),
  /** Seconds after which the caller gives up, if nobody answers. */
  gives_up_after: seconds.default(30),
  /** Seconds they talk before the caller hangs up. */
  talk_for: seconds.default(60),
}).strict().openapi("TestCall");

const testCallRoute = route(["admin"], {
  method: "post",
  path: "/api/test-calls",
  summary: "Has the emulated Asterisk make a call from outside",
  request: { body: { content: { "application/json": { schema: TestCall } } } },
  responses: {
    202: {
      description: "It rings",
      content: { "application/json": { schema: z.object({ linked_id: z.string() }) } },
    },
    409: {
      description: "Asterisk is a real one",
      content: { "application/problem+json": { schema: Problem } },
    },
  },
});

/** Makes a call and gives its Linkedid. */
export type MakeTestCall = (call: z.output<typeof TestCall>) => string;

/** The route; without an emulated Asterisk it refuses. */
export function testCallRoutes({ testCall }: { testCall: MakeTestCall | null }): OpenAPIHono<AppEnv> {
  const app = new OpenAPIHono<AppEnv>({ defaultHook });
  app.openapi(testCallRoute, (c) => {
    if (testCall !== null) return c.json({ linked_id: testCall(c.req.valid("json")) }, 202);
    return problem(c, {
      status: 409,
      type: "not-emulated",
      title: "There is no emulated Asterisk",
      detail: "Test calls need a service that runs without DOORLINE_AMI_URL",
    });
  });
  return app;
}

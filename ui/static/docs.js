/**
 * @module
 * Shows /openapi.json in Swagger UI. A file of its own, because the pages' CSP allows no inline script.
 */
globalThis.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  // The public validator would send the document to a machine that is not ours.
  validatorUrl: null,
});

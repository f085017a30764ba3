/**
 * @module
 * The tables of endpoints on the embedded database.
 */
import { endpointsSuite } from "./endpoints_suite.ts";
import { useEmbedded } from "./ground.ts";

endpointsSuite("embedded", useEmbedded());

/**
 * @module
 * The history of configuration on the embedded database.
 */
import { useEmbedded } from "./ground.ts";
import { pjsipVersionsSuite } from "./pjsip_versions_suite.ts";

pjsipVersionsSuite("embedded", useEmbedded());

/**
 * @module
 * The marks on the embedded database.
 */
import { useEmbedded } from "./ground.ts";
import { marksSuite } from "./marks_suite.ts";

marksSuite("embedded", useEmbedded());

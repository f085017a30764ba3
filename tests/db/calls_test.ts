/**
 * @module
 * The table of calls on the embedded database.
 */
import { callsSuite } from "./calls_suite.ts";
import { useEmbedded } from "./ground.ts";

callsSuite("embedded", useEmbedded());

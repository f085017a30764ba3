/**
 * @module
 * The batched writer on the embedded database.
 */
import { useEmbedded } from "./ground.ts";
import { writerSuite } from "./writer_suite.ts";

writerSuite("embedded", useEmbedded());

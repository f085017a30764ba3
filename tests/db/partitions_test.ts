/**
 * @module
 * Partitions on the embedded database.
 */
import { useEmbedded } from "./ground.ts";
import { partitionsSuite } from "./partitions_suite.ts";

partitionsSuite("embedded", useEmbedded());

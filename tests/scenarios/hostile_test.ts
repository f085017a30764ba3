/**
 * @module
 * Hostile payloads and texts on the embedded broker and database.
 */
import { tellHostileStories } from "../support/hostile_stories.ts";

tellHostileStories("embedded");

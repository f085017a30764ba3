/**
 * @module
 * The guide's five scenarios on the embedded broker and the embedded database.
 */
import { tellStories } from "../support/guide_stories.ts";

tellStories("embedded");

/**
 * @module
 * A late door-open on the embedded broker.
 */
import { tellLateStories } from "../support/late_stories.ts";

tellLateStories("embedded");

/**
 * @module
 * The guide's five scenarios on a real Mosquitto and a real PostgreSQL.
 */
import { lacks } from "../support/available.ts";
import { tellStories } from "../support/guide_stories.ts";

tellStories("real", { ignore: lacks("mosquitto", "postgresql") });

/**
 * @module
 * The real servers that tests run. Each belongs to the test that started it, which has to stop it.
 */
export { type Mosquitto, type MosquittoOptions, startMosquitto } from "./mosquitto.ts";
export { type Postgres, type PostgresOptions, startPostgres } from "./postgres.ts";

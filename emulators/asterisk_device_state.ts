/**
 * @module
 * The state of an endpoint's device: how it follows from channels and contacts, and how it is spelled.
 */
import type { Channel } from "./asterisk_channels.ts";

/** As DeviceStateChange has it. */
export type DeviceState = "NOT_INUSE" | "INUSE" | "RINGING" | "RINGINUSE" | "UNAVAILABLE" | "INVALID";

/** As EndpointList has it. */
export const SPOKEN_STATES: Readonly<Record<DeviceState, string>> = {
  NOT_INUSE: "Not in use",
  INUSE: "In use",
  RINGING: "Ringing",
  RINGINUSE: "Ring+Inuse",
  UNAVAILABLE: "Unavailable",
  INVALID: "Invalid",
};

/** The state of a device with these channels. */
export function deviceStateOf(channels: Iterable<Channel>, reachable: boolean): DeviceState {
  let rings = false;
  let talks = false;
  for (const channel of channels) {
    if (channel.state === 5) rings = true;
    else if (channel.state !== 0) talks = true;
  }
  if (rings) return talks ? "RINGINUSE" : "RINGING";
  if (talks) return "INUSE";
  return reachable ? "NOT_INUSE" : "UNAVAILABLE";
}

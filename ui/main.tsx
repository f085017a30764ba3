/**
 * @module
 * Starts the pages.
 */
import { render } from "preact";
import { App } from "./app.tsx";
import { watchHistory } from "./router.ts";
import { notifyOfCalls } from "./store/call_alerts.ts";
import { trackCalls } from "./store/call_views.ts";
import { startClock } from "./store/clock.ts";
import { listenForKeys } from "./store/keys.ts";
import { retryNow } from "./store/live.ts";
import { applyPreferences } from "./store/preferences.ts";
import { ringForCalls } from "./store/ring.ts";
import { loadSession } from "./store/session.ts";

applyPreferences();
watchHistory();
startClock();
listenForKeys();
trackCalls();
ringForCalls();
notifyOfCalls();
// Back from sleep or from a tunnel: the planned time may be far.
addEventListener("online", retryNow);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") retryNow();
});
render(<App />, document.getElementById("app")!);
void loadSession();

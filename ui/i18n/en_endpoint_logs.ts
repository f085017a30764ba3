/**
 * @module
 * The texts in English of the log pages.
 */

/** The texts in English of the log pages. */
export const enEndpointLogs = {
  "logs.search": "Text in the lines",
  "logs.source": "Source",
  "logs.levels": "Levels",
  "logs.no_time": "The log does not say when",
  "logs.unfold": "{n, plural, one {# more line} other {# more lines}}",
  "logs.unfold.long": "{n, plural, one {# more character} other {# more characters}}",
  "logs.fold": "Less",
  "logs.live": "Live",
  "logs.unfollowed": "No file is followed",
  "logs.connecting": "Connecting",
  "logs.paused": "Paused",
  "logs.cut": "Not live",
  "logs.cut_since": "Not live since {at}",
  "logs.count": "{n, plural, one {# line} other {# lines}}",
  "logs.count.of": "{shown} of {held} shown",
  "logs.count.title": "Lines on this page; the service holds more, read as you scroll up",
  "logs.rate": "{n} a minute",
  "logs.skipped": "{n, plural, one {# line skipped} other {# lines skipped}}",
  "logs.skipped.title":
    "They came faster than 1,000 a second. A line in the list says where they are missing, and the service is asked for them there.",
  "logs.hole": "{n, plural, one {# line is missing here} other {# lines are missing here}}",
  "logs.hole.some": "Some lines may be missing here",
  "logs.hole.read": "Read them",
  "logs.hole.lost": "They are not held any more",
  "logs.pause": "Pause",
  "logs.resume": "Go on ({n})",
  "logs.wrap": "Wrap",
  "logs.wrap.title": "Show long lines whole",
  "logs.clear": "Clear",
  "logs.clear.title": "Clear this view only; the log stays",
  "logs.unclear": "Undo clear",
  "logs.cleared": "Earlier lines are cleared from this view.",
  "logs.download": "Download",
  "logs.download.title": "What these filters leave, as text",
  "logs.older": "Earlier lines",
  "logs.start": "Nothing earlier is held here.",
  "logs.still": "Below is what is on this page already.",
  "logs.below": "{n, plural, one {# new line} other {# new lines}}",
  "logs.follow": "To the end",
  "logs.which": "Several Asterisks count calls. Whose is {call}?",
  "logs.call": "Call {call} on all endpoints",
  "logs.call.leave": "All lines",
  "logs.call.follow": "Only the lines of call {call}, on all endpoints",

  "logs.file.missing": "{name} is not there.",
  "logs.file.missing.do": "It is followed as soon as Asterisk writes it.",
  "logs.file.unreadable": "{name} cannot be read.",
  "logs.file.unreadable.do":
    "Give the user that runs Doorline the right to read it, for example with the group asterisk.",

  "logs.gone": "There is no endpoint {name}",
  "logs.gone.text": "It may have been removed. What the log said of it can still be found by its name.",
  "logs.gone.search": "Find {name} in the log",

  "logs.empty.none": "No log is followed",
  "logs.empty.none.do": "Name the log of Asterisk and start Doorline again:",
  "logs.empty.none.more":
    "Several with commas, also with * in the name; of another server as NAME=path. Doorline has to be able to read the file.",
  "logs.empty.files": "The log cannot be read",
  "logs.empty.filtered": "No line fits these filters",
  "logs.empty.cleared": "Cleared",
  "logs.empty.cleared.text": "New lines appear here as they are written.",
  "logs.empty.endpoint": "Nothing in the log about {name} yet",
  "logs.empty.endpoint.do":
    "Lines appear here as Asterisk writes about this phone: when it registers, or calls.",
  "logs.empty.call": "Nothing in the log about call {call}",
  "logs.empty.call.do": "It may be too long ago: only the last lines are held.",
  "logs.empty.all": "The log is silent so far",
  "logs.empty.all.do": "Lines appear here as Asterisk writes them.",

  "keys.logs.follow": "In a log: to the end, and stay there",
  "keys.logs.pause": "In a log: pause, go on",
  "keys.logs.wrap": "In a log: wrap long lines",
} as const;

/**
 * @module
 * The configuration files of an Asterisk of tests: phones, an outside line, a dialplan with every way a call may go,
 * and two AMI users, one with just what the product needs and one with everything. It runs nothing.
 */

/** Where one instance lives and listens. */
export interface AsteriskPlace {
  /** Folder of the instance, as seen from inside its chroot. */
  home: string;
  amiPort: number;
  sipPort: number;
  /** Where the outside line's other end, on 127.0.0.2, takes outbound calls. */
  trunkPort: number;
  /** More lines for a file, by its name; they follow its own. */
  extra?: Record<string, string>;
}

/** Extensions that have a phone; the endpoint is the extension with `-ep`. */
export const PHONES = [
  "777",
  "888",
  "150",
  "151",
  "152",
  "160",
  "161",
  "162",
  "163",
  "164",
  "165",
  "166",
] as const;
/** What the outside line's other end calls from. */
export const TRUNK_HOST = "127.0.0.2";
/** A number called through the queue, a group and so on, by what the dialplan does with it. */
export const NUMBERS = {
  /** 777 and 888 ring together. */
  group: "700",
  /** The dialplan answers, waits a second, and then rings 777. */
  ivr: "701",
  /** A queue that rings 777 and 888 together. */
  queue: "702",
  /** 777 rings for 4 seconds, then 888. */
  sequence: "703",
  /** 777 and 888 ring together through Local channels. */
  localForks: "704",
  /** 777 rings through one Local channel, which optimizes itself away. */
  localSingle: "705",
  /** 777 rings for 3 seconds, then the dialplan answers and plays silence for 2 seconds, as voicemail does. */
  voicemail: "706",
  /** A conference. */
  conference: "707",
  /** 777 rings; both sides may use feature codes, which AMI's Atxfer needs. */
  features: "708",
  /** A queue that rings one member after another, 4 seconds each. */
  patientQueue: "709",
  /** Parks who is sent here, in 751. */
  park: "750",
  parked: "751",
  /** Picks up a call that rings in the phone's group. */
  pickup: "*8",
} as const;
/** AMI users and their secrets. The first has the rights that OPERATIONS.md advises; the second has all of them. */
export const AMI_USERS = {
  least: { user: "doorline", secret: "least-rights" },
  all: { user: "everything", secret: "all-rights" },
} as const;
/**
 * Least rights of the product's AMI user, for `read=` and `write=`. Reading: calls, queues, and FullyBooted,
 * ContactStatus and PeerStatus. Writing: Redirect and BlindTransfer need `call`; lists of PJSIP and PJSIPNotify need `system`.
 */
export const LEAST_RIGHTS = { read: "call,system,agent", write: "call,system" } as const;

/** Files of an instance's configuration, by name. */
export function asteriskFiles(place: AsteriskPlace): Record<string, string> {
  const files: Record<string, string> = {
    "asterisk.conf": asteriskConf(place.home),
    "modules.conf": MODULES,
    "logger.conf": "[general]\n[logfiles]\nmessages => notice,warning,error,verbose\n",
    "manager.conf": managerConf(place.amiPort),
    "pjsip.conf": pjsipConf(place),
    "extensions.conf": EXTENSIONS,
    "queues.conf": QUEUES,
    "confbridge.conf": "[general]\n",
    "features.conf": "[general]\n[featuremap]\nblindxfer => ##\natxfer => *2\n",
    "res_parking.conf":
      `[general]\n[default]\nparkext => ${NUMBERS.park}\nparkpos => ${NUMBERS.parked}-759\n` +
      "context => parked\nparkingtime => 30\ncomebacktoorigin = yes\n",
    // Without this file, though it may be empty, there is no action PJSIPNotify.
    "pjsip_notify.conf": "",
    "musiconhold.conf": "[general]\n",
    "rtp.conf": "[general]\nrtpstart=10000\nrtpend=20000\n",
    "indications.conf": INDICATIONS,
  };
  for (const [name, lines] of Object.entries(place.extra ?? {})) {
    files[name] = `${files[name] ?? ""}\n${lines}\n`;
  }
  return files;
}

function asteriskConf(home: string): string {
  return [
    "[directories]",
    `astetcdir => ${home}/etc`,
    `astdbdir => ${home}/db`,
    `astspooldir => ${home}/spool`,
    `astrundir => ${home}/run`,
    `astlogdir => ${home}/log`,
    `astcachedir => ${home}/cache`,
    "[options]",
    "verbose = 3",
    "",
  ].join("\n");
}

// What is not loaded would open ports that two instances cannot share, or look for servers that are not there.
const MODULES = [
  "[modules]",
  "autoload = yes",
  ...[
    "chan_sip",
    "chan_iax2",
    "chan_skinny",
    "chan_mgcp",
    "chan_unistim",
    "chan_ooh323",
    "pbx_dundi",
    "res_xmpp",
    "res_phoneprov",
    "res_pjsip_phoneprov_provider",
    "chan_motif",
    "chan_console",
    "chan_alsa",
    "chan_oss",
    "res_snmp",
    "res_hep",
    "res_hep_pjsip",
    "res_hep_rtcp",
    "res_prometheus",
    "res_stun_monitor",
    "cdr_radius",
    "cel_radius",
  ].map((name) => `noload = ${name}.so`),
  "",
].join("\n");

function managerConf(port: number): string {
  const { least, all } = AMI_USERS;
  return [
    "[general]",
    "enabled = yes",
    "bindaddr = 127.0.0.1",
    `port = ${port}`,
    `[${least.user}]`,
    `secret = ${least.secret}`,
    `read = ${LEAST_RIGHTS.read}`,
    `write = ${LEAST_RIGHTS.write}`,
    `[${all.user}]`,
    `secret = ${all.secret}`,
    "read = all",
    "write = all",
    "",
  ].join("\n");
}

function pjsipConf({ sipPort, trunkPort }: AsteriskPlace): string {
  const phones = PHONES.map((number) =>
    [
      `[${number}]`,
      "type = aor",
      "max_contacts = 1",
      "remove_existing = yes",
      "qualify_frequency = 2",
      "qualify_timeout = 1",
      `[${number}-ep]`,
      "type = endpoint",
      "context = internal",
      `aors = ${number}`,
      `callerid = "User ${number}" <${number}>`,
      "call_group = 1",
      "pickup_group = 1",
      ...MEDIA,
    ].join("\n")
  );
  return [
    "[udp]",
    "type = transport",
    "protocol = udp",
    `bind = 127.0.0.1:${sipPort}`,
    ...phones,
    "[trunk]",
    "type = aor",
    `contact = sip:${TRUNK_HOST}:${trunkPort}`,
    "[trunk-ep]",
    "type = endpoint",
    "context = from-trunk",
    "aors = trunk",
    ...MEDIA,
    "[trunk-identify]",
    "type = identify",
    "endpoint = trunk-ep",
    `match = ${TRUNK_HOST}`,
    "",
  ].join("\n");
}

const MEDIA = ["disallow = all", "allow = ulaw", "direct_media = no"];

const EXTENSIONS = `[general]
static = yes
writeprotect = yes

[from-trunk]
include => internal

[internal]
exten => _XXX,1,Dial(PJSIP/\${EXTEN}-ep,15)
 same => n,Hangup(\${HANGUPCAUSE})
exten => _9X.,1,Dial(PJSIP/\${EXTEN:1}@trunk-ep,15)
 same => n,Hangup(\${HANGUPCAUSE})
exten => ${NUMBERS.group},1,Dial(PJSIP/777-ep&PJSIP/888-ep,15)
 same => n,Hangup(\${HANGUPCAUSE})
exten => ${NUMBERS.ivr},1,Answer()
 same => n,Playback(silence/1)
 same => n,Wait(1)
 same => n,Dial(PJSIP/777-ep,15)
 same => n,Hangup(\${HANGUPCAUSE})
exten => ${NUMBERS.queue},1,Answer()
 same => n,Queue(support,,,,20)
 same => n,Hangup()
exten => ${NUMBERS.patientQueue},1,Answer()
 same => n,Queue(patient,,,,20)
 same => n,Hangup()
exten => ${NUMBERS.sequence},1,Dial(PJSIP/777-ep,4)
 same => n,Dial(PJSIP/888-ep,15)
 same => n,Hangup(\${HANGUPCAUSE})
exten => ${NUMBERS.localForks},1,Dial(Local/777@internal&Local/888@internal,15)
 same => n,Hangup(\${HANGUPCAUSE})
exten => ${NUMBERS.localSingle},1,Dial(Local/777@internal,15)
 same => n,Hangup(\${HANGUPCAUSE})
exten => ${NUMBERS.voicemail},1,Dial(PJSIP/777-ep,3)
 same => n,Answer()
 same => n,Playback(silence/2)
 same => n,Hangup()
exten => ${NUMBERS.conference},1,Answer()
 same => n,ConfBridge(room)
 same => n,Hangup()
exten => ${NUMBERS.features},1,Dial(PJSIP/777-ep,15,tT)
 same => n,Hangup(\${HANGUPCAUSE})
exten => ${NUMBERS.park},1,Park()
exten => ${NUMBERS.parked},1,ParkedCall(default,${NUMBERS.parked})
exten => ${NUMBERS.pickup},1,Pickup()
 same => n,Hangup()
`;

// A phone that transfers by feature codes hears a dial tone; without one Asterisk hears no digits.
const INDICATIONS = `[general]
country = us
[us]
description = Tones of tests
ringcadence = 2000,4000
dial = 350+440
busy = 480+620/500,0/500
ring = 440+480/2000,0/4000
congestion = 480+620/250,0/250
`;

const QUEUES = `[general]
persistentmembers = no
[support]
strategy = ringall
timeout = 15
ringinuse = no
member => PJSIP/777-ep,0,Ivan
member => PJSIP/888-ep,0,Other
[patient]
strategy = linear
timeout = 4
retry = 1
ringinuse = no
member => PJSIP/777-ep,0,Ivan
member => PJSIP/888-ep,0,Other
`;

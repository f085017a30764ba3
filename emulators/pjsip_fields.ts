/**
 * @module
 * What options the objects of pjsip.conf have in Asterisk 16.28 and 22.10: their defaults, how PJSIPShowEndpoint and the
 * lists spell them, in which order, and which values a reload refuses. The tables were taken from real ones.
 */
import type { Header } from "./ami_codec.ts";

/** Kinds of objects that the emulated Asterisk knows. */
export type PjsipType = "endpoint" | "auth" | "aor" | "identify" | "transport";

/** One object: a section of pjsip.conf with what it inherits. */
export class PjsipObject {
  constructor(
    readonly type: PjsipType,
    readonly id: string,
    /** In the order of the file; a name may come more than once. */
    readonly options: readonly (readonly [name: string, value: string])[],
  ) {}

  /** The last value of an option; empty when it is missing. */
  get(name: string): string {
    return this.options.findLast(([one]) => one === name)?.[1] ?? "";
  }

  /** Every value of an option, those that are lists taken apart. */
  all(name: string): string[] {
    const values = this.options.filter(([one]) => one === name).map(([, value]) => value);
    return values.flatMap((value) => value.split(",")).map((one) => one.trim()).filter((one) => one !== "");
  }
}

// Names with their defaults. Those with a star came after 16.
const ENDPOINT =
  "RpidImmediate=false|Webrtc=no|Ignore183WithoutSdp=false|*SendAoc=false|DeviceStateBusyAt=0|" +
  "T38UdptlMaxdatagram=0|" +
  "*CodecPrefsIncomingAnswer=prefer:pending, operation:intersect, keep:all, transcode:allow|" +
  "*SecurityNegotiation=no|DtlsRekey=0|*RtpPortEnd=0|NamedPickupGroup|DirectMediaMethod=invite|" +
  "SendRpid=false|PickupGroup|SdpSession=Asterisk|DtlsVerify=No|MessageContext|*Tenantid|Mailboxes|" +
  "RecordOnFeature=automixmon|DtlsPrivateKey|DtlsFingerprint=SHA-256|*OverlapContext|" +
  "*OutgoingCallOfferPref=remote_merge|*RtpPortStart=0|FromDomain|TimersSessExpires=1800|NamedCallGroup|" +
  "DtlsCipher|MediaEncryptionOptimistic=false|SuppressQ850ReasonHeaders=false|Aors|IdentifyBy=username,ip|" +
  "CalleridPrivacy=allowed_not_screened|MwiSubscribeReplacesUnsolicited=no|CosAudio=0|" +
  "FollowEarlyMediaFork=true|Context=default|RtpSymmetric=false|Transport|MohSuggest=default|" +
  "T38Udptl=false|FaxDetect=false|T38BindUdptlToMediaAddress=false|TosVideo=0|SrtpTag32=false|" +
  "ReferBlindProgress=true|MaxAudioStreams=1|Bundle=false|UseAvpf=false|CallGroup|SendConnectedLine=yes|" +
  "FaxDetectTimeout=0|SdpOwner=-|ForceRport=true|CalleridTag|RtpTimeoutHold=0|*SuppressMohOnSendonly=false|" +
  "UsePtime=false|MediaAddress|VoicemailExtension|RtpTimeout=0|StirShaken=no|SetVar|ContactAcl|" +
  "PreferredCodecOnly=false|GeolocOutgoingCallProfile|ForceAvp=false|RecordOffFeature=automixmon|FromUser|" +
  "SendDiversion=true|SendHistoryInfo=false|T38UdptlIpv6=false|ToneZone|Language|AllowSubscribe=true|" +
  "RtpIpv6=false|Callerid=<unknown>|MohPassthrough=false|CosVideo=0|DtlsAutoGenerateCert=No|" +
  "AsymmetricRtpCodec=false|GeolocIncomingCallProfile|IceSupport=false|AggregateMwi=true|" +
  "OneTouchRecording=false|MwiFromUser|*RedirectMethod=user|Accountcode|" +
  "*CodecPrefsOutgoingAnswer=prefer:pending, operation:intersect, keep:all, transcode:allow|Allow|" +
  "RewriteContact=false|UserEqPhone=false|RtpEngine=asterisk|*FollowRedirectMethods|SubscribeContext|" +
  "NotifyEarlyInuseRinging=false|IncomingMwiMailbox|*IncomingCallOfferPref=local|" +
  "AllowUnauthenticatedOptions=false|Auth|DirectMediaGlareMitigation=none|TrustIdInbound=false|" +
  "StirShakenProfile|BindRtpToMediaAddress=false|DisableDirectMediaOnNat=false|MediaEncryption=no|" +
  "MediaUseReceivedTransport=false|AllowOverlap=true|DtmfMode=rfc4733|OutboundAuth|TosAudio=0|DtlsCertFile|" +
  "DtlsCaPath|DtlsSetup=active|ConnectedLineMethod=invite|G726NonStandard=false|100rel=yes|Timers=yes|" +
  "DirectMedia=true|Acl|TimersMinSe=90|TrustIdOutbound=false|SubMinExpiry=0|RtcpMux=false|" +
  "MaxVideoStreams=1|AcceptMultipleSdpAnswers=false|" +
  "*CodecPrefsIncomingOffer=prefer:pending, operation:intersect, keep:all, transcode:allow|" +
  "*CodecPrefsOutgoingOffer=prefer:pending, operation:union, keep:all, transcode:allow|" +
  "TrustConnectedLine=yes|SendPai=false|RtpKeepalive=0|T38UdptlEc=none|T38UdptlNat=false|" +
  "AllowTransfer=true|DtlsCaFile|OutboundProxy|InbandProgress=false";
const AUTH =
  "*OauthSecret|*PasswordDigest|*SupportedAlgorithmsUas=MD5|*RefreshToken|Username|Md5Cred|Realm|" +
  "AuthType=userpass|Password|*SupportedAlgorithmsUac=MD5|NonceLifetime=32|*OauthClientid";
const AOR = "MinimumExpiration=60|DefaultExpiration=3600|QualifyTimeout=3.000000|*Qualify2xxOnly=false|" +
  "Mailboxes|SupportPath=false|RemoveUnavailable=false|VoicemailExtension|MaxContacts=0|" +
  "AuthenticateQualify=false|Contacts|MaximumExpiration=7200|QualifyFrequency=0|RemoveExisting=false|" +
  "OutboundProxy";
const IDENTIFY = "Match|*MatchRequestUri|SrvLookups=true|Endpoint|MatchHeader";
const TRANSPORT = "WebsocketWriteTimeout=100|Cos=0|*TcpKeepaliveEnable=false|Protocol=udp|" +
  "SymmetricTransport=false|Domain|VerifyServer=No|LocalNet|Bind|AllowWildcardCerts=No|" +
  "*TcpKeepaliveIntervalTime=1|AsyncOperations=1|ExternalMediaAddress|Method=unspecified|" +
  "ExternalSignalingAddress|RequireClientCert=No|*TcpKeepaliveIdleTime=30|Tos=0|CaListPath|Cipher|CertFile|" +
  "ExternalSignalingPort=0|Password|AllowReload=false|VerifyClient=No|*TcpKeepaliveProbeCount=5|PrivKeyFile|" +
  "CaListFile";

type Fields = readonly (readonly [header: string, normal: string])[];

const FIELDS: Record<16 | 22, Record<PjsipType, Fields>> = { 16: tableOf(16), 22: tableOf(22) };
/** Options that are no field of their own. */
const UNSHOWN = new Set(["type", "disallow", "contact"]);
const CODECS = new Set(
  [
    "alaw",
    "all",
    "g722",
    "g726",
    "g729",
    "gsm",
    "h263",
    "h264",
    "ilbc",
    "opus",
    "slin",
    "speex",
    "ulaw",
    "vp8",
  ],
);
const DTMF = new Set(["rfc4733", "rfc2833", "inband", "info", "auto", "auto_info", "none"]);

/** The headers of an object, as its detail and its list have them; `own` takes the place of what the options say. */
export function fieldsOf(
  object: PjsipObject,
  version: 16 | 22,
  own: Readonly<Record<string, string | number>> = {},
): Header[] {
  const said = new Map(object.options.map(([name, value]) => [camel(name), value]));
  const headers: Header[] = [["ObjectType", object.type], ["ObjectName", object.id]];
  for (const [header, normal] of FIELDS[version][object.type]) {
    const value = own[header] ?? said.get(header);
    headers.push([header, value === undefined ? normal : spoken(header, String(value), normal)]);
  }
  return headers;
}

/** Codecs as `Allow` shows them. */
export function allowed(object: PjsipObject): string {
  let codecs: string[] = [];
  for (const [name, value] of object.options) {
    if (name !== "allow" && name !== "disallow") continue;
    for (const word of value.split(",").map((one) => one.trim().replace(/:.*/, ""))) {
      const codec = word.replace("!", "");
      if (name === "disallow" || word !== codec) {
        codecs = codec === "all" ? [] : codecs.filter((one) => one !== codec);
      } else if (!codecs.includes(codec)) codecs.push(codec);
    }
  }
  return codecs.length === 0 ? "(nothing)" : `(${codecs.join("|")})`;
}

/** Addresses as `Match` shows them, with the mask written out. */
export function matches(object: PjsipObject): string {
  return object.all("match").map((one) => {
    const [address = "", bits = "32"] = one.split("/");
    return `${address}/${bits.includes(".") ? bits : maskOf(Number(bits))}`;
  }).join(",");
}

/** Why Asterisk does not take an object, in the words of its log; null when it does. */
export function problemOf(
  object: PjsipObject,
  version: 16 | 22,
  line: (name: string) => number,
): string | null {
  const fields = new Map(FIELDS[version][object.type]);
  const place = (name: string) => `at line ${line(name)} of `;
  for (const [name, value] of object.options) {
    if (UNSHOWN.has(name)) continue;
    const normal = fields.get(camel(name));
    if (normal === undefined) {
      return `Could not find option suitable for category '${object.id}' named '${name}' ${place(name)}`;
    }
    if (!parses(object.type, name, value, normal)) return `Error parsing ${name}=${value} ${place(name)}`;
  }
  return object.type === "auth" && object.get("username") === ""
    ? `No user name configured for auth '${object.id}' ${place("type")}`
    : null;
}

function parses(type: PjsipType, name: string, value: string, normal: string): boolean {
  if (name === "allow") {
    return value.split(",").every((one) => CODECS.has(one.trim().replace("!", "").replace(/:.*/, "")));
  }
  if (name === "dtmf_mode") return DTMF.has(value);
  if (name === "auth_type") return ["userpass", "md5", "digest", "google_oauth"].includes(value);
  // Names of classes of service, and the like, stand where a number is shown.
  if (name.startsWith("tos") || name.startsWith("cos") || type === "transport") return true;
  return !/^\d+(\.\d+)?$/.test(normal) || /^\d+(\.\d+)?$/.test(value);
}

/** `t38_udptl_ec` is told as `T38UdptlEc`. */
function camel(option: string): string {
  return option.split("_").map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join("");
}

function spoken(header: string, value: string, normal: string): string {
  const truth = /^(yes|true|on|1|y|t)$/i.test(value);
  if (normal === "true" || normal === "false") return String(truth);
  // Other fields of yes and no have more values than these.
  if (["Webrtc", "SendConnectedLine", "TrustConnectedLine"].includes(header)) return truth ? "yes" : "no";
  if (header === "QualifyTimeout") return Number(value).toFixed(6);
  return value;
}

function maskOf(bits: number): string {
  return [24, 16, 8, 0].map((shift) =>
    String(bits === 0 ? 0 : ((0xffffffff << (32 - bits)) >>> shift) & 0xff)
  ).join(".");
}

function tableOf(version: 16 | 22): Record<PjsipType, Fields> {
  const read = (text: string): Fields =>
    text.split("|").filter((one) => version === 22 || !one.startsWith("*")).map((one) => {
      const [header = "", normal = ""] = one.replace("*", "").split("=");
      // The one default that was spelled anew.
      return [header, header === "StirShaken" && version === 16 ? "off" : normal];
    });
  return {
    endpoint: read(ENDPOINT),
    auth: read(AUTH),
    aor: read(AOR),
    identify: read(IDENTIFY),
    transport: read(TRANSPORT),
  };
}

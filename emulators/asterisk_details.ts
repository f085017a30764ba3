/**
 * @module
 * PJSIPShowEndpoint and PJSIPQualify in an emulated Asterisk: everything about one endpoint, and asking its contacts.
 * Headers, their order and wordings are those of Asterisk 16.28 and 22.10.
 */
import type { AmiAction, Header } from "./ami_codec.ts";
import type { AmiSession } from "./ami_server.ts";
import { contactId } from "./asterisk_contacts.ts";
import { contactsOf, contactsText, type Listed, qualifyOf, roundtripOf } from "./asterisk_lists.ts";
import type { Phone } from "./asterisk_phones.ts";
import { allowed, fieldsOf, matches, type PjsipObject } from "./pjsip_fields.ts";

type Item = { event: string; headers: Header[] };

/** Answers PJSIPShowEndpoint. */
export function showEndpoint(session: AmiSession, action: AmiAction, listed: Listed): void {
  const name = action.get("Endpoint");
  if (name === "") return session.fail(action, "PJSIPShowEndpoint requires an endpoint name\n");
  const phone = listed.book.endpoints.get(name);
  const { object } = phone ?? {};
  if (!phone || !object) return session.fail(action, `Unable to retrieve endpoint ${name}\n`);
  const { store, version } = listed;
  const own = (event: string, one: PjsipObject, told: Record<string, string | number> = {}): Item => ({
    event,
    headers: [...fieldsOf(one, version, told), ["EndpointName", name]],
  });
  const endpoint = fieldsOf(object, version, {
    Allow: allowed(object),
    Callerid: object.get("callerid") || "<unknown>",
  });
  const items: Item[] = [{
    event: "EndpointDetail",
    headers: [
      ...endpoint,
      ["DeviceState", phone.spokenState],
      ["ActiveChannels", version === 16 ? "" : phone.channels.length],
    ],
  }];
  const found = <T>(one: T | null): T[] => one === null ? [] : [one];
  for (const id of object.all("auth")) {
    items.push(...found(store.get("auth", id)).map((auth) => own("AuthDetail", auth)));
  }
  const transport = store.get("transport", object.get("transport"));
  items.push(...found(transport).map((one) => own("TransportDetail", one)));
  for (const id of phone.aors) {
    for (const aor of found(store.get("aor", id))) items.push(...aorDetails(phone, aor, listed));
  }
  for (const identify of store.all("identify").filter((one) => one.get("endpoint") === name)) {
    items.push(own("IdentifyDetail", identify, { Match: matches(identify) }));
  }
  session.list(
    action,
    "Following are Events for each object associated with the Endpoint",
    items,
    "EndpointDetailComplete",
  );
}

/** Answers PJSIPQualify, and then asks. */
export function qualify(session: AmiSession, action: AmiAction, { book }: Listed): void {
  const name = action.get("Endpoint");
  if (name === "") return session.fail(action, "Endpoint parameter missing.");
  const phone = book.endpoints.get(name);
  if (phone === undefined) return session.fail(action, "Unable to retrieve endpoint\n");
  if (phone.aors.length === 0) return session.fail(action, "No AoRs configured for endpoint\n");
  session.respond(action, "Success", ["Message", "Endpoint found, will qualify"]);
  phone.qualify();
}

function aorDetails(phone: Phone, aor: PjsipObject, { version, nowMs }: Listed): Item[] {
  const contacts = contactsOf(phone.contacts.filter((one) => one.aor === aor.id));
  const fixed = aor.all("contact");
  const { qualify, timeout } = qualifyOf(aor);
  const rest: Header[] = [
    ["AuthenticateQualify", 0],
    ["OutboundProxy", ""],
    ["Path", ""],
    ["QualifyFrequency", qualify],
    ["QualifyTimeout", timeout.toFixed(3)],
    ...(version === 16 ? [] : [["Qualify2xxOnly", 0] as Header]),
  ];
  return [
    {
      event: "AorDetail",
      headers: [
        ...fieldsOf(aor, version, { Contacts: contactsText(aor, contacts) }),
        ["TotalContacts", contacts.length + fixed.length],
        ["ContactsRegistered", contacts.length],
        ["EndpointName", phone.endpoint],
      ],
    },
    ...contacts.map((contact): Item => ({
      event: "ContactStatusDetail",
      headers: [
        ["AOR", aor.id],
        ["URI", contact.uri],
        ["UserAgent", contact.at.userAgent],
        ["RegExpire", contact.expiresAt(nowMs)],
        ["ViaAddress", `${contact.at.host}:${contact.at.port}`],
        ["CallID", contact.callId],
        ["Status", contact.state],
        ["RoundtripUsec", roundtripOf(contact)],
        ["EndpointName", phone.endpoint],
        ["ID", contact.id],
        ...rest,
      ],
    })),
    ...fixed.map((uri): Item => ({
      event: "ContactStatusDetail",
      headers: [
        ["AOR", aor.id],
        ["URI", uri],
        ["UserAgent", ""],
        ["RegExpire", 0],
        ["Status", "NonQualified"],
        ["RoundtripUsec", "N/A"],
        ["EndpointName", phone.endpoint],
        ["ID", contactId(aor.id, uri, "@@")],
        ...rest,
      ],
    })),
  ];
}

/**
 * @module
 * Options of endpoint, auth, aor and identify that Asterisk 16.28 and 22.10 document for pjsip.conf, with the kind of
 * value where that is sure. Behind the colon: `yes` yes or no, `int`, `float`, `(a|b)` one of these, `codecs`, `list` of
 * names, `match` addresses, `secret`, `callerid`, `contact`; nothing where any text may do. Data only.
 */

/** Options by type of section: those of both versions, and those that only 22 has. */
export const OPTION_TABLE = {
  endpoint: {
    both: `
      100rel:(yes|no|required|peer_supported) accept_multiple_sdp_answers:yes accountcode acl
      aggregate_mwi:yes allow:codecs allow_overlap:yes allow_subscribe:yes allow_transfer:yes
      allow_unauthenticated_options:yes aors:list asymmetric_rtp_codec:yes auth:list
      bind_rtp_to_media_address:yes bundle:yes call_group callerid:callerid callerid_privacy
      callerid_tag connected_line_method:(invite|reinvite|update) contact_acl contact_deny
      contact_permit contact_user context cos_audio cos_video deny device_state_busy_at:int
      direct_media:yes direct_media_glare_mitigation:(none|outgoing|incoming)
      direct_media_method:(invite|reinvite|update) disable_direct_media_on_nat:yes disallow:codecs
      dtls_auto_generate_cert dtls_ca_file dtls_ca_path dtls_cert_file dtls_cipher dtls_fingerprint
      dtls_private_key dtls_rekey:int dtls_setup:(active|passive|actpass) dtls_verify
      dtmf_mode:(rfc4733|inband|info|auto|auto_info|none) fax_detect:yes fax_detect_timeout:int
      follow_early_media_fork:yes force_avp:yes force_rport:yes from_domain from_user
      g726_non_standard:yes geoloc_incoming_call_profile geoloc_outgoing_call_profile
      ice_support:yes identify_by:list ignore_183_without_sdp:yes inband_progress:yes
      incoming_mwi_mailbox language mailboxes max_audio_streams:int max_video_streams:int
      media_address media_encryption:(no|sdes|sdp|dtls) media_encryption_optimistic:yes
      media_use_received_transport:yes message_context moh_passthrough:yes moh_suggest mwi_from_user
      mwi_subscribe_replaces_unsolicited named_call_group named_pickup_group
      notify_early_inuse_ringing:yes one_touch_recording:yes outbound_auth:list outbound_proxy
      permit pickup_group preferred_codec_only:yes record_off_feature record_on_feature
      redirect_method:(user|uri_core|uri_pjsip) refer_blind_progress:yes rewrite_contact:yes
      rpid_immediate:yes rtcp_mux:yes rtp_engine rtp_ipv6:yes rtp_keepalive:int rtp_symmetric:yes
      rtp_timeout:int rtp_timeout_hold:int sdp_owner sdp_session send_connected_line
      send_diversion:yes send_history_info:yes send_pai:yes send_rpid:yes set_var srtp_tag_32:yes
      stir_shaken stir_shaken_profile sub_min_expiry:int subscribe_context
      suppress_q850_reason_headers:yes t38_bind_udptl_to_media_address:yes t38_udptl:yes
      t38_udptl_ec:(none|fec|redundancy) t38_udptl_ipv6:yes t38_udptl_maxdatagram:int
      t38_udptl_nat:yes timers:(yes|no|required|always|forced) timers_min_se:int
      timers_sess_expires:int tone_zone tos_audio tos_video transport trust_connected_line
      trust_id_inbound:yes trust_id_outbound:yes type use_avpf:yes use_ptime:yes user_eq_phone:yes
      voicemail_extension webrtc:yes
    `,
    since22: `
      codec_prefs_incoming_answer codec_prefs_incoming_offer codec_prefs_outgoing_answer
      codec_prefs_outgoing_offer follow_redirect_methods incoming_call_offer_pref
      outgoing_call_offer_pref overlap_context rtp_port_end:int rtp_port_start:int
      security_mechanisms security_negotiation send_aoc:yes suppress_moh_on_sendonly:yes tenantid
    `,
  },
  auth: {
    both: `
      auth_type:(userpass|md5|digest|google_oauth) md5_cred:secret nonce_lifetime:int
      password:secret realm type username
    `,
    since22: `
      oauth_clientid oauth_secret:secret password_digest:secret refresh_token:secret
      supported_algorithms_uac supported_algorithms_uas
    `,
  },
  aor: {
    both: `
      authenticate_qualify:yes contact:contact default_expiration:int mailboxes max_contacts:int
      maximum_expiration:int minimum_expiration:int outbound_proxy qualify_frequency:int
      qualify_timeout:float remove_existing:yes remove_unavailable:yes support_path:yes type
      voicemail_extension
    `,
    since22: `
      qualify_2xx_only:yes
    `,
  },
  identify: {
    both: `
      endpoint match:match match_header srv_lookups:yes type
    `,
    since22: `
      match_request_uri
    `,
  },
} as const;

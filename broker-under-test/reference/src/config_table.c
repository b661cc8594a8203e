/* The one list of settings: what may be said in the file, what it means, and when it holds. */
#include "config.h"

#include "codec.h"

#include <stddef.h>

#define MEMBER(m) .at = offsetof(struct settings, m), .size = sizeof default_settings.m

// clang-format off
#define NUMBER(name, member, lowest, highest, of, holds, text) \
    { .key = name, .kind = CONFIG_NUMBER, MEMBER(member), .low = lowest, .high = highest, \
      .unit = of, .when = holds, .meaning = text }
#define BYTES(name, member, lowest, highest, holds, text) \
    { .key = name, .kind = CONFIG_BYTES, MEMBER(member), .low = lowest, .high = highest, \
      .unit = "bytes", .when = holds, .meaning = text }
#define TEXT(name, member, what, holds, text) \
    { .key = name, .kind = CONFIG_TEXT, MEMBER(member), .unit = what, .when = holds, .meaning = text }
/* May not be empty. */
#define NAME(name, member, what, holds, text) \
    { .key = name, .kind = CONFIG_TEXT, MEMBER(member), .unit = what, .low = 1, .when = holds, .meaning = text }
#define CHOICE(name, member, words, holds, text) \
    { .key = name, .kind = CONFIG_CHOICE, MEMBER(member), .choices = words, .unit = "", \
      .when = holds, .meaning = text }

const struct config_key config_keys[] = {
    NUMBER("channel_max", channel_max, 1, UINT16_MAX, "channels", CONFIG_NEW_CONNECTIONS,
           "Channels a connection may have open, as Tune offers it"),
    BYTES("frame_max", frame_max, SPEC_FRAME_MIN_SIZE, 1u << 30, CONFIG_NEW_CONNECTIONS,
          "The largest frame, as Tune offers it"),
    NUMBER("heartbeat", heartbeat_s, 0, UINT16_MAX, "seconds", CONFIG_NEW_CONNECTIONS,
           "The interval of heartbeats that Tune suggests; 0 suggests none"),
    BYTES("max_message_size", body_max, 1, UINT32_MAX, CONFIG_NOW,
          "A larger body is refused (311)"),
    NUMBER("handshake_timeout", handshake_ms, 100, 3600000, "milliseconds", CONFIG_NOW,
           "From the connection to Open; whoever takes longer is dropped"),
    BYTES("vm_memory_high_watermark.absolute", memory_high, 1 << 16, SIZE_MAX / 8, CONFIG_NOW,
          "Messages may take so much memory; above it publishers are blocked, below four fifths of "
          "it they go on"),
    NAME("default_user", default_user, "a name", CONFIG_FIRST_START,
         "The user that an empty data folder is given, who may do everything in vhost /"),
    NAME("default_pass", default_pass, "a password", CONFIG_FIRST_START, "That user's password"),
    CHOICE("loopback_users", guest_anywhere, "guest|none", CONFIG_NEW_CONNECTIONS,
           "guest: the user of that name may come in through loopback only; none: everybody may "
           "come from anywhere"),
    TEXT("listeners.ssl.default", tls.listen, "PORT or ADDR:PORT", CONFIG_RESTART,
         "Listens for TLS there; a PORT alone is one of 0.0.0.0. The option --listen-tls stands above "
         "it"),
    TEXT("ssl_options.certfile", tls.certfile, "a file", CONFIG_RESTART,
         "The broker's certificate in PEM, behind it those of its authorities"),
    TEXT("ssl_options.keyfile", tls.keyfile, "a file", CONFIG_RESTART,
         "Its private key in PEM, without a passphrase"),
    TEXT("ssl_options.cacertfile", tls.cacertfile, "a file", CONFIG_RESTART,
         "The authorities, in PEM, that clients' certificates must come from"),
    CHOICE("ssl_options.verify", tls.verify_peer, "verify_none|verify_peer", CONFIG_RESTART,
           "verify_peer: clients are asked for a certificate, and one that is no good is refused"),
    CHOICE("ssl_options.fail_if_no_peer_cert", tls.fail_if_no_peer_cert, "false|true",
           CONFIG_RESTART, "true: with verify_peer, clients without a certificate are refused"),
    CHOICE("ssl_options.versions.1", tls.version, "any|tlsv1.2|tlsv1.3", CONFIG_RESTART,
           "A version of TLS that is spoken; any: 1.2 and 1.3, unless versions.2 names one"),
    CHOICE("ssl_options.versions.2", tls.version2, "any|tlsv1.2|tlsv1.3", CONFIG_RESTART,
           "Another one"),
    CHOICE("ssl_cert_login_from", tls.by_common_name, "distinguished_name|common_name",
           CONFIG_RESTART,
           "The part of a client's certificate that EXTERNAL takes for the user's name"),
    NUMBER("prometheus.tcp.port", metrics_port, 0, UINT16_MAX, "", CONFIG_RESTART,
           "Answers GET /metrics there, in Prometheus' format; 0: nowhere"),
    NAME("prometheus.tcp.ip", metrics_address, "a numeric address", CONFIG_RESTART,
         "The address that goes with it"),
    CHOICE("log.level", log_level, "error|warning|info|debug", CONFIG_NOW,
           "What is logged: this, and what is worse. The option --log stands above it"),
};
// clang-format on

const size_t config_key_count = sizeof config_keys / sizeof config_keys[0];

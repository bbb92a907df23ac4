/* SPDX-License-Identifier: ISC
 *
 * intake_conf.c - the option tables of listening
 */
#include "intake/intake_conf.h"

#include <stddef.h>

#include "base/clock.h"

#define KIB(n) ((int64_t)(n) << 10)
#define MIB(n) ((int64_t)(n) << 20)
#define AT(member) .offset = offsetof(struct listen_conf, member)

static const char *const kinds[] = {
#define LISTENER(id, word, transport, family, type) [id] = word,
#include "intake/listeners.def"
#undef LISTENER
    NULL};
static const char *const times[] = {"skew", "event", "receive", NULL};
static const char *const auths[] = {"bearer", "github", "standard", NULL};

const struct opt listen_opts[] = {
    {"kind", OPT_ENUM, AT(kind), .def = "!", .words = kinds, .help = "udp, tcp, unix, unixgram (syslog) or http (webhooks)."},
    {"name", OPT_STR, AT(name), .help = "What messages call it, and the name of its socket when systemd opens it."},
    {"address", OPT_STR, AT(address), .def = "!", .help = "ADDRESS:PORT, [ADDRESS]:PORT, or a path for the unix kinds."},
    {"org", OPT_STR, AT(org), .help = "The organisation its messages belong to; the first of the roster when not given."},
    {"time", OPT_ENUM, AT(time), .def = "skew", .words = times,
     .help = "Whose clock counts: the message's own when near to ours (skew), always the message's (event), always ours (receive)."},
    {"skew", OPT_DURATION, AT(skew), .lo = 0, .hi = 7 * US_PER_DAY, .def = "10m", .help = "How near is near, for time: skew."},
    {"rcvbuf", OPT_SIZE, AT(rcvbuf), .lo = KIB(64), .hi = MIB(1024), .def = "16MiB", .help = "Receive buffer asked of the kernel (udp, unixgram)."},
    {"mode", OPT_STR, AT(mode), .def = "0666", .help = "Mode of the socket file (unix kinds)."},
    OPT_END};

#undef AT
#define AT(member) .offset = offsetof(struct webhook_conf, member)

const struct opt webhook_opts[] = {
    {"name", OPT_STR, AT(name), .def = "!", .help = "NAME of POST /v1/in/NAME: small letters, digits and hyphens, at most 64."},
    {"org", OPT_STR, AT(org), .help = "The organisation its messages belong to; the first of the roster when not given."},
    {"dialect", OPT_STR, AT(dialect), .def = "generic", .help = "How its bodies are read: a name from dialects.d."},
    {"auth", OPT_ENUM, AT(auth), .def = "bearer", .words = auths,
     .help = "bearer (Authorization: Bearer SECRET), github (X-Hub-Signature-256) or standard (Standard Webhooks)."},
    {"secret_file", OPT_STR, AT(secret_file), .def = "!", .help = "File with the secret, readable by its owner only; two lines while one secret replaces another."},
    {"window", OPT_DURATION, AT(window), .lo = US_PER_S, .hi = US_PER_DAY, .def = "5m", .help = "How old or early a signed time stamp may be (standard)."},
    {"host", OPT_STR, AT(host), .help = "Host of its messages when the body names none; the webhook's name when not given."},
    OPT_END};

#undef AT
#define AT(member) .offset = offsetof(struct limits_conf, member)

const struct opt limits_opts[] = {
    {"line", OPT_SIZE, AT(line), .lo = 480, .hi = MIB(1), .def = "64KiB", .help = "Longer messages are cut there, flagged and counted."},
    {"body", OPT_SIZE, AT(body), .lo = KIB(1), .hi = MIB(8), .def = "1MiB", .help = "Longest body of a webhook."},
    {"connections", OPT_INT, AT(connections), .lo = 1, .hi = 65536, .def = "4096", .help = "Connections in all, for syslog and for webhooks each."},
    {"per_source", OPT_INT, AT(per_source), .lo = 1, .hi = 65536, .def = "64", .help = "Connections from one address."},
    {"idle", OPT_DURATION, AT(idle), .lo = 0, .hi = 30 * US_PER_DAY, .def = "10m", .help = "A syslog connection silent for so long is closed; 0 = never."},
    {"header_time", OPT_DURATION, AT(header_time), .lo = US_PER_S, .hi = 10 * US_PER_MIN, .def = "10s", .help = "Time for the header of a request."},
    {"body_time", OPT_DURATION, AT(body_time), .lo = US_PER_S, .hi = 10 * US_PER_MIN, .def = "30s", .help = "Time for the body of a request."},
    {"in_flight", OPT_SIZE, AT(in_flight), .lo = KIB(64), .hi = MIB(256), .def = "8MiB",
     .help = "Sightings the desk has not committed yet, in bytes: beyond it streams wait, beyond twice that everything does."},
    OPT_END};

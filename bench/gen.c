/* SPDX-License-Identifier: ISC
 *
 * gen.c - a seeded stream of syslog lines like those of a few dozen servers
 *
 * Takes   -n lines, -s seed, -p per mille of security relevant lines (default 20), -k distinct attackers (default 200), -t truth file,
 *         -o octet-counted framing, -e fraction of hosts that speak RFC 5424 in percent (default 30), -w length of host names (default 6; 25 makes
 *         160 bytes a line on average), -a first attacker (default 0: so that a second file has others), -d each wrong password or name from
 *         the next attacker instead of any.
 * Gives   lines on standard output; in the truth file a count per class. The same arguments give the same bytes.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint64_t state;

static uint32_t rnd(uint32_t below) /* splitmix64 */
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) >> 32) % below;
}

static const char *const users[] = {"alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"};
static const char *const bad_users[] = {"admin", "test", "oracle", "postgres", "guest", "ubuntu", "pi", "ftpuser"};
static const char *const paths[] = {"/", "/index.html", "/assets/app.css", "/api/v1/items", "/img/logo.svg", "/login", "/robots.txt"};
static const char *const zones[] = {"example.test", "mail.example.test", "www.example.test", "ntp.example.test"};
#define PICK(a) a[rnd(sizeof a / sizeof *a)]

static void harmless(char *o, size_t n, const char **program)
{
    unsigned a = rnd(254) + 1, b = rnd(60000) + 1024;
    switch (rnd(10)) {
    case 0: *program = "sshd"; snprintf(o, n, "Accepted publickey for %s from 10.20.%u.%u port %u ssh2: ED25519 SHA256:%08x%08x%08x", PICK(users), rnd(8), a, b, rnd(UINT32_MAX), rnd(UINT32_MAX), rnd(UINT32_MAX)); break;
    case 1: *program = "sshd"; snprintf(o, n, "pam_unix(sshd:session): session opened for user %s(uid=%u) by (uid=0)", PICK(users), 1000 + rnd(50)); break;
    case 2: *program = "sudo"; snprintf(o, n, "%8s : TTY=pts/%u ; PWD=/home/ops ; USER=root ; COMMAND=/usr/bin/systemctl status nginx.service", PICK(users), rnd(9)); break;
    case 3: *program = "CRON"; snprintf(o, n, "(root) CMD (   cd / && run-parts --report /etc/cron.hourly # job %u)", rnd(100000)); break;
    case 4: *program = "kernel"; snprintf(o, n, "[%6u.%06u] eth0: NIC Link is Up, 1000 Mbps full duplex, queue %u, flow control: RX/TX, irq %u", rnd(999999), rnd(999999), rnd(16), rnd(200)); break;
    case 5: case 6: *program = "nginx"; snprintf(o, n, "10.30.%u.%u - - [11/Oct/2026:22:14:15 +0000] \"GET %s HTTP/1.1\" 200 %u \"-\" \"Mozilla/5.0 (X11; Linux x86_64; rv:%u.0)\"", rnd(20), a, PICK(paths), rnd(90000), 100 + rnd(30)); break;
    case 7: *program = "postfix/smtpd"; snprintf(o, n, "connect from mail%u.example.test[10.40.%u.%u]", rnd(50), rnd(9), a); break;
    case 8: *program = "postfix/qmgr"; snprintf(o, n, "%X: from=<%s@example.test>, size=%u, nrcpt=1 (queue active)", rnd(UINT32_MAX), PICK(users), rnd(90000)); break;
    default: *program = "named"; snprintf(o, n, "client @0x7f%08x 10.50.%u.%u#%u (%s): query: %s IN A +E(0)K (10.0.0.53)", rnd(UINT32_MAX), rnd(9), a, b, PICK(zones), PICK(zones)); break;
    }
}

static unsigned attackers = 200, first_attacker, next_attacker;
static bool in_turn, only_passwords;

static uint64_t truth[4];
static const char *const truth_name[] = {"harmless", "failed_password", "invalid_user", "sudo_failure"};

static void relevant(char *o, size_t n, const char **program)
{
    unsigned k = first_attacker + rnd(attackers), b = rnd(60000) + 1024, kind = rnd(10);
    if (only_passwords) kind = 0;
    if (in_turn && kind < 9) k = first_attacker + next_attacker++ % attackers;
    *program = "sshd";
    if (kind < 6) {
        truth[1]++;
        snprintf(o, n, "Failed password for root from 198.%u.%u.%u port %u ssh2", 18 + (k >> 16), (k >> 8) & 255, k & 255, b);
    } else if (kind < 9) {
        truth[2]++;
        snprintf(o, n, "Invalid user %s from 198.%u.%u.%u port %u", PICK(bad_users), 18 + (k >> 16), (k >> 8) & 255, k & 255, b);
    } else {
        truth[3]++;
        *program = "sudo";
        snprintf(o, n, "%s : 3 incorrect password attempts ; TTY=pts/%u ; PWD=/home/ops ; USER=root ; COMMAND=/bin/sh", PICK(users), rnd(9));
    }
}

static int host_width = 6;

static int header(char *o, size_t n, uint64_t i, unsigned percent5424, const char *program)
{
    static const char *const mon[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    unsigned host = rnd(64), s = (unsigned)(i / 1000 % 86400), pid = 300 + rnd(30000);
    bool is5424 = host * 100 < percent5424 * 64, kernel = !strcmp(program, "kernel");
    char name[64];
    snprintf(name, sizeof name, "host%02u.dc%u.site-north.example.test", host, host % 4);
    name[host_width] = '\0';
    if (is5424)
        return snprintf(o, n, "<38>1 2026-10-11T%02u:%02u:%02u.%03uZ %s %s %u - %s ", s / 3600, s / 60 % 60, s % 60, rnd(1000), name,
                        program, pid, host & 1 ? "[meta@32473 seq=\"1\" zone=\"dmz\"]" : "-");
    if (kernel) return snprintf(o, n, "<6>%s 11 %02u:%02u:%02u %s kernel: ", mon[9], s / 3600, s / 60 % 60, s % 60, name);
    return snprintf(o, n, "<38>%s 11 %02u:%02u:%02u %s %s[%u]: ", mon[9], s / 3600, s / 60 % 60, s % 60, name, program, pid);
}

int main(int argc, char **argv)
{
    uint64_t lines = 1000000;
    unsigned mille = 20, percent5424 = 30;
    const char *truth_file = NULL;
    bool octets = false;
    for (int c; (c = getopt(argc, argv, "n:s:p:k:t:e:w:a:dfo")) != -1;) {
        uint64_t v = optarg ? strtoull(optarg, NULL, 10) : 0;
        switch (c) {
        case 'n': lines = v; break;
        case 's': state = v; break;
        case 'p': mille = (unsigned)v; break;
        case 'k': attackers = v ? (unsigned)v : 1; break;
        case 't': truth_file = optarg; break;
        case 'e': percent5424 = (unsigned)v; break;
        case 'w': host_width = v < 6 ? 6 : v > 36 ? 36 : (int)v; break;
        case 'a': first_attacker = (unsigned)v; break;
        case 'd': in_turn = true; break;
        case 'f': only_passwords = true; break;
        case 'o': octets = true; break;
        default: fputs("usage: gen [-n lines] [-s seed] [-p per-mille] [-k attackers] [-e percent5424] [-w host-width] [-a first-attacker] [-d] [-f] [-t truth] [-o]\n", stderr); return 2;
        }
    }
    char head[256], body[512];
    for (uint64_t i = 0; i < lines; i++) {
        const char *program = "";
        if (rnd(1000) < mille)
            relevant(body, sizeof body, &program);
        else
            truth[0]++, harmless(body, sizeof body, &program);
        int h = header(head, sizeof head, i, percent5424, program);
        if (octets)
            printf("%zu %.*s%s", (size_t)h + strlen(body), h, head, body);
        else
            printf("%.*s%s\n", h, head, body);
    }
    if (truth_file) {
        FILE *f = fopen(truth_file, "w");
        if (!f) return perror(truth_file), 1;
        for (size_t k = 0; k < 4; k++) fprintf(f, "%s %" PRIu64 "\n", truth_name[k], truth[k]);
        if (fclose(f)) return perror(truth_file), 1;
    }
    return fflush(stdout) || ferror(stdout);
}

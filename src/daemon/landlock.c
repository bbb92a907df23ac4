/* SPDX-License-Identifier: ISC
 *
 * landlock.c - which files a process may still reach
 *
 * The headers of Debian 12 end at ABI 2, the kernels it runs on do not: later rights are named here and masked by what the kernel
 * says it knows.
 */
#include "daemon/landlock.h"
#include "daemon/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FS_TRUNCATE (1ULL << 14)  /* ABI 3 */
#define FS_IOCTL_DEV (1ULL << 15) /* ABI 5 */
#define NET_BIND_TCP (1ULL << 0)  /* ABI 4 */
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6 */
#define SCOPE_SIGNAL (1ULL << 1)

struct attr { /* struct landlock_ruleset_attr of ABI 6 */
    uint64_t fs, net, scoped;
};

#define FS_ABI1 ((1ULL << 13) - 1)
#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_WRITE                                                                                                                 \
    (FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |                  \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REFER | FS_TRUNCATE)
#define FS_OF_A_FILE                                                                                                             \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE | FS_IOCTL_DEV)

static const struct {
    int abi;
    uint64_t fs;
    const char *without;
} steps[] = {
    {1, FS_ABI1, "files"},          {2, LANDLOCK_ACCESS_FS_REFER, "renames between folders"},
    {3, FS_TRUNCATE, "truncation"}, {4, 0, "TCP"},
    {5, FS_IOCTL_DEV, "devices"},   {6, 0, "signals"},
};

int landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return abi > 0 ? (int)abi : 0;
}

static uint64_t fs_rights(int abi) {
    uint64_t fs = 0;

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (abi >= steps[i].abi)
            fs |= steps[i].fs;
    return fs;
}

static void say_missing(int abi, struct buf *missing) {
    const char *comma = "";

    if (abi == 0) {
        buf_printf(missing, "%sthe kernel has no Landlock: files are fenced by their modes only", missing->n ? "; " : "");
        return;
    }
    if (abi >= LANDLOCK_ABI_WANTED)
        return;
    buf_printf(missing, "%sLandlock of this kernel (ABI %d) does not fence ", missing->n ? "; " : "", abi);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (abi < steps[i].abi) {
            buf_printf(missing, "%s%s", comma, steps[i].without);
            comma = ", ";
        }
}

static void allow(int ruleset, const char *path, uint64_t rights, struct buf *missing) {
    struct landlock_path_beneath_attr rule = {.allowed_access = rights};
    struct stat st;

    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return;
    if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed_access &= FS_OF_A_FILE;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        buf_printf(missing, "%sno Landlock rule for %s: %s", missing->n ? "; " : "", path, strerrordesc_np(errno));
    close(rule.parent_fd);
}

void landlock_confine(const struct fence *f, struct buf *missing) {
    int abi = landlock_abi();
    uint64_t fs = fs_rights(abi);
    struct attr attr = {.fs = fs};

    say_missing(abi, missing);
    if (abi == 0)
        return;
    if (abi >= 4)
        attr.net = NET_BIND_TCP | (f->connect ? 0 : NET_CONNECT_TCP);
    if (abi >= 6)
        attr.scoped = SCOPE_ABSTRACT_UNIX | SCOPE_SIGNAL;
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0) {
        buf_printf(missing, "%sno Landlock rule set: %s", missing->n ? "; " : "", strerrordesc_np(errno));
        return;
    }
    for (size_t i = 0; f->read && f->read[i]; i++)
        allow(ruleset, f->read[i], fs & FS_READ, missing);
    for (size_t i = 0; f->write && f->write[i]; i++)
        allow(ruleset, f->write[i], fs & FS_WRITE, missing);
    if (CONFINE_SANITIZED)
        allow(ruleset, "/proc", fs & FS_READ, missing); /* the leak check reads its own maps */
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        buf_printf(missing, "%sLandlock refused: %s", missing->n ? "; " : "", strerrordesc_np(errno));
    close(ruleset);
}

/* SPDX-License-Identifier: ISC
 *
 * cache.c - the configuration as it was compiled last, on disk
 *
 * The folder may belong to the user of the roles while we are root: nothing in it is followed, and only a file of our own with one name and
 * no rights for others is believed, which nobody else can have made. Where we are that user ourselves, the folder of the record will not do: the desk
 * writes there, and must not be able to write what all roles are made of; systemd gives us another, into which Landlock lets no role.
 */
#include <config.h>

#include "daemon/cache.h"

#include "base/file.h"
#include "base/pack.h"
#include "daemon/image.h"
#include "detect/prefilter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC STR("TOCSCMP1")
#define HEAD (8 + 2 * (size_t)SHA256_SIZE) /* magic, key, digest of the rest */
#define TEXT_MAX (128u << 10)
#define FILE_MAX (HEAD + TEXT_MAX + IMAGE_MAX + 64)
#define NEW_FILE CACHE_FILE ".new"

/* ---- the key */

/* Time zones go into the image, and a new edition of them is put in place file by file. */
static const char *const editions[] = {"/proc/self/exe", "/usr/share/zoneinfo", "/usr/share/zoneinfo/tzdata.zi", "/usr/share/zoneinfo/zone.tab"};

static void add_edition(struct buf *b, const char *path) {
    struct stat st = {0};

    if (stat(path, &st) != 0)
        st.st_size = -1;
    pack_i64(b, st.st_size);
    pack_i64(b, st.st_mtim.tv_sec);
    pack_i64(b, st.st_mtim.tv_nsec);
    pack_u64(b, st.st_ino);
}

void cache_key(struct str bundle, uint8_t key[SHA256_SIZE]) {
    struct buf b;
    uint8_t files[SHA256_SIZE];

    buf_init(&b, 4096);
    buf_text(&b, PACKAGE_VERSION " ");
    pack_u32(&b, SEC__COUNT);
    for (size_t i = 0; i < sizeof editions / sizeof *editions; i++)
        add_edition(&b, editions[i]);
    prefilter_platform(&b);
    sha256_of(bundle, files);
    buf_add(&b, files, sizeof files);
    sha256_of(buf_view(&b), key);
    buf_fini(&b);
}

/* ---- reading */

static const char *not_ours(const struct stat *st) {
    return !S_ISREG(st->st_mode)                                   ? "it is no file"
           : st->st_uid != geteuid() || st->st_nlink != 1          ? "it is somebody else's"
           : st->st_mode & (S_IRWXG | S_IRWXO)                     ? "others may read or write it"
           : st->st_size < (off_t)HEAD || st->st_size > (off_t)FILE_MAX ? "it has no sensible size"
                                                                   : NULL;
}

const char *cache_folder(const char *state) {
    const char *own = getenv("CACHE_DIRECTORY"); /* systemd.exec(5): several stand with colons between them */

    return own && own[0] == '/' && !strchr(own, ':') ? own : state;
}

static int folder(const char *state) {
    return open(cache_folder(state), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The bytes behind the head, when it is the file that was written and stands under this key. */
static struct str body_of(struct str s, const uint8_t key[SHA256_SIZE], const char **why) {
    uint8_t digest[SHA256_SIZE];
    struct str body = str_sub(s, HEAD, s.n);

    if (s.n < HEAD || !str_starts(s, MAGIC)) {
        *why = "it is something else";
        return STR_NONE;
    }
    if (memcmp(s.p + 8, key, SHA256_SIZE) != 0)
        return STR_NONE; /* of other files: nothing is wrong with that */
    sha256_of(body, digest);
    if (memcmp(s.p + 8 + SHA256_SIZE, digest, SHA256_SIZE) == 0)
        return body;
    *why = "it is damaged";
    return STR_NONE;
}

static int unpack(struct str body, struct cached *c) {
    struct unpack u;

    unpack_init(&u, body);
    c->mistakes = unpack_u32(&u);
    struct str text = unpack_str(&u, TEXT_MAX), image = unpack_str(&u, IMAGE_MAX);
    if (!unpack_done(&u))
        return -1;
    buf_reset(&c->text);
    buf_str(&c->text, text);
    return fd_sealed("tocsin-image", image);
}

int cache_load(const char *state, const uint8_t key[SHA256_SIZE], struct cached *c, const char **why) {
    int at = folder(state), fd = at < 0 ? -1 : openat(at, CACHE_FILE, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out = -1;
    struct stat st;
    struct buf b;

    *why = NULL;
    buf_init(&b, FILE_MAX);
    if (fd < 0)
        *why = at < 0 || errno == ENOENT ? NULL : "it cannot be opened";
    else if (fstat(fd, &st) != 0 || (*why = not_ours(&st)) || file_read_fd(fd, FILE_MAX, &b, NULL) != RC_OK)
        *why = *why ? *why : "it cannot be read";
    else {
        struct str body = body_of(buf_view(&b), key, why);
        if (!str_absent(body) && (out = unpack(body, c)) < 0)
            *why = "it cannot be used";
    }
    buf_fini(&b);
    if (fd >= 0)
        close(fd);
    if (at >= 0)
        close(at);
    return out;
}

/* ---- writing */

static bool write_whole(int at, struct str head, struct str body) {
    unlinkat(at, NEW_FILE, 0);
    int fd = openat(at, NEW_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    bool ok = fd >= 0 && fd_write_all(fd, head, NULL) == RC_OK && fd_write_all(fd, body, NULL) == RC_OK;

    if (fd >= 0)
        close(fd);
    ok = ok && renameat(at, NEW_FILE, at, CACHE_FILE) == 0;
    if (fd >= 0 && !ok)
        unlinkat(at, NEW_FILE, 0);
    return ok;
}

enum rc cache_store(const char *state, const uint8_t key[SHA256_SIZE], const struct cached *c, struct str image, struct err *e) {
    struct buf head, body;
    uint8_t digest[SHA256_SIZE];
    int at = folder(state);

    buf_init(&head, HEAD);
    buf_init(&body, FILE_MAX - HEAD);
    pack_u32(&body, c->mistakes);
    pack_str(&body, buf_view(&c->text));
    pack_str(&body, image);
    sha256_of(buf_view(&body), digest);
    buf_str(&head, MAGIC);
    buf_add(&head, key, SHA256_SIZE);
    buf_add(&head, digest, sizeof digest);
    bool fits = !body.over && c->text.n <= TEXT_MAX, ok = at >= 0 && fits && write_whole(at, buf_view(&head), buf_view(&body));
    enum rc rc = ok ? RC_OK : err_set(e, RC_IO, "%s/" CACHE_FILE " cannot be written: %s", cache_folder(state), fits ? strerrordesc_np(errno) : "it is too large");
    buf_fini(&head);
    buf_fini(&body);
    if (at >= 0)
        close(at);
    return rc;
}

void cache_drop(const char *state) {
    int at = folder(state);

    if (at < 0)
        return;
    unlinkat(at, CACHE_FILE, 0);
    close(at);
}

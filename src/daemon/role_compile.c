/* SPDX-License-Identifier: ISC
 *
 * role_compile.c - the short-lived role that reads YAML, rules and regular expressions, so that nobody else has to
 */
#include <config.h>

#include "daemon/compile.h"
#include "daemon/confine.h"
#include "daemon/image.h"

#include "base/file.h"
#include "base/log.h"
#include "base/pack.h"
#include "link/link.h"

#include <stdlib.h>
#include <unistd.h>

#define ASKED_WITHIN_MS 120000 /* as long as the parent would wait */

/* When it worked all the same they are rules that were left out, or whose samples fail. */
static void say_errors(const struct errs *es, bool worked, struct buf *text) {
    char line[1024];

    for (unsigned i = 0; i < es->n; i++) {
        const char *what = !worked ? "" : es->v[i].rc == RC_CHECK ? "sample fails: " : "rule refused: ";
        buf_printf(text, "%s%s%s", i ? "\n" : "", what, err_format(&es->v[i], line, sizeof line));
        if (es->v[i].hint[0])
            buf_printf(text, " (%s)", es->v[i].hint);
    }
    if (es->dropped)
        buf_printf(text, "\nand %u more", es->dropped);
}

static enum rc compile_fd(uint32_t generation, int fd, struct buf *out, struct errs *es) {
    struct buf bundle;
    struct err e = {0};

    buf_init(&bundle, BUNDLE_MAX);
    enum rc rc =
        lseek(fd, 0, SEEK_SET) == 0 ? file_read_fd(fd, BUNDLE_MAX, &bundle, &e) : err_set(&e, RC_IO, "the bundle cannot be read");
    if (rc != RC_OK)
        errs_add(es, &e);
    else if (generation == 0)
        rc = compile_config(buf_view(&bundle), out, es);
    else
        rc = compile_bundle(buf_view(&bundle), RULESET_KEEP_BAD, true, out, es);
    buf_fini(&bundle);
    return rc;
}

static enum rc answer(int parent_fd, uint32_t generation, int fd, struct errs *es, struct err *e) {
    struct buf image, text, payload;

    buf_init(&image, IMAGE_MAX);
    buf_init(&text, 128u << 10);
    buf_init(&payload, 256u << 10);
    enum rc rc = compile_fd(generation, fd, &image, es);
    int out = rc == RC_OK ? fd_sealed("tocsin-image", buf_view(&image)) : -1;
    if (rc == RC_OK && out < 0)
        buf_text(&text, "no memory for the compiled configuration");
    say_errors(es, out >= 0, &text);
    pack_u8(&payload, out >= 0);
    pack_str(&payload, buf_view(&text));
    pack_u32(&payload, es->n + es->dropped);
    rc = link_send_now(parent_fd, FRAME_COMPILED, buf_view(&payload), &out, out >= 0, e);
    if (out >= 0)
        close(out);
    buf_fini(&image);
    buf_fini(&text);
    buf_fini(&payload);
    return rc;
}

int role_compile_main(int parent_fd) {
    struct buf payload, missing;
    struct errs *es = calloc(1, sizeof *es);
    struct err e = {0};
    int fds[16];
    enum rc rc = es ? RC_OK : RC_NOMEM;

    buf_init(&missing, 1024);
    buf_init(&payload, 4096);
    confine_role("compile", NULL, &missing);
    while (rc == RC_OK) {
        unsigned type = 0;
        size_t nfds = 16;
        struct unpack u;
        buf_reset(&payload);
        *es = (struct errs){0};
        if (link_recv_now(parent_fd, ASKED_WITHIN_MS, &type, &payload, fds, &nfds, &e) != RC_OK)
            break; /* the parent has what it wanted */
        unpack_init(&u, buf_view(&payload));
        uint32_t generation = unpack_u32(&u);
        rc = type == FRAME_IMAGE && nfds == 1 && !u.bad ? answer(parent_fd, generation, fds[0], es, &e) : RC_INVALID;
        for (size_t i = 0; i < nfds; i++)
            close(fds[i]);
    }
    buf_fini(&payload);
    buf_fini(&missing);
    free(es);
    return rc_exit(rc);
}

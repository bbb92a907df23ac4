/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/file.h"
#include "base/log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];

static int scratch_open(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tocsin-test-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static const char *in_dir(const char *name) {
    static char path[2][160];
    static int turn;

    turn ^= 1;
    snprintf(path[turn], sizeof path[turn], "%s/%s", dir, name);
    return path[turn];
}

static int scratch_close(void **state) {
    (void)state;
    struct buf names;
    size_t n = 0;

    buf_init(&names, 65536);
    file_list(dir, "", &names, &n, NULL);
    for (const char *p = names.p; n; n--, p += strlen(p) + 1)
        unlink(in_dir(p));
    unlink(in_dir("fifo"));
    rmdir(in_dir("sub.yml"));
    buf_fini(&names);
    return rmdir(dir);
}

static void what_was_written_is_read_back(void **state) {
    (void)state;
    struct buf b;
    struct err e = {0};
    struct stat st;

    buf_init(&b, 100);
    assert_int_equal(file_write(in_dir("a"), STR("one\ntwo\n"), 0640, &e), RC_OK);
    assert_int_equal(stat(in_dir("a"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(file_read(in_dir("a"), 8, &b, &e), RC_OK);
    assert_str(buf_view(&b), "one\ntwo\n");
    assert_int_equal(file_write(in_dir("a"), STR(""), 0600, &e), RC_OK);
    buf_reset(&b);
    assert_int_equal(file_read(in_dir("a"), 8, &b, &e), RC_OK);
    assert_int_equal(b.n, 0);
    buf_fini(&b);
}

static void a_refused_file_is_named_with_the_reason(void **state) {
    (void)state;
    struct buf b;
    struct err e = {0};

    buf_init(&b, 100);
    assert_int_equal(file_read(in_dir("none"), 8, &b, &e), RC_NOTFOUND);
    assert_non_null(strstr(e.text, "none: No such file"));
    assert_int_equal(file_read(dir, 8, &b, &e), RC_INVALID);
    assert_int_equal(mkfifo(in_dir("fifo"), 0600), 0);
    assert_int_equal(file_read(in_dir("fifo"), 8, &b, &e), RC_INVALID); /* and does not wait for a writer */
    assert_int_equal(file_write(in_dir("big"), STR("123456789"), 0600, &e), RC_OK);
    assert_int_equal(file_read(in_dir("big"), 8, &b, &e), RC_LIMIT);
    assert_int_equal(file_write(in_dir("no/dir"), STR("x"), 0600, &e), RC_NOTFOUND);
    buf_fini(&b);
}

static void a_secret_that_others_can_read_is_refused(void **state) {
    (void)state;
    struct buf b;
    struct err e = {0};

    buf_init(&b, 100);
    assert_int_equal(file_write(in_dir("s"), STR("s3cret\n"), 0600, &e), RC_OK);
    assert_int_equal(file_read_secret(in_dir("s"), 100, &b, &e), RC_OK);
    assert_str(buf_view(&b), "s3cret");
    static const unsigned modes[] = {0604, 0602, 0620, 0666};
    for (size_t i = 0; i < ARRAY_N(modes); i++) {
        buf_reset(&b);
        assert_int_equal(chmod(in_dir("s"), modes[i]), 0);
        assert_int_equal(file_read_secret(in_dir("s"), 100, &b, &e), RC_DENIED);
        assert_int_equal(b.n, 0);
        assert_non_null(strstr(e.hint, "chmod 600"));
    }
    buf_fini(&b);
}

static void a_list_is_sorted_and_holds_only_files_of_that_kind(void **state) {
    (void)state;
    struct buf b;
    size_t n = 0;
    struct err e = {0};

    buf_init(&b, 1000);
    file_write(in_dir("b.yml"), STR(""), 0600, &e);
    file_write(in_dir("a.yml"), STR(""), 0600, &e);
    file_write(in_dir("Z.yml"), STR(""), 0600, &e);
    file_write(in_dir("a.yml~"), STR(""), 0600, &e);
    file_write(in_dir(".hidden.yml"), STR(""), 0600, &e);
    mkdir(in_dir("sub.yml"), 0700);
    assert_int_equal(file_list(dir, ".yml", &b, &n, &e), RC_OK);
    assert_int_equal(n, 3);
    assert_true(str_eq(buf_view(&b), STR("Z.yml\0a.yml\0b.yml\0")));
    unlink(in_dir(".hidden.yml"));
    assert_int_equal(file_list(in_dir("none"), ".yml", &b, &n, &e), RC_NOTFOUND);
    assert_int_equal(n, 0);
    buf_fini(&b);
}

static void a_sealed_image_cannot_be_changed(void **state) {
    (void)state;
    struct err e = {0};
    int fd = fd_memfd("test");

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, STR("image"), &e), RC_OK);
    assert_int_equal(fd_seal(fd, &e), RC_OK);
    assert_int_equal(fd_write_all(fd, STR("x"), &e), RC_IO);
    assert_int_not_equal(ftruncate(fd, 0), 0);
    assert_int_equal(fd_nonblock(fd, &e), RC_OK);
    assert_int_equal(fd_nonblock(-1, &e), RC_IO);
    close(fd);
}

struct heard {
    int n;
    enum log_level level;
    char area[32], text[10000];
};

static void hear(void *ctx, enum log_level level, const char *area, const char *text) {
    struct heard *h = ctx;

    h->n++;
    h->level = level;
    str_copy(h->area, sizeof h->area, str_of(area));
    str_copy(h->text, sizeof h->text, str_of(text));
}

static void a_log_line_holds_no_control_bytes_and_has_an_end(void **state) {
    (void)state;
    struct heard h = {0};
    char big[9000];

    log_to(hear, &h);
    log_note("test", "user=%s", "a\n<0>forged\x1b[2J");
    assert_string_equal(h.text, "user=a\\x0A<0>forged\\x1B[2J");
    assert_string_equal(h.area, "test");
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    log_err("test", "%s", big);
    assert_true(strlen(h.text) < 4096);
    assert_string_equal(h.text + strlen(h.text) - 4, " ...");
    memset(big, 1, sizeof big - 1);
    log_err("test", "%s", big); /* escaped it is four times as long */
    assert_true(strlen(h.text) > 4000 && strlen(h.text) < 9000);
    log_to(NULL, NULL);
}

static void areas_are_switched_one_by_one(void **state) {
    (void)state;
    struct heard h = {0};

    log_to(hear, &h);
    log_debug("link", "unseen");
    assert_int_equal(h.n, 0);
    log_level_set("link", LOG_DEBUG_);
    log_debug("link", "seen");
    log_debug("store", "unseen");
    assert_int_equal(h.n, 1);
    log_level_set(NULL, LOG_ERR_); /* for all, and forgets what was said of single areas */
    log_debug("link", "unseen");
    log_warn("store", "unseen");
    log_err("store", "seen");
    assert_int_equal(h.n, 2);
    assert_int_equal(h.level, LOG_ERR_);
    log_level_set(NULL, LOG_INFO_);
    log_to(NULL, NULL);
}

static void stderr_gets_one_line_with_program_and_role(void **state) {
    (void)state;
    int saved = dup(STDERR_FILENO), fd = fd_memfd("stderr");
    struct buf b;

    assert_true(saved >= 0 && fd >= 0);
    dup2(fd, STDERR_FILENO);
    log_open("tocsind", "desk");
    log_info("store", "opened rows=%d", 3);
    dup2(saved, STDERR_FILENO);
    close(saved);
    buf_init(&b, 1000);
    lseek(fd, 0, SEEK_SET);
    assert_int_equal(file_read_fd(fd, 1000, &b, NULL), RC_OK);
    close(fd);
    assert_true(str_ends(buf_view(&b), STR("Z tocsind[desk]: store: opened rows=3\n")));
    buf_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(a_refused_file_is_named_with_the_reason),
        cmocka_unit_test(a_secret_that_others_can_read_is_refused),
        cmocka_unit_test(a_list_is_sorted_and_holds_only_files_of_that_kind),
        cmocka_unit_test(a_sealed_image_cannot_be_changed),
        cmocka_unit_test(a_log_line_holds_no_control_bytes_and_has_an_end),
        cmocka_unit_test(areas_are_switched_one_by_one),
        cmocka_unit_test(stderr_gets_one_line_with_program_and_role),
    };
    return cmocka_run_group_tests(tests, scratch_open, scratch_close);
}

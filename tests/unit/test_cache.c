/* SPDX-License-Identifier: ISC
 *
 * test_cache.c - what was compiled before is taken only when it is exactly that
 */
#include "unit.h"

#include "base/file.h"
#include "daemon/cache.h"
#include "daemon/image.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96];
static uint8_t key[SHA256_SIZE];
static struct cached c;
static struct buf image;

static int make_folder(void **state) {
    char name[] = "/tmp/tocsin-cache.XXXXXX";

    (void)state;
    if (!mkdtemp(name))
        return 1;
    snprintf(dir, sizeof dir, "%s", name);
    snprintf(path, sizeof path, "%s/" CACHE_FILE, dir);
    buf_init(&c.text, 4096);
    buf_init(&image, 4096);
    unsetenv("CACHE_DIRECTORY");
    cache_key(STR("files"), key);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    unlink(path);
    rmdir(dir);
    buf_fini(&c.text);
    buf_fini(&image);
    return 0;
}

static void store(void) {
    struct image im = {.flags = 2};

    im.sec[SEC_RULES] = STR("rules in force");
    buf_reset(&image);
    assert_true(image_write(&im, &image));
    buf_reset(&c.text);
    buf_text(&c.text, "a.yml:3: no such field");
    c.mistakes = 7;
    assert_int_equal(cache_store(dir, key, &c, buf_view(&image), NULL), RC_OK);
}

static int load(const uint8_t k[SHA256_SIZE], const char **why) {
    c.mistakes = 0;
    return cache_load(dir, k, &c, why);
}

static void refused(const char *what) {
    const char *why = NULL;
    int fd = load(key, &why);

    if (fd >= 0 || !why)
        fail_msg("%s: %s", what, fd >= 0 ? "was taken" : "was passed over without a word");
}

static void overwrite(struct str bytes) {
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, bytes, NULL), RC_OK);
    close(fd);
}

static void what_was_kept_comes_back_sealed(void **state) {
    const char *why;
    struct stat st;

    (void)state;
    store();
    int fd = load(key, &why);
    assert_true(fd >= 0);
    assert_null(why);
    lseek(fd, 0, SEEK_SET);
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    assert_int_equal(n, image.n);
    assert_memory_equal(bytes, buf_view(&image).p, image.n);
    assert_int_equal(c.mistakes, 7);
    assert_true(str_is(buf_view(&c.text), "a.yml:3: no such field"));
    assert_int_equal(write(fd, "x", 1), -1);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    close(fd);
}

static void other_files_have_another_key(void **state) {
    uint8_t other[SHA256_SIZE];
    const char *why;

    (void)state;
    store();
    cache_key(STR("file"), other);
    assert_memory_not_equal(other, key, sizeof key);
    assert_int_equal(load(other, &why), -1);
    assert_null(why); /* nothing is wrong with it */
    cache_key(STR("files"), other);
    assert_memory_equal(other, key, sizeof key);
}

static void without_a_file_nothing_is_said(void **state) {
    const char *why;

    (void)state;
    cache_drop(dir);
    assert_int_equal(load(key, &why), -1);
    assert_null(why);
    assert_int_equal(cache_load("/nowhere/at/all", key, &c, &why), -1);
    assert_null(why);
    assert_int_not_equal(cache_store("/nowhere/at/all", key, &c, buf_view(&image), NULL), RC_OK);
}

static void a_byte_that_is_another_is_found(void **state) {
    struct buf whole;

    (void)state;
    store();
    buf_init(&whole, 1 << 16);
    assert_int_equal(file_read(path, 1 << 16, &whole, NULL), RC_OK);
    char *bytes = malloc(whole.n);
    assert_non_null(bytes);
    for (size_t i = 0; i < whole.n; i++) {
        const char *why;
        memcpy(bytes, buf_view(&whole).p, whole.n);
        bytes[i] = (char)(bytes[i] ^ (1 << i % 8));
        overwrite(str_n(bytes, whole.n));
        int fd = load(key, &why);
        if (fd >= 0)
            fail_msg("byte %zu was changed and it was taken", i);
    }
    free(bytes);
    buf_fini(&whole);
}

static void a_half_written_one_is_found(void **state) {
    struct buf whole;

    (void)state;
    store();
    buf_init(&whole, 1 << 16);
    assert_int_equal(file_read(path, 1 << 16, &whole, NULL), RC_OK);
    for (size_t n = 0; n < whole.n; n++) {
        overwrite(str_sub(buf_view(&whole), 0, n));
        refused("a beginning");
    }
    buf_text(&whole, "more");
    overwrite(buf_view(&whole));
    refused("one with something behind it");
    buf_fini(&whole);
}

static void what_others_could_have_made_is_none(void **state) {
    char other[128];

    (void)state;
    store();
    assert_int_equal(chmod(path, 0640), 0);
    refused("one that others may read");
    assert_int_equal(chmod(path, 0602), 0);
    refused("one that others may write");
    assert_int_equal(chmod(path, 0600), 0);
    snprintf(other, sizeof other, "%s.other", path);
    assert_int_equal(link(path, other), 0);
    refused("one with a second name");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(other, path), 0);
    refused("a link to one");
    store(); /* takes the place of the link */
    const char *why;
    int fd = load(key, &why);
    assert_true(fd >= 0);
    close(fd);
    unlink(other);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused("a pipe");
    assert_int_equal(unlink(path), 0);
    if (geteuid() == 0) {
        store();
        assert_int_equal(chown(path, 65534, 65534), 0);
        refused("somebody else's");
    }
}

static void systemd_names_a_folder_in_which_no_role_may_write(void **state) {
    char name[] = "/tmp/tocsin-cache.XXXXXX", file[96];
    const char *why;
    struct stat st;
    struct err e = {0};

    (void)state;
    assert_non_null(mkdtemp(name));
    snprintf(file, sizeof file, "%s/" CACHE_FILE, name);
    unlink(path);
    setenv("CACHE_DIRECTORY", name, 1);
    assert_int_equal(cache_store(dir, key, &c, buf_view(&image), &e), RC_OK);
    assert_int_equal(stat(file, &st), 0);
    assert_int_not_equal(stat(path, &st), 0);
    int fd = cache_load(dir, key, &c, &why);
    assert_true(fd >= 0);
    close(fd);
    setenv("CACHE_DIRECTORY", "/nowhere:/here", 1);
    assert_string_equal(cache_folder(dir), dir);
    setenv("CACHE_DIRECTORY", "here", 1);
    assert_string_equal(cache_folder(dir), dir);
    unsetenv("CACHE_DIRECTORY");
    assert_string_equal(cache_folder(dir), dir);
    unlink(file);
    rmdir(name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_comes_back_sealed),     cmocka_unit_test(other_files_have_another_key),
        cmocka_unit_test(without_a_file_nothing_is_said),      cmocka_unit_test(a_byte_that_is_another_is_found),
        cmocka_unit_test(a_half_written_one_is_found),         cmocka_unit_test(what_others_could_have_made_is_none),
        cmocka_unit_test(systemd_names_a_folder_in_which_no_role_may_write),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

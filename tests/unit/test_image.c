/* SPDX-License-Identifier: ISC
 *
 * test_image.c - sections of bytes in one block; nothing in a damaged one is believed
 */
#include "unit.h"

#include "daemon/bundle.h"
#include "daemon/image.h"

static struct tree **docs_of(const char *yaml, size_t *n) {
    struct tree **v = NULL;
    struct err e = {0};

    *n = 0;
    assert_int_equal(tree_from_yaml("t.yaml", str_of(yaml), &v, n, &e), RC_OK);
    return v;
}

static void make(struct buf *out) {
    struct buf trees, zones;
    size_t n;
    struct tree **v = docs_of("a: 1\n---\nb: [x, y]\n", &n);

    buf_init(&trees, 1u << 20);
    buf_init(&zones, 1u << 20);
    buf_init(out, 1u << 20);
    trees_write(v, n, &trees);
    pairs_add(&zones, "", STR("UTC"));
    pairs_add(&zones, "Europe/Berlin", STR("not really"));
    struct image im = {.flags = 5};
    im.sec[SEC_RULES] = buf_view(&trees);
    im.sec[SEC_ZONES] = buf_view(&zones);
    assert_true(image_write(&im, out));
    for (size_t i = 0; i < n; i++)
        tree_free(v[i]);
    free(v);
    buf_fini(&trees);
    buf_fini(&zones);
}

static void what_is_written_is_found_again(void **state) {
    struct buf b;
    struct image im;
    struct trees t;
    struct err e = {0};

    (void)state;
    make(&b);
    assert_int_equal(image_open(buf_view(&b), &im, &e), RC_OK);
    assert_int_equal(im.flags, 5);
    assert_int_equal(im.sec[SEC_CONFIG].n, 0);
    assert_int_equal(trees_open(im.sec[SEC_RULES], &t, &e), RC_OK);
    assert_int_equal(t.n, 2);
    assert_true(str_is(tree_get_text(tree_root(t.v[0]), "a"), "1"));
    assert_int_equal(tree_count(tree_get(tree_root(t.v[1]), "b")), 2);
    trees_fini(&t);
    assert_true(str_is(pairs_find(im.sec[SEC_ZONES], "Europe/Berlin"), "not really"));
    assert_true(str_is(pairs_find(im.sec[SEC_ZONES], ""), "UTC"));
    assert_true(str_absent(pairs_find(im.sec[SEC_ZONES], "Europe/Rome")));
    assert_int_equal(trees_open(im.sec[SEC_CONFIG], &t, &e), RC_OK);
    assert_int_equal(t.n, 0);
    buf_fini(&b);
}

/* In a block of exactly that size, so that a byte read behind it is seen. */
static void look(const char *p, size_t n) {
    struct image im;
    struct trees t;
    struct err e = {0};
    char *copy = malloc(n ? n : 1);

    memcpy(copy, p, n);
    if (image_open(str_n(copy, n), &im, &e) == RC_OK) {
        if (trees_open(im.sec[SEC_RULES], &t, &e) == RC_OK)
            trees_fini(&t);
        pairs_find(im.sec[SEC_ZONES], "nowhere");
    }
    free(copy);
}

static void every_truncation_is_survived(void **state) {
    struct buf b;

    (void)state;
    make(&b);
    for (size_t n = 0; n < b.n; n++)
        look(b.p, n);
    buf_fini(&b);
}

static void every_flipped_byte_is_survived(void **state) {
    struct buf b;

    (void)state;
    make(&b);
    for (size_t i = 0; i < b.n; i++)
        for (int bit = 0; bit < 8; bit += 7) {
            b.p[i] = (char)(b.p[i] ^ 1 << bit);
            look(b.p, b.n);
            b.p[i] = (char)(b.p[i] ^ 1 << bit);
        }
    buf_fini(&b);
}

static void files_come_out_of_a_bundle_in_order(void **state) {
    struct buf b;
    enum section kind;
    struct str name, bytes;
    bool bad = false;

    (void)state;
    buf_init(&b, 4096);
    bundle_add(&b, SEC_CONFIG, "tocsin.yaml", STR("state: /x\n"));
    bundle_add(&b, SEC_RULES, "rules.d/a.yml", STR(""));
    struct str rest = buf_view(&b);
    assert_true(bundle_next(&rest, &kind, &name, &bytes, &bad));
    assert_int_equal(kind, SEC_CONFIG);
    assert_true(str_is(bytes, "state: /x\n"));
    assert_true(bundle_next(&rest, &kind, &name, &bytes, &bad));
    assert_true(str_is(name, "rules.d/a.yml"));
    assert_int_equal(bytes.n, 0);
    assert_false(bundle_next(&rest, &kind, &name, &bytes, &bad));
    assert_false(bad);
    rest = str_sub(buf_view(&b), 0, b.n - 1);
    assert_true(bundle_next(&rest, &kind, &name, &bytes, &bad));
    assert_false(bundle_next(&rest, &kind, &name, &bytes, &bad));
    assert_true(bad);
    buf_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_found_again),
        cmocka_unit_test(every_truncation_is_survived),
        cmocka_unit_test(every_flipped_byte_is_survived),
        cmocka_unit_test(files_come_out_of_a_bundle_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

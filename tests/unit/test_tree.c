/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/tree.h"

static struct tree *one(const char *yaml) {
    struct tree **v = NULL;
    size_t n = 0;
    struct err e = {0};

    if (tree_from_yaml("t.yaml", str_of(yaml), &v, &n, &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_int_equal(n, 1);
    struct tree *t = v[0];
    free(v);
    return t;
}

static enum rc read_yaml(struct str text, struct err *e) {
    struct tree **v = NULL;
    size_t n = 0;
    enum rc rc = tree_from_yaml("t.yaml", text, &v, &n, e);

    for (size_t i = 0; i < n; i++)
        tree_free(v[i]);
    free(v);
    return rc;
}

static void scalars_keep_their_text_as_written(void **state) {
    (void)state;
    struct tree *t =
        one("a: no\nb: 0123\nc: 1e3\nd: 'it''s'\ne: \"x\\ty\"\nf: ~\ng: 'null'\nh:\ni: |\n  two\n  lines\nj: \"\"\n");
    const struct tree_node *r = tree_root(t);

    assert_int_equal(tree_kind(r), TREE_MAP);
    assert_int_equal(tree_count(r), 10);
    assert_str(tree_get_text(r, "a"), "no");
    assert_str(tree_get_text(r, "b"), "0123");
    assert_str(tree_get_text(r, "c"), "1e3");
    assert_str(tree_get_text(r, "d"), "it's");
    assert_str(tree_get_text(r, "e"), "x\ty");
    assert_int_equal(tree_kind(tree_get(r, "f")), TREE_NULL);
    assert_true(str_absent(tree_get_text(r, "f")));
    assert_str(tree_get_text(r, "g"), "null");
    assert_true(tree_quoted(tree_get(r, "g")));
    assert_false(tree_quoted(tree_get(r, "a")));
    assert_int_equal(tree_kind(tree_get(r, "h")), TREE_NULL);
    assert_str(tree_get_text(r, "i"), "two\nlines\n");
    assert_int_equal(tree_kind(tree_get(r, "j")), TREE_SCALAR);
    assert_null(tree_get(r, "nowhere"));
    assert_null(tree_get(NULL, "a"));
    assert_int_equal(tree_get_text(r, "a").p[2], '\0');
    tree_free(t);
}

static void lists_and_maps_are_walked_in_order(void **state) {
    (void)state;
    struct tree *t = one("list:\n  - one\n  - {a: 1, b: [2, 3]}\n  - []\nlast: x\n");
    const struct tree_node *list = tree_get(tree_root(t), "list"), *n = tree_first(list);

    assert_int_equal(tree_count(list), 3);
    assert_str(tree_text(n), "one");
    assert_true(str_absent(tree_key(n)));
    n = tree_next(n);
    assert_str(tree_get_text(n, "a"), "1");
    assert_str(tree_text(tree_next(tree_first(tree_get(n, "b")))), "3");
    n = tree_next(n);
    assert_int_equal(tree_kind(n), TREE_LIST);
    assert_null(tree_first(n));
    assert_null(tree_next(n));
    assert_str(tree_key(tree_next(list)), "last");
    assert_ptr_equal(tree_of(list), t);
    assert_string_equal(tree_file(t), "t.yaml");
    tree_free(t);
}

static void every_node_knows_its_place(void **state) {
    (void)state;
    struct tree *t = one("a: 1\nbb:\n  - x\n  -   yy\n");
    const struct tree_node *yy = tree_next(tree_first(tree_get(tree_root(t), "bb")));
    struct err e = {0};
    char out[200];

    assert_int_equal(tree_line(yy), 4);
    assert_int_equal(tree_col(yy), 7);
    assert_int_equal(tree_col(tree_get(tree_root(t), "a")), 4);
    assert_int_equal(tree_key_col(tree_get(tree_root(t), "a")), 1);
    assert_int_equal(tree_err(yy, &e, RC_CONFIG, "\"%s\" is wrong", "yy"), RC_CONFIG);
    assert_string_equal(err_format(&e, out, sizeof out), "t.yaml:4:7: \"yy\" is wrong");
    assert_int_equal(tree_err(NULL, NULL, RC_CONFIG, "x"), RC_CONFIG);
    tree_free(t);
}

static void every_document_is_a_tree(void **state) {
    (void)state;
    struct tree **v = NULL;
    size_t n = 0;

    assert_int_equal(tree_from_yaml("t", STR("a: 1\n---\n- b\n---\nc\n"), &v, &n, NULL), RC_OK);
    assert_int_equal(n, 3);
    assert_int_equal(tree_kind(tree_root(v[1])), TREE_LIST);
    assert_str(tree_text(tree_root(v[2])), "c");
    /* what fails in its second document leaves nothing behind */
    assert_int_equal(tree_from_yaml("t", STR("a: 1\n---\n*x\n"), &v, &n, NULL), RC_INVALID);
    assert_int_equal(n, 3);
    assert_int_equal(tree_from_yaml("t", STR(""), &v, &n, NULL), RC_OK);
    assert_int_equal(tree_from_yaml("t", STR("# only a comment\n"), &v, &n, NULL), RC_OK);
    assert_int_equal(n, 3);
    while (n)
        tree_free(v[--n]);
    free(v);
}

static void surprises_of_yaml_are_refused_with_their_place(void **state) {
    (void)state;
    static const struct {
        struct str text;
        int line, col;
        const char *why;
    } rows[] = {
        {STR("a: &x 1\nb: 2\n"), 1, 4, "anchor"},
        {STR("a: 1\nb: *x\n"), 2, 4, "alias"},
        {STR("a: !!str 1\n"), 1, 4, "tag"},
        {STR("a: !x [1]\n"), 1, 4, "tag of a list"},
        {STR("a: &x {b: 1}\n"), 1, 4, "anchor of a map"},
        {STR("a: 1\nb: 2\na: 3\n"), 3, 1, "key twice"},
        {STR("a: {b: 1, c: 2, b: 3}\n"), 1, 17, "key twice in a flow map"},
        {STR("a: 1\n'a': 2\n"), 2, 1, "key twice, once quoted"},
        {STR("[a]: 1\n"), 1, 1, "a list for a key"},
        {STR("a: \"x\\0y\"\n"), 1, 4, "NUL in a text"},
        {STR("a: [1, 2\n"), 2, 1, "no end"},
        {STR("a:\n\tb: 1\n"), 2, 1, "tab"},
        {STR("a: 'x\n"), 2, 1, "no closing quote"},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str s = unit_exact(rows[i].text);
        struct err e = {0};
        check_row(read_yaml(s, &e) == RC_INVALID, rows[i].why);
        check_row(strcmp(e.file, "t.yaml") == 0, rows[i].why);
        if (e.line != rows[i].line || e.col != rows[i].col)
            fail_msg("%s: at %d:%d (%s)", rows[i].why, e.line, e.col, e.text);
        free((char *)s.p);
    }
    struct err e = {0};
    assert_int_equal(read_yaml(STR("a: \xff\n"), &e), RC_INVALID);
    assert_int_equal(read_yaml(STR("\xff\xfe"
                                   "a\0:\0"),
                               &e),
                     RC_INVALID);                                                          /* UTF-16 */
    assert_int_equal(read_yaml(STR("a: 1\nb: {a: 1}\nc: [{a: 1}, {a: 2}]\n"), &e), RC_OK); /* the same key elsewhere */
}

static void bombs_are_small(void **state) {
    (void)state;
    struct buf b;
    struct err e = {0};

    buf_init(&b, 16 << 20);
    for (int depth = 64; depth <= 65; depth++) {
        buf_reset(&b);
        for (int i = 0; i < depth; i++)
            buf_c(&b, '[');
        for (int i = 0; i < depth; i++)
            buf_c(&b, ']');
        assert_int_equal(read_yaml(buf_view(&b), &e), depth == 64 ? RC_OK : RC_LIMIT);
    }
    static const char *const nests[] = {"[", "{a: ", "- ", "? ", "[ [\n"};
    for (size_t k = 0; k < ARRAY_N(nests); k++) {
        buf_reset(&b);
        for (int i = 0; i < 100000; i++)
            buf_text(&b, nests[k]);
        assert_int_not_equal(read_yaml(buf_view(&b), &e), RC_OK);
    }
    buf_reset(&b);
    for (int i = 0; i < 200001; i++)
        buf_text(&b, "- x\n");
    assert_int_equal(read_yaml(buf_view(&b), &e), RC_LIMIT);
    buf_reset(&b);
    for (int i = 0; i < 90000; i++)
        buf_printf(&b, "k%d: x\n", i);
    assert_int_equal(read_yaml(buf_view(&b), &e), RC_OK);
    buf_reset(&b);
    while (b.n <= 8 << 20)
        buf_text(&b, "# much ado about nothing, and more of it than anybody would ever write by hand\n");
    assert_int_equal(read_yaml(buf_view(&b), &e), RC_LIMIT);
    buf_fini(&b);
}

static void json_makes_the_same_tree(void **state) {
    (void)state;
    struct tree *t = NULL;
    struct err e = {0};

    assert_int_equal(tree_from_json("t.json", STR("{\"a\":[1.50,true,null,\"null\"],\"b\":{\"c\":\"x\"}}"), &t, &e), RC_OK);
    const struct tree_node *n = tree_first(tree_get(tree_root(t), "a"));
    assert_str(tree_text(n), "1.50");
    assert_false(tree_quoted(n));
    assert_str(tree_text(n = tree_next(n)), "true");
    assert_int_equal(tree_kind(n = tree_next(n)), TREE_NULL);
    assert_str(tree_text(n = tree_next(n)), "null");
    assert_true(tree_quoted(n));
    assert_str(tree_get_text(tree_get(tree_root(t), "b"), "c"), "x");
    tree_free(t);
    assert_int_equal(tree_from_json("t.json", STR("{\n\"a\":1,\n\"a\":2}"), &t, &e), RC_INVALID);
    assert_string_equal(e.file, "t.json");
    assert_int_equal(e.line, 3);
    assert_null(t);
}

/* A tree as it lies in an image that was written to: whatever the byte, it is refused or can be walked. */
static unsigned walk(const struct tree_node *n, int depth) {
    unsigned sum = (unsigned)(tree_text(n).n + tree_key(n).n + (tree_key(n).p ? strlen(tree_key(n).p) : 0));

    assert_true(depth <= 65);
    for (const struct tree_node *kid = tree_first(n); kid; kid = tree_next(kid))
        sum += walk(kid, depth + 1);
    return sum + 1;
}

static void a_damaged_image_is_refused_or_whole(void **state) {
    (void)state;
    struct tree *t = one("a: 1\nb: [x, {y: z, w: ~}, []]\nc: {d: {e: f}}\n");
    const struct tree *back = NULL;
    struct str bytes = tree_bytes(t);
    unsigned whole = walk(tree_root(t), 0), refused = 0;

    assert_int_equal(bytes.n % 8, 0);
    assert_int_equal(tree_open(bytes, &back, NULL), RC_OK);
    assert_int_equal(walk(tree_root(back), 0), whole);
    for (size_t n = 0; n < bytes.n; n++) {
        struct str s = unit_exact(str_sub(bytes, 0, n));
        assert_int_equal(tree_open(s, &back, NULL), RC_INVALID);
        free((char *)s.p);
    }
    for (size_t i = 0; i < bytes.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct str s = unit_exact(bytes);
            ((char *)(uintptr_t)s.p)[i] ^= (char)(1 << bit);
            if (tree_open(s, &back, NULL) == RC_OK)
                walk(tree_root(back), 0);
            else
                refused++;
            free((char *)s.p);
        }
    assert_true(refused > bytes.n);
    tree_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_keep_their_text_as_written),
        cmocka_unit_test(lists_and_maps_are_walked_in_order),
        cmocka_unit_test(every_node_knows_its_place),
        cmocka_unit_test(every_document_is_a_tree),
        cmocka_unit_test(surprises_of_yaml_are_refused_with_their_place),
        cmocka_unit_test(bombs_are_small),
        cmocka_unit_test(json_makes_the_same_tree),
        cmocka_unit_test(a_damaged_image_is_refused_or_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/digest.h"
#include "base/pack.h"
#include "base/rng.h"

static struct str fill(char *p, char c, size_t n) {
    memset(p, c, n);
    return str_n(p, n);
}

/* RFC 4231, section 4 (case 5 is about truncation, which we do not do) */
static void hmac_gives_the_vectors_of_rfc_4231(void **state) {
    (void)state;
    char key[131], data[64];
    unsigned char count[25];
    for (unsigned i = 0; i < 25; i++)
        count[i] = (unsigned char)(i + 1);
    const struct {
        struct str key, data;
        const char *want;
    } rows[] = {
        {STR("\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"), STR("Hi There"),
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {STR("Jefe"), STR("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {STR("\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"), fill(data, (char)0xdd, 50),
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
        {str_n(count, 25),
         STR("\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
             "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"),
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
        {fill(key, (char)0xaa, 131), STR("Test Using Larger Than Block-Size Key - Hash Key First"),
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
        {str_n(key, 131),
         STR("This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed "
             "before "
             "being used by the HMAC algorithm."),
         "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        uint8_t out[SHA256_SIZE];
        char hex[SHA256_HEX];
        hmac_sha256(rows[i].key, rows[i].data, out);
        hex_of(out, sizeof out, hex);
        assert_string_equal(hex, rows[i].want);
        /* in pieces it is the same */
        struct str pieces[3] = {str_sub(rows[i].data, 0, 3), STR_NONE, str_sub(rows[i].data, 3, SIZE_MAX)};
        hmac_sha256_v(rows[i].key, pieces, 3, out);
        hex_of(out, sizeof out, hex);
        assert_string_equal(hex, rows[i].want);
    }
}

static void sha256_gives_the_vectors_of_fips_180(void **state) {
    (void)state;
    uint8_t out[SHA256_SIZE], again[SHA256_SIZE];
    char hex[SHA256_HEX];

    sha256_of(STR("abc"), out);
    hex_of(out, sizeof out, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_of(STR_NONE, out);
    hex_of(out, sizeof out, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    struct sha256 *h = sha256_new();
    sha256_add(h, NULL, 0);
    sha256_end(h, again);
    assert_memory_equal(out, again, sizeof out);
}

static void secrets_are_equal_only_in_every_byte(void **state) {
    (void)state;
    assert_true(equal_secret(STR("s3cret"), STR("s3cret")));
    assert_false(equal_secret(STR("s3cret"), STR("s3creT")));
    assert_false(equal_secret(STR("s3cret"), STR("s3cre")));
    assert_true(equal_secret(STR_NONE, STR("")));
}

static void hexadecimal_is_read_strictly(void **state) {
    (void)state;
    uint8_t out[2] = {1, 2};

    assert_true(hex_parse(STR("00fF"), out, 2));
    assert_int_equal(out[1], 255);
    assert_false(hex_parse(STR("00f"), out, 2));
    assert_false(hex_parse(STR("00ffa"), out, 2));
    assert_false(hex_parse(STR("00fg"), out, 2));
    assert_false(hex_parse(STR("0x1f"), out, 2));
    assert_false(hex_parse(STR_NONE, out, 2));
}

static void base64_goes_there_and_back(void **state) {
    (void)state;
    static const struct {
        const char *plain, *text;
    } rows[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}}; /* RFC 4648, 10 */
    struct buf b;

    buf_init(&b, 1000);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        buf_reset(&b);
        assert_true(base64_add(&b, rows[i].plain, strlen(rows[i].plain), 0));
        assert_str(buf_view(&b), rows[i].text);
        buf_reset(&b);
        assert_true(base64_parse(str_of(rows[i].text), &b));
        assert_str(buf_view(&b), rows[i].plain);
    }
    buf_reset(&b);
    base64_add(&b, "foobarfoobar", 12, 8);
    assert_str(buf_view(&b), "Zm9vYmFy\r\nZm9vYmFy");
    buf_fini(&b);
}

static void base64_is_read_strictly(void **state) {
    (void)state;
    static const struct {
        struct str text;
        const char *why;
    } rows[] = {
        {STR("Zg"), "no padding"},       {STR("Zg="), "half of the padding"},
        {STR("Zh=="), "bits left over"}, {STR("Zm9="), "bits left over"},
        {STR("Zg==Zg=="), "two texts"},  {STR("Zm 9"), "blank"},
        {STR("Zm9v\n"), "newline"},      {STR("Zm9-"), "the other alphabet"},
        {STR("===="), "only padding"},   {STR("Z==="), "too much padding"},
        {STR("Zm\0v"), "NUL"},
    };
    struct buf b;

    buf_init(&b, 1000);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str s = unit_exact(rows[i].text);
        check_row(!base64_parse(s, &b), rows[i].why);
        free((char *)s.p);
    }
    buf_fini(&b);
}

static void what_is_packed_is_unpacked(void **state) {
    (void)state;
    static const int64_t numbers[] = {0, 1, -1, 63, -64, 64, 127, 128, 300, -300, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    struct buf b;
    struct unpack u;

    buf_init(&b, 4096);
    pack_u8(&b, 200);
    pack_u16(&b, 0x1234);
    pack_u32(&b, 0xdeadbeef);
    pack_str(&b, STR_NONE);
    pack_str(&b, STR(""));
    pack_str(&b, str_n("a\0b", 3));
    for (size_t i = 0; i < ARRAY_N(numbers); i++) {
        pack_i64(&b, numbers[i]);
        pack_varint(&b, (uint64_t)numbers[i]);
        pack_svarint(&b, numbers[i]);
    }
    assert_memory_equal(b.p + 1, "\x12\x34\xde\xad\xbe\xef\xff\xff\xff\xff", 10);
    unpack_init(&u, buf_view(&b));
    assert_int_equal(unpack_u8(&u), 200);
    assert_int_equal(unpack_u16(&u), 0x1234);
    assert_int_equal(unpack_u32(&u), 0xdeadbeef);
    assert_true(str_absent(unpack_str(&u, 0)));
    struct str empty = unpack_str(&u, 0);
    assert_true(!str_absent(empty) && empty.n == 0);
    assert_true(str_eq(unpack_str(&u, 3), str_n("a\0b", 3)));
    for (size_t i = 0; i < ARRAY_N(numbers); i++) {
        assert_true(unpack_i64(&u) == numbers[i]);
        assert_true(unpack_varint(&u) == (uint64_t)numbers[i]);
        assert_true(unpack_svarint(&u) == numbers[i]);
    }
    assert_true(unpack_done(&u));
    assert_int_equal(unpack_u8(&u), 0);
    assert_false(unpack_done(&u));
    buf_fini(&b);
}

static void a_short_or_long_text_turns_the_reader_bad(void **state) {
    (void)state;
    struct buf b;
    struct unpack u;

    buf_init(&b, 100);
    pack_str(&b, STR("hello"));
    pack_u64(&b, 7);
    for (size_t n = 0; n < b.n; n++) {
        struct str s = unit_exact(str_sub(buf_view(&b), 0, n));
        unpack_init(&u, s);
        unpack_str(&u, 5);
        assert_int_equal(unpack_u64(&u), 0);
        assert_true(u.bad);
        free((char *)s.p);
    }
    unpack_init(&u, buf_view(&b));
    assert_true(str_absent(unpack_str(&u, 4)));
    assert_true(u.bad);
    buf_fini(&b);
    struct str endless = STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    unpack_init(&u, endless);
    unpack_varint(&u);
    assert_true(u.bad);
    unpack_init(&u, STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")); /* bit 64 */
    unpack_varint(&u);
    assert_true(u.bad);
}

static void random_text_is_of_the_length_asked(void **state) {
    (void)state;
    char hex[33];

    rng_hex(hex, 16);
    assert_int_equal(strlen(hex), 32);
    assert_int_not_equal(rng_u64(), rng_u64());
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hmac_gives_the_vectors_of_rfc_4231),   cmocka_unit_test(sha256_gives_the_vectors_of_fips_180),
        cmocka_unit_test(secrets_are_equal_only_in_every_byte), cmocka_unit_test(hexadecimal_is_read_strictly),
        cmocka_unit_test(base64_goes_there_and_back),           cmocka_unit_test(base64_is_read_strictly),
        cmocka_unit_test(what_is_packed_is_unpacked),           cmocka_unit_test(a_short_or_long_text_turns_the_reader_bad),
        cmocka_unit_test(random_text_is_of_the_length_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: ISC
 *
 * identity.c - who asks
 *
 * Takes   a bearer token, or the user id that the kernel vouches for (SO_PEERCRED).
 * Gives   an actor. A token that is wrong is never replaced by the user id. Root and the daemon's own user (a person trying it out) are admin,
 *         never an officer, even if the roster says so.
 * Keeps   sha256 of tokens, never tokens: whoever reads the file cannot ask for anything with it.
 */
#include "control/cmd.h"

#include "base/digest.h"
#include "base/file.h"

#include <string.h>
#include <unistd.h>

static const struct token *token_find(const struct control *c, struct str token) {
    uint8_t sum[SHA256_SIZE];
    char hex[SHA256_HEX];
    const struct token *found = NULL;

    sha256_of(token, sum);
    hex_of(sum, sizeof sum, hex);
    for (size_t i = 0; i < c->ntokens; i++)
        if (equal_secret(str_of(c->tokens[i].digest), str_of(hex)))
            found = &c->tokens[i];
    return found;
}

static enum rc take_person(struct call *k, const struct person *p) {
    k->who = (struct actor){.id = p->db_id, .person = p, .login = str_of(p->login)};
    for (size_t org = 0; org < k->c->roster->norgs; org++)
        k->roles |= person_roles(p, (uint16_t)org, k->now);
    return RC_OK;
}

static enum rc by_token(struct call *k, struct str header, struct err *e) {
    const struct token *t = NULL;
    const struct person *p = NULL;

    if (str_starts(header, STR("Bearer ")))
        t = token_find(k->c, str_trim(str_sub(header, 7, header.n)));
    if (t && k->c->roster)
        p = roster_person(k->c->roster, str_of(t->login));
    if (p)
        return take_person(k, p);
    err_set(e, RC_UNAUTH, t ? "the token is of somebody who is no longer in the roster" : "the token is not known here");
    err_hint(e, "an administrator makes a new one: tocsin token add LOGIN");
    return RC_UNAUTH;
}

static enum rc by_uid(struct call *k, int64_t uid, struct err *e) {
    const struct person *p = NULL;

    if (uid == 0 || (uid >= 0 && uid == (int64_t)geteuid())) {
        k->who = (struct actor){.admin = true, .login = uid ? STR("admin") : STR("root")};
        k->roles = ROLE_BIT(ROLE_ADMIN);
        return RC_OK;
    }
    if (uid >= 0 && k->c->roster)
        p = roster_uid(k->c->roster, uid);
    if (p)
        return take_person(k, p);
    err_set(e, RC_UNAUTH, "nobody knows who asks: no token came, and user id %lld is of nobody in the roster", (long long)uid);
    err_hint(e, "ask an administrator for: tocsin token add LOGIN --out ~/.config/tocsin/token");
    return RC_UNAUTH;
}

enum rc identity_of(struct call *k, struct err *e) {
    struct str header = http_header(k->r, "Authorization");

    return str_absent(header) ? by_uid(k, http_peer(k->r)->uid, e) : by_token(k, header, e);
}

bool identity_everywhere(const struct call *k) {
    if (k->who.admin)
        return true;
    for (size_t i = 0; k->who.person && k->c->roster && i < k->c->roster->norgs; i++)
        if (!(person_roles(k->who.person, (uint16_t)i, k->now) & k->cmd->who))
            return false;
    return k->who.person != NULL;
}

static bool token_line(struct str line, struct token *t) {
    struct str login = str_cut(&line, ' '), digest = str_cut(&line, ' ');
    uint8_t sum[SHA256_SIZE];

    return login.n && str_copy(t->login, sizeof t->login, login) && hex_parse(digest, sum, sizeof sum) &&
           str_copy(t->digest, sizeof t->digest, digest) && time_parse(line, &t->created, NULL);
}

enum rc identity_load(struct control *c, struct err *e) {
    struct buf b;
    enum rc rc = RC_OK;
    int n = 0;

    if (access(c->token_file, F_OK) != 0)
        return RC_OK;
    buf_init(&b, TOKENS_MAX * 256);
    rc = file_read_secret(c->token_file, b.max, &b, e);
    for (struct str rest = buf_view(&b); rc == RC_OK && rest.n;) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        n++;
        if (!line.n || line.p[0] == '#')
            continue;
        if (c->ntokens == TOKENS_MAX || !token_line(line, &c->tokens[c->ntokens]))
            rc = err_at(e, RC_CONFIG, c->token_file, n, 1, "this is not: login, sha256, time");
        else
            c->ntokens++;
    }
    buf_fini(&b);
    return rc;
}

enum rc identity_save(struct control *c, struct err *e) {
    struct buf b;
    char at[TIME_TEXT];
    enum rc rc;

    buf_init(&b, TOKENS_MAX * 256);
    buf_text(&b, "# sha256 of the tokens by which people are known: login, digest, made at. Written by tocsind.\n");
    for (size_t i = 0; i < c->ntokens; i++)
        buf_printf(&b, "%s %s %s\n", c->tokens[i].login, c->tokens[i].digest, time_format(c->tokens[i].created, 0, at));
    rc = file_write(c->token_file, buf_view(&b), 0600, e);
    buf_fini(&b);
    return rc;
}

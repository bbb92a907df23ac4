/* SPDX-License-Identifier: ISC
 *
 * text.c - what is in no other format: kept whole, and looked at as it stands
 */
#include "parse/format.h"
#include "parse/stamp.h"

bool text_parse(struct message *m, struct str rest, enum pri_kind pri) {
    m->msg = rest.n ? rest : STR_NONE;
    stamp_front(rest, &m->ts); /* no header, but the time is the time */
    /* a PRI promises syslog, and this is none */
    m->valid = pri == PRI_NONE && rest.n;
    return true;
}

/* SPDX-License-Identifier: ISC
 *
 * assess.h - stage 0: what a machine proposes about an event (process.md 2.1, 4); pure
 */
#ifndef TOCSIN_CASE_ASSESS_H
#define TOCSIN_CASE_ASSESS_H

#include "base/buf.h"
#include "model/person.h"
#include "model/record.h"
#include "model/sighting.h"

/* The integer formula of process.md 4; proven against process/priority_vectors.tsv. machine: confidence below 30 lowers by one
 * (never for what a human set), I4 never below P3. */
void priority_compute(const struct prio_in *in, bool machine, struct prio_out *out);

/* Completes a rule's inputs with the asset's need and data category (NULL: need 2, data 0) and the source's trust. */
void assess_inputs(const struct prio_in *rule, const struct asset *a, int trust, struct prio_in *out);
/* Combines the confidence of n independent rules (cap 95). */
int assess_confidence(const int *c, size_t n);
/* severity 0..15, shown by explain only, from level and outcome by one table that the manual shows. */
int assess_severity(int level, int outcome);
/* Fingerprint: sha256 hex (first 32 digits) over rule id, organisation and the entity fields that are there. */
void fingerprint_of(struct str rule, struct str org, const struct str *names, size_t n, const struct field *fields, size_t nfields, char out[33]);
/* "Password guessing from {src_ip}": single pass, unknown or absent field gives "?"; values escaped and cut to 80 bytes each, the
 * whole to 200 bytes; never a newline. */
void title_render(struct str pattern, const struct field *fields, size_t nfields, struct buf *out);
/* RSIT criteria C1..C9 that the inputs meet (process.md 2.1), as ["C2"] JSON; and the recommendation. */
bool assess_criteria(const struct prio_in *in, const struct prio_out *out, struct buf *json);

#endif

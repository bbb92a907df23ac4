/* SPDX-License-Identifier: ISC
 *
 * priority.c - impact and urgency to priority, in integers (process.md 4)
 *
 * Takes   every input by itself, as the record keeps them: anyone can count it again.
 * Gives   score, impact level, urgency, priority.
 * Keeps   nothing.
 */
#include "case/assess.h"

static const uint8_t matrix[5][4] = {
    /* U1 U2 U3 U4 */
    {5, 5, 5, 4}, /* I0 */
    {5, 4, 4, 3}, /* I1 */
    {4, 3, 3, 2}, /* I2 */
    {3, 2, 2, 1}, /* I3 */
    {2, 1, 1, 1}, /* I4 */
};

static int impact_score(const struct prio_in *in) {
    int base = 0, score;

    for (int i = 0; i < 3; i++)
        if (in->impact[i] * in->need[i] > base)
            base = in->impact[i] * in->need[i];
    if (base == 0)
        return 0;
    /* data are touched through confidentiality or integrity only: a machine that is merely down gives none away */
    score = 5 * base + 3 * (in->impact[0] || in->impact[1] ? in->data : 0) + 3 * in->scope;
    return score < 100 ? score : 100;
}

static int impact_level(int score, int floor) {
    int level = score >= 75 ? 4 : score >= 50 ? 3 : score >= 25 ? 2 : score > 0 ? 1 : 0;

    if (floor > 4)
        floor = 4;
    return level > floor ? level : floor;
}

static int urgency(const struct prio_in *in) {
    int u = word_value((enum word_id)in->outcome) + word_value((enum word_id)in->activity);
    return u < 1 ? 1 : u > 4 ? 4 : u;
}

void priority_compute(const struct prio_in *in, bool machine, struct prio_out *out) {
    int score = impact_score(in), level = impact_level(score, in->floor), u = urgency(in), p = matrix[level][u - 1];

    if (machine && in->confidence < 30 && p < 5)
        p++;
    if (level == 4 && p > 3)
        p = 3;
    *out = (struct prio_out){(uint8_t)score, (uint8_t)level, (uint8_t)u, (uint8_t)p};
}

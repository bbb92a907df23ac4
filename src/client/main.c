/* SPDX-License-Identifier: ISC
 *
 * main.c - the client's way in
 */
#include "config.h"

#include <stdio.h>

int main(void) {
    return puts("tocsin " TOCSIN_VERSION) < 0;
}

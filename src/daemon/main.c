/* SPDX-License-Identifier: ISC
 *
 * main.c - the daemon's way in
 */
#include "config.h"

#include <stdio.h>

int main(void) {
    return puts("tocsind " TOCSIN_VERSION) < 0;
}

/* SPDX-License-Identifier: ISC
 *
 * replay.c - the main of a fuzz harness when libFuzzer is not there: runs every file named on the command line through it
 *
 * Takes   files and directories (one level).
 * Gives   0 when the harness came back from each of them.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static unsigned replayed;

/* The bytes stand in a block of exactly their size, so that a sanitizer sees the first byte read too far. */
static int replay_file(const char *path) {
    FILE *f = fopen(path, "rbe");
    struct stat st;

    if (!f || fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
        perror(path);
        if (f)
            fclose(f);
        return 1;
    }
    size_t n = (size_t)st.st_size;
    uint8_t *p = malloc(n ? n : 1);
    int failed = !p || fread(p, 1, n, f) != n;

    if (!failed) {
        LLVMFuzzerTestOneInput(p, n);
        replayed++;
    }
    free(p);
    fclose(f);
    return failed;
}

static int replay_dir(const char *path) {
    DIR *d = opendir(path);
    char file[4096];
    int failed = 0;

    if (!d)
        return replay_file(path);
    for (struct dirent *e; (e = readdir(d));)
        if (e->d_name[0] != '.' && snprintf(file, sizeof file, "%s/%s", path, e->d_name) < (int)sizeof file)
            failed |= replay_file(file);
    closedir(d);
    return failed;
}

int main(int argc, char **argv) {
    int failed = 0;

    for (int i = 1; i < argc; i++)
        failed |= replay_dir(argv[i]);
    printf("%u inputs replayed\n", replayed);
    return failed;
}

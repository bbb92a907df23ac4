# SPDX-License-Identifier: ISC
# embed.awk - a schema file as a C array of bytes: awk -v name=schema_001 -f embed.awk 001-record.sql
BEGIN {
    for (i = 0; i < 256; i++)
        code[sprintf("%c", i)] = i
    printf "/* made by embed.awk */\nextern const char %s[];\nconst char %s[] = {\n", name, name
}
{
    n = length($0)
    for (i = 1; i <= n; i++)
        printf "%d,", code[substr($0, i, 1)]
    printf "10,\n"
}
END { print "0};" }

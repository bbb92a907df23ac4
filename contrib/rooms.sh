#!/usr/bin/env bash
# SPDX-License-Identifier: ISC
#
# rooms.sh - draws which room includes which, and says where the house is wrong
#
# usage: contrib/rooms.sh [source root]
#
# Takes   src/ROOM/*.{c,h,def} below the root.
# Gives   one row per room, then one line for each of:
#           UP        an include of a higher room
#           SIDEWAYS  an include of another room of the same height (the client sees base and model only)
#           DOOR      a library's header outside its one door
#           BANNED    a function that we do not call
#         Status 1 when there is any such line, 2 when there is no src/.
set -u
root=${1:-$(cd "$(dirname "$0")/.." && pwd)}
[ -d "$root/src" ] || { echo "rooms.sh: no src/ in $root" >&2; exit 2; }
cd "$root" || exit 2

LC_ALL=C find src -name '*.c' -o -name '*.h' -o -name '*.def' | LC_ALL=C sort | perl -e '
use strict;
use warnings;

my %height = (base => 0, model => 1, (map { $_ => 2 } qw(parse detect case escalate intake http link store notify)),
              desk => 3, control => 4, daemon => 5, client => 5);
my %client_sees = map { $_ => 1 } qw(client base model);

# header pattern => files that may include it (notify/carrier drives libcurl by libevent: it needs both)
my @doors = (
    [qr{^event2/|^event\.h$|^evhttp|^evutil},   qr{^src/(intake|http|link|control|daemon)/|^src/notify/carrier}],
    [qr{^sqlite3},                              qr{^src/store/}],
    [qr{^curl/},                                qr{^src/(notify|client)/}],
    [qr{^json(-c)?/},                           qr{^src/base/json\.c$}],
    [qr{^yaml\.h$},                             qr{^src/base/yaml\.c$}],
    [qr{^hs(/|\.h$|_)|^pcre2},                  qr{^src/detect/}],
    [qr{^openssl/},                             qr{^src/(base/digest\.c$|intake/|http/)}],
    [qr{^libsmartcols},                         qr{^src/client/}],
);

# functions => files that may call them all the same
my @banned = (
    [[qw(gets strcpy strcat strncpy strncat stpcpy sprintf vsprintf strtok strtok_r atoi atol atoll atof sscanf scanf fscanf vsscanf
         gmtime localtime gmtime_r localtime_r mktime timegm ctime ctime_r asctime strerror tmpnam tempnam mktemp alloca system popen
         rand srand random drand48 signal longjmp setjmp regcomp syslog vsyslog setenv putenv)], qr{^$}],
    [[qw(getaddrinfo gethostbyname getnameinfo)],       qr{^src/notify/}],
    [[qw(clock_gettime gettimeofday time ftime)],       qr{^src/base/clock\.c$}],
    [[qw(getrandom getentropy RAND_bytes)],             qr{^src/base/rng\.c$}],
    [[qw(evhttp_new evhttp_bind_socket evhttp_accept_socket evdns_base_new sqlite3_mprintf)], qr{^$}],
);
my %ban;
for my $b (@banned) { $ban{$_} = $b->[1] for @{$b->[0]} }
my $ban_re = join "|", map { quotemeta } sort keys %ban;

my (%arrow, %files, @wrong);
while (my $file = <STDIN>) {
    chomp $file;
    my ($room) = $file =~ m{^src/([^/]+)/} or next;
    $files{$room}++;
    push @wrong, "UP        $file: the room $room is on no floor (add it to rooms.sh)" unless exists $height{$room};
    open my $in, "<", $file or die "$file: $!\n";
    local $/;
    my $text = <$in>;
    close $in;
    # comments and texts go, lines stay
    $text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:[^"\\\n]|\\.)*")}{my $gone = $1; defined $gone ? ($gone =~ s/[^\n]//gr) : $2}gse;
    my $n = 0;
    for my $line (split /\n/, $text, -1) {
        $n++;
        if ($line =~ m{^\s*#\s*include\s*["<]([^">]+)[">]}) {
            include($file, $n, $room, $1);
        } else {
            $line =~ s/"(?:[^"\\]|\\.)*"/""/g;
            $line =~ s/\bsignal\([\w\[\]]+, SIG_(IGN|DFL)\)//g; # a handler is what differs between systems
            while ($line =~ m{(?<![\w.>])($ban_re)\s*\(}g) {
                push @wrong, "BANNED    $file:$n: calls $1" unless $file =~ $ban{$1};
            }
        }
    }
}

sub include {
    my ($file, $n, $room, $header) = @_;
    for my $d (@doors) {
        push @wrong, "DOOR      $file:$n: includes <$header>" if $header =~ $d->[0] && $file !~ $d->[1];
    }
    my ($to) = $header =~ m{^([a-z]+)/} or return;
    return if !exists $height{$to} || !-e "src/$header" || $to eq $room || !exists $height{$room};
    $arrow{$room}{$to}++;
    my $word = $height{$to} > $height{$room} ? "UP"
             : $height{$to} == $height{$room} || ($room eq "client" && !$client_sees{$to}) ? "SIDEWAYS" : "";
    push @wrong, sprintf("%-9s %s:%d: %s includes %s", $word, $file, $n, $room, $header) if $word;
}

for my $room (sort { ($height{$b} // 9) <=> ($height{$a} // 9) || $a cmp $b } keys %files) {
    my $to = $arrow{$room} // {};
    printf "%s  %-9s %3d files  -> %s\n", $height{$room} // "?", $room, $files{$room},
        join(" ", map { "$_($to->{$_})" } sort { $height{$b} <=> $height{$a} || $a cmp $b } keys %$to) || "-";
}
print "$_\n" for @wrong;
exit(@wrong ? 1 : 0);
'

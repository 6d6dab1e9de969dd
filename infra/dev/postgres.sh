#!/usr/bin/env bash
# A throw-away PostgreSQL for tests and for checking SQL at compile time: in memory where there is
# a roomy /dev/shm, unix socket only, durability off.
#
#   postgres.sh start          start it unless it runs already, print its URL
#   postgres.sh stop           stop it and delete its data
#   postgres.sh with COMMAND   run a command with the URL as TEST_DATABASE_URL; afterwards stop it
#                              unless it ran already
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # runuser, which a plain su leaves out of reach

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# A container's /dev/shm often has 64 MB, which is too little for one database for each test.
base=/dev/shm
[ -w $base ] && [ "$(df -Pk $base | awk 'END { print $2 }')" -ge 1000000 ] || base=/var/tmp
folder=$base/kosmo-test-$(printf %s "$here" | cksum | cut -d' ' -f1)
data=$folder/data
url="postgresql:///postgres?host=$folder&user=kosmo_admin"

bin=$(dirname "$(command -v postgres || ls -d /usr/lib/postgresql/*/bin/postgres 2>/dev/null | sort -V | tail -n 1)")
[ -x "$bin/postgres" ] || { echo "postgres.sh: no PostgreSQL server found; run infra/dev/setup.sh" >&2; exit 1; }

# PostgreSQL refuses to run as root.
as_server() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u "$(id -un postgres 2>/dev/null || echo nobody)" -- "$@"
    else
        "$@"
    fi
}

# Any other exit code of pg_ctl doesn't prove that the server is down, so the cluster must not be
# deleted.
running() {
    local status=0 said
    said=$(cd / && as_server "$bin/pg_ctl" -D "$data" status 2>&1) || status=$?
    case $status in
    0) return 0 ;;
    3 | 4) return 1 ;; # stopped; no data directory
    *) echo "postgres.sh: can't tell whether the server runs ($status): $said" >&2; exit 1 ;;
    esac
}

case "${1:-}" in
start)
    exec 9>"$base/$(basename "$folder").lock"
    flock 9
    if ! running; then
        rm -rf "$folder"
        mkdir -p "$folder"
        [ "$(id -u)" != 0 ] || chown "$(id -un postgres 2>/dev/null || echo nobody)" "$folder"
        (
            cd /
            as_server "$bin/initdb" -D "$data" -U kosmo_admin -A trust -E UTF8 --locale=C --no-sync >/dev/null
            as_server "$bin/pg_ctl" -D "$data" -w -s -l "$folder/log" -o \
                "-c listen_addresses='' -c unix_socket_directories=$folder -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300" \
                start 9>&-
        )
    fi
    echo "$url"
    ;;
stop)
    if running; then (cd / && as_server "$bin/pg_ctl" -D "$data" -s -m immediate stop); fi
    rm -rf "$folder" "$base/$(basename "$folder").lock"
    ;;
with)
    shift
    if ! running; then trap '"${BASH_SOURCE[0]}" stop' EXIT; fi
    TEST_DATABASE_URL=$("${BASH_SOURCE[0]}" start)
    export TEST_DATABASE_URL
    "$@"
    ;;
*)
    sed -n '2,8s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

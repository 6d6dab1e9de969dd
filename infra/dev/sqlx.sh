#!/usr/bin/env bash
# Keeps .sqlx true to the migrations and the queries, so that builds need no database.
#
#   sqlx.sh           write .sqlx anew
#   sqlx.sh --check   fail where that would change it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

case "${1:-}" in
"" | --check) ;;
*) sed -n '2,5s/^# \{0,1\}//p' infra/dev/sqlx.sh >&2; exit 2 ;;
esac

if [ -z "${TEST_DATABASE_URL:-}" ]; then
    exec infra/dev/postgres.sh with infra/dev/sqlx.sh "$@"
fi

database=kosmo_sqlx_$$
url=${TEST_DATABASE_URL/\/postgres\?//$database?}
target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/sqlx-$$"
fresh=$(cd "$target/sqlx-$$" && pwd)

sql() { PGOPTIONS="-c client_min_messages=warning ${role:+-c role=$role}" psql -qXv ON_ERROR_STOP=1 "$@" >/dev/null; }
clean_up() {
    rm -rf "$fresh"
    sql "$TEST_DATABASE_URL" -c "drop database if exists $database with (force)"
}
trap clean_up EXIT

sql "$TEST_DATABASE_URL" -c "create database $database"
sql "$url" -f src/db/roles.sql
for migration in migrations/*.sql; do
    role=kosmo_owner sql "$url" -1 -f "$migration"
done

# sqlx's macros query the database and write the results while rustc expands them.
touch src/lib.rs
DATABASE_URL=$url SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh cargo check --all-targets
[ -n "$(ls "$fresh")" ] || { echo "sqlx.sh: cargo check has seen no query" >&2; exit 1; }

if diff -rq .sqlx "$fresh" >/dev/null 2>&1; then
    echo ".sqlx is up to date"
elif [ "${1:-}" = --check ]; then
    diff -rq .sqlx "$fresh" >&2 || true
    echo "sqlx.sh: .sqlx is out of date; run \`make sqlx\` and commit what it changes" >&2
    exit 1
else
    rm -rf "$fresh.old"
    if [ -e .sqlx ]; then mv .sqlx "$fresh.old"; fi
    mv "$fresh" .sqlx
    rm -rf "$fresh.old"
    echo ".sqlx holds $(find .sqlx -name '*.json' | wc -l) queries"
fi

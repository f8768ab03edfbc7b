# To be sourced: programs of the system, and a PostgreSQL server of its own in a folder, reached through a socket there and in no
# other way.

have() {
    PATH="$PATH:$(printf '%s:' /usr/lib/postgresql/*/bin)" # where Debian has the server's programs
    command -v "$1" > /dev/null
}

# need PROGRAM PACKAGE: have it, install it, or say what is missing.
need() {
    if ! have "$1" && [ "$(id -u)" = 0 ] && have apt-get; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$2" > /dev/null
    fi
    have "$1" || { echo "$0: $1 is missing: install $2" >&2; exit 1; }
}

need_postgres() {
    if ! have initdb && [ "$(id -u)" = 0 ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        # The server's programs alone: no database that starts by itself.
        mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
    fi
    need initdb postgresql
    need postgres postgresql
    need psql postgresql-client
}

# start_postgres FOLDER: a server whose user is linreg; the folder exists.
start_postgres() {
    local as=()
    if [ "$(id -u)" = 0 ]; then
        # PostgreSQL does not run as root.
        as=(setpriv --reuid postgres --regid postgres --clear-groups)
        chown postgres "$1"
    fi
    (cd "$1" && "${as[@]}" initdb --pgdata database --username linreg --auth trust --no-sync > initdb.log) || { cat "$1/initdb.log"; exit 1; }
    (cd "$1" && exec "${as[@]}" postgres -D database -k "$1" -c listen_addresses= -c fsync=off > postgres.log 2>&1) &
    postgres_server=$!
}

stop_postgres() {
    if [ -n "${postgres_server:-}" ]; then kill -INT "$postgres_server" && wait "$postgres_server" || true; fi
}

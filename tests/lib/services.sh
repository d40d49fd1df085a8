# Private PostgreSQL and RabbitMQ servers in a folder of their own. Sourced by tests/run, tests/services and deploy/local/up.
# Everything listens on 127.0.0.1 only, with a password made up on the first start, and is ended by the ids in its pid files.

newsletter_fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

postgres_bin() {
  local candidate
  # Debian keeps every major version apart and none of their servers in PATH: the newest wins.
  for candidate in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -rV) \
      "$(dirname "$(readlink -f "$(command -v postgres || echo /nowhere/postgres)")")"; do
    if [[ -x $candidate/postgres && -x $candidate/initdb ]]; then
      printf '%s\n' "$candidate"
      return
    fi
  done
  return 1
}

rabbitmq_server_script() {
  # Debian's rabbitmq-server in PATH is a wrapper that changes user and folder; the real script is here.
  if [[ -x /usr/lib/rabbitmq/bin/rabbitmq-server ]]; then
    printf '%s\n' /usr/lib/rabbitmq/bin/rabbitmq-server
  else
    command -v rabbitmq-server
  fi
}

epmd_program() {
  command -v epmd || ls /usr/lib/erlang/erts-*/bin/epmd 2>/dev/null | tail -1 | grep .
}

chromium_program() {
  # The shell paints pages only, in half the time that the whole browser takes.
  command -v chromium-headless-shell || command -v chromium || command -v chromium-browser || command -v google-chrome
}

# Installs what is missing, or says what is missing. Arguments: names of Debian packages.
require_programs() {
  local name missing=()
  for name in "$@"; do
    case $name in
      postgresql) postgres_bin >/dev/null || missing+=("$name") ;;
      rabbitmq-server) { rabbitmq_server_script && epmd_program; } >/dev/null || missing+=("$name") ;;
      chromium-headless-shell) chromium_program >/dev/null || missing+=("$name") ;;
      prometheus) command -v promtool >/dev/null || missing+=("$name") ;;
      postfix) [[ -x /usr/sbin/smtp-sink ]] || command -v smtp-sink >/dev/null || missing+=("$name") ;;
      dovecot-imapd) [[ -x /usr/sbin/dovecot && -x /usr/lib/dovecot/imap ]] || missing+=("$name") ;;
      *) command -v "$name" >/dev/null || missing+=("$name") ;;
    esac
  done
  if (( ${#missing[@]} == 0 )); then
    return
  fi
  if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
    newsletter_fail "Missing: ${missing[*]}. Install them (on Debian or Ubuntu: sudo apt-get install ${missing[*]}), or name running" \
      "servers in NEWSLETTER_TEST_POSTGRES and NEWSLETTER_TEST_RABBITMQ."
  fi
  install_programs "${missing[@]}"
}

install_programs() (
  printf 'Installing %s\n' "$*"
  # The packages would start servers of their own on the default ports; we need their programs only.
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  export DEBIAN_FRONTEND=noninteractive
  log=$(mktemp)
  if ! { apt-get update && apt-get install -y -o DPkg::Lock::Timeout=300 --no-install-recommends "$@"; } </dev/null >"$log" 2>&1; then
    tail -30 "$log" >&2
    newsletter_fail "apt-get could not install: $*"
  fi
  rm -f "$log"
)

# Sets the variable named by its argument to a port that nobody listens on and that no earlier call returned.
# Below 32768, where Linux starts to hand out ports to whoever binds port 0.
taken_ports=" "
free_port() {
  local port
  while true; do
    port=$(( 20000 + (RANDOM * 32768 + RANDOM) % 12000 ))
    if [[ $taken_ports != *" $port "* ]] && ! port_answers "$port"; then
      taken_ports+="$port "
      printf -v "$1" '%s' "$port"
      return
    fi
  done
}

# kept_port FILE NAME: the port of the last start in the same folder, for whoever knows it; another one where somebody else has taken it.
kept_port() {
  if [[ -s $1 ]] && ! port_answers "$(<"$1")"; then
    printf -v "$2" '%s' "$(<"$1")"
  else
    free_port "$2"
    printf '%s' "${!2}" >"$1"
  fi
}

port_answers() {
  (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# http_status PORT PATH [HEADER]: the status code of a GET, without needing curl on the machine.
http_status() {
  (
    exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost:%s\r\nConnection: close\r\n%s\r\n' "$2" "$1" "${3:+$3$'\r\n'}" >&3
    read -r -t 10 _ status _ <&3 && printf '%s\n' "$status"
  ) 2>/dev/null
}

is_running() {
  [[ -s $1 ]] && kill -0 "$(<"$1")" 2>/dev/null
}

# wait_until SECONDS PIDFILE LOGFILE WHAT COMMAND…: fails at once when the process is gone, with the end of its log.
wait_until() {
  local deadline=$(( SECONDS + $1 )) pid_file=$2 log=$3 what=$4
  shift 4
  until "$@"; do
    if ! is_running "$pid_file" || (( SECONDS >= deadline )); then
      tail -n 30 "$log" >&2 || true
      printf '%s did not become ready (log: %s)\n' "$what" "$log" >&2
      return 1
    fi
    sleep 0.2
  done
}

# launch PIDFILE LOGFILE COMMAND…: in a session of its own, so that Ctrl-C reaches the script first and it can end things in order.
launch() {
  local pid_file=$1 log=$2
  shift 2
  rm -f "$pid_file"
  setsid bash -c 'echo $$ >"$0.new"; mv "$0.new" "$0"; exec "$@"' "$pid_file" "$@" </dev/null >>"$log" 2>&1 &
  disown $!
  local deadline=$(( SECONDS + 10 ))
  until [[ -s $pid_file ]] || (( SECONDS >= deadline )); do sleep 0.05; done
}

# end PIDFILE SIGNAL: asks, waits up to 20 s, then insists. All of the process group: RabbitMQ outlives the script that is its leader.
end() {
  local pid_file=$1 signal=$2 pid deadline=$(( SECONDS + 20 ))
  [[ -s $pid_file ]] || return 0
  pid=$(<"$pid_file")
  kill "-$signal" -- "-$pid" 2>/dev/null || true
  while kill -0 -- "-$pid" 2>/dev/null; do
    if (( SECONDS >= deadline )); then
      kill -KILL -- "-$pid" 2>/dev/null || true
      break
    fi
    sleep 0.1
  done
  rm -f "$pid_file"
}

# kill_server PIDFILE: as a loss of power does it, and waits until nothing of it is left. PostgreSQL's children are in groups of their own, RabbitMQ's are in its.
kill_server() {
  local pid_file=$1 pid children
  [[ -s $pid_file ]] || return 0
  pid=$(<"$pid_file")
  children=$(pgrep -P "$pid") || children=
  # shellcheck disable=SC2086 # a list of ids
  kill -KILL "$pid" $children 2>/dev/null || true
  kill -KILL -- "-$pid" 2>/dev/null || true
  for pid in "-$pid" $children; do
    while kill -0 -- "$pid" 2>/dev/null; do sleep 0.05; done
  done
  rm -f "$pid_file"
}

secret_of() {
  if [[ ! -s $1 ]]; then
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$1")
  fi
  cat "$1"
}

as_postgres() {
  if [[ $(id -u) == 0 ]]; then
    setpriv --reuid postgres --regid postgres --clear-groups "$@"
  else
    "$@"
  fi
}

# Where PostgreSQL keeps its files: under the given folder, except when that lies behind one (like /root) that its user may not enter.
postgres_home() {
  if [[ $(id -u) != 0 ]] || as_postgres test -x "$1"; then
    printf '%s\n' "$1/postgres"
  else
    printf '/var/lib/newsletter-local-%s/postgres\n' "$(printf '%s' "$1" | cksum | cut -d' ' -f1)"
  fi
}

# start_postgres FOLDER: sets POSTGRES_PORT and POSTGRES_CONNECTION (an Npgsql connection string of a superuser).
start_postgres() {
  local folder=$1 bin home password owner=()
  bin=$(postgres_bin)
  home=$(postgres_home "$folder")
  password=$(secret_of "$folder/postgres.secret")
  if [[ $(id -u) == 0 ]]; then
    owner=(-o postgres -g postgres)
    mkdir -p "$(dirname "$home")"
  fi
  install -d -m 700 "${owner[@]}" "$home"
  if [[ ! -e $home/data/PG_VERSION ]]; then
    install -m 600 "${owner[@]}" "$folder/postgres.secret" "$home/pwfile"
    (cd "$home" && as_postgres "$bin/initdb" -D "$home/data" -U postgres -E UTF8 --locale=C.UTF-8 -A scram-sha-256 --pwfile="$home/pwfile" \
      >"$folder/postgres.log" 2>&1) || { cat "$folder/postgres.log" >&2; return 1; }
    rm -f "$home/pwfile"
  fi
  kept_port "$folder/postgres.port" POSTGRES_PORT
  # fsync stays on: crash tests of the database must mean something.
  if [[ $(id -u) == 0 ]]; then
    launch "$folder/postgres.pid" "$folder/postgres.log" setpriv --reuid postgres --regid postgres --clear-groups \
      "$bin/postgres" -D "$home/data" -p "$POSTGRES_PORT" -k "$home" -c listen_addresses=127.0.0.1 -c max_connections=300
  else
    launch "$folder/postgres.pid" "$folder/postgres.log" \
      "$bin/postgres" -D "$home/data" -p "$POSTGRES_PORT" -k "$home" -c listen_addresses=127.0.0.1 -c max_connections=300
  fi
  wait_until 60 "$folder/postgres.pid" "$folder/postgres.log" PostgreSQL postgres_ready "$home/data/postmaster.pid" || return 1
  POSTGRES_CONNECTION="Host=127.0.0.1;Port=$POSTGRES_PORT;Username=postgres;Password=$password"
}

# The last line of postmaster.pid says "ready" once connections are accepted; after a crash, only when recovery is done.
postgres_ready() {
  [[ -s $1 ]] && grep -q '^ready' "$1" 2>/dev/null && port_answers "$POSTGRES_PORT"
}

# start_rabbitmq FOLDER: sets RABBITMQ_URL (amqp://user:password@host:port) and RABBITMQ_MANAGEMENT_URL (http://user:password@host:port).
start_rabbitmq() {
  local folder=$1 home=$1/rabbitmq password amqp management distribution epmd log=$1/rabbitmq.log
  # One that is left of a killed start would share the folder with the new one.
  end "$folder/rabbitmq.pid" TERM
  end "$folder/epmd.pid" TERM
  password=$(secret_of "$folder/rabbitmq.secret")
  mkdir -p "$home/mnesia" "$home/log" "$home/schema"
  kept_port "$folder/amqp.port" amqp
  kept_port "$folder/management.port" management
  free_port distribution
  free_port epmd
  : >"$home/env.conf"
  printf '[rabbitmq_management].\n' >"$home/enabled_plugins"
  (umask 077 && cat >"$home/rabbitmq.conf") <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
management.tcp.ip = 127.0.0.1
management.tcp.port = $management
default_user = newsletter
default_pass = $password
disk_free_limit.absolute = 50MB
raft.wal_max_size_bytes = 67108864
CONF
  # A port mapper of its own: the machine's own one, and the nodes it knows, are left alone, and ours ends with us.
  launch "$folder/epmd.pid" "$log" env ERL_EPMD_ADDRESS=127.0.0.1 "$(epmd_program)" -port "$epmd"
  wait_until 20 "$folder/epmd.pid" "$log" 'Erlang port mapper' port_answers "$epmd" || return 1
  launch "$folder/rabbitmq.pid" "$log" env HOME="$home" ERL_EPMD_PORT="$epmd" ERL_EPMD_ADDRESS=127.0.0.1 \
    RABBITMQ_NODENAME=newsletter@localhost RABBITMQ_DIST_PORT="$distribution" \
    RABBITMQ_MNESIA_BASE="$home/mnesia" RABBITMQ_LOG_BASE="$home/log" RABBITMQ_SCHEMA_DIR="$home/schema" \
    RABBITMQ_CONFIG_FILE="$home/rabbitmq.conf" RABBITMQ_ADVANCED_CONFIG_FILE="$home/advanced.config" \
    RABBITMQ_CONF_ENV_FILE="$home/env.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$home/enabled_plugins" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}' \
    "$(rabbitmq_server_script)"
  local basic
  basic=$(printf 'newsletter:%s' "$password" | base64 -w0)
  wait_until 90 "$folder/rabbitmq.pid" "$log" RabbitMQ rabbitmq_ready "$management" "$amqp" "$basic" || return 1
  RABBITMQ_URL="amqp://newsletter:$password@127.0.0.1:$amqp"
  RABBITMQ_MANAGEMENT_URL="http://newsletter:$password@127.0.0.1:$management"
}

rabbitmq_ready() {
  [[ $(http_status "$1" /api/health/checks/local-alarms "Authorization: Basic $3") == 200 ]] && port_answers "$2"
}

# stop_servers FOLDER: ends what was started there, in order; the files stay.
stop_servers() {
  end "$1/rabbitmq.pid" TERM
  end "$1/epmd.pid" TERM
  end "$1/postgres.pid" INT
}

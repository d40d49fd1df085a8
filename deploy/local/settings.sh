# Sourced by up and down: where things are.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
source "$root/tests/lib/services.sh"

port=${NEWSLETTER_LOCAL_PORT:-8080}
data=${NEWSLETTER_LOCAL_DATA:-$root/data/local}
processes=(sandbox subscriber content billing mailer console gateway)

running_processes() {
  local name
  for name in "${processes[@]}" rabbitmq epmd postgres; do
    if is_running "$data/$name.pid"; then printf '%s ' "$name"; fi
  done
}

# The gateway first, so that nobody is let in any more; the servers last.
stop_everything() {
  local index
  for (( index = ${#processes[@]} - 1; index >= 0; index-- )); do
    end "$data/${processes[index]}.pid" TERM
  done
  stop_servers "$data"
}

# Sourced by every script of this folder. They need bash, Node with npm, git and curl, and run from anywhere.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)
WORK="$ROOT/.cache/acceptance"
LIB="$ROOT/scripts/acceptance/lib"
mkdir -p "$WORK"

ok() { echo "ok   $*"; }
fail() { echo "FAIL $*" >&2; exit 1; }

# A fresh clone in an empty folder. OCTOPUS_ACCEPTANCE_FROM=worktree takes the files as they are now instead of the last commit.
fresh_clone() {
  local target=$1
  rm -rf "$target"
  if [ "${OCTOPUS_ACCEPTANCE_FROM:-commit}" = worktree ]; then
    mkdir -p "$target"
    (cd "$ROOT" && git ls-files -z --cached --others --exclude-standard | tar --null --ignore-failed-read -T - -cf - 2>/dev/null) | tar -xf - -C "$target"
    git -C "$target" init -q
  else
    git clone -q --local "$ROOT" "$target"
  fi
}

# A machine that has Node, npm and git and nothing else: an empty home, no settings but the network's.
bare_machine() {
  local home=$1; shift
  mkdir -p "$home"
  local keep=()
  local name
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY NODE_EXTRA_CA_CERTS SSL_CERT_FILE npm_config_registry NPM_CONFIG_REGISTRY CI; do
    if [ -n "${!name:-}" ]; then keep+=("$name=${!name}"); fi
  done
  env -i PATH="$(dirname "$(command -v node)"):/usr/local/bin:/usr/bin:/bin" HOME="$home" LANG=C.UTF-8 ${keep[@]+"${keep[@]}"} "$@"
}

# Seconds with one decimal.
now() { node -p 'Date.now()'; }
seconds() { node -p "(($2 - $1) / 1000).toFixed(1) + ' s'"; }

# Waits until a file holds a text, while a process lives.
wait_for_text() {
  local file=$1 text=$2 pid=$3 limit=${4:-300}
  local tries=$((limit * 10))
  until grep -qF -- "$text" "$file" 2>/dev/null; do
    kill -0 "$pid" 2>/dev/null || { cat "$file" >&2; fail "the program ended before it printed: $text"; }
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { cat "$file" >&2; fail "not printed within $limit s: $text"; }
    sleep 0.1
  done
}

# Waits until a process is gone.
wait_for_end() {
  local pid=$1 limit=${2:-10}
  local tries=$((limit * 20))
  while kill -0 "$pid" 2>/dev/null; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "process $pid is still there after $limit s"
    sleep 0.05
  done
}

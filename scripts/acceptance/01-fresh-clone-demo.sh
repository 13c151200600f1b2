#!/usr/bin/env bash
# Promise: in a fresh clone with only Node and npm, npm start runs the demo, and what it prints works when pasted
. "$(dirname "$0")/lib/common.sh"
set -m # so that the demo has a process group, as it has in a terminal

CLONE="$WORK/01/clone"
HOME_DIR="$WORK/01/home"
LOG="$WORK/01/start.log"
rm -rf "$WORK/01"
mkdir -p "$WORK/01"
fresh_clone "$CLONE"
cd "$CLONE"
PORTS=$(node "$LIB/free-ports.mjs")
export $PORTS

DEMO=
trap '[ -z "$DEMO" ] || kill -TERM -- "-$DEMO" 2>/dev/null || true' EXIT
start_demo() {
  : >"$LOG"
  # Words, not one word: every port is an argument of env.
  # shellcheck disable=SC2086
  bare_machine "$HOME_DIR" $PORTS npm start >"$LOG" 2>&1 </dev/null &
  DEMO=$!
  wait_for_text "$LOG" 'stops everything' "$DEMO"
}

begin=$(now)
start_demo
COLD=$(seconds "$begin" "$(now)")
ok "npm start, cold: $COLD"

tested=0
while IFS= read -r command; do
  status=$(sh -c "${command#  } -s -o '$WORK/01/body' -w '%{http_code}'")
  [ "$status" = 200 ] || fail "$command answered $status"
  ok "200 $(cut -c1-90 "$WORK/01/body") <- ${command#  }"
  tested=$((tested + 1))
done < <(grep -E '^  curl ' "$LOG")
[ "$tested" -eq 3 ] || fail "npm start printed $tested curl lines, not three"

ADMIN="http://127.0.0.1:$OCTOPUS_ADMIN_PORT"
ok "/_/openapi.json: $(node "$LIB/check-openapi.mjs" "$CLONE" "$ADMIN/_/openapi.json" /users/ /orders/ /catalog/)"
[ "$(curl -sL -o /dev/null -w '%{http_code}' "$ADMIN/_/docs")" = 200 ] || fail "/_/docs does not answer 200"

if command -v promtool >/dev/null; then
  code=0
  curl -s "$ADMIN/metrics" | promtool check metrics >"$WORK/01/lint" 2>&1 || code=$?
  # 3 is promtool's code for remarks; two gauges of the product's contract end in _total, and nothing else may be remarked on.
  [ $code -eq 0 ] || [ $code -eq 3 ] || fail "promtool cannot read /metrics: $(cat "$WORK/01/lint")"
  if grep -vE '^octopus_farp_(services|routes)_total non-counter metrics should not have "_total" suffix$' "$WORK/01/lint"; then
    fail 'promtool names more than the _total suffix of the two FARP gauges'
  fi
  ok 'promtool check metrics'
else
  [ "${CI:-}" != true ] || fail 'promtool is missing; npm run test:components installs it'
  echo 'skip promtool check metrics: promtool is missing; npm run test:components installs it'
fi

begin=$(now)
kill -INT -- "-$DEMO" # Ctrl-C reaches the whole group
wait_for_end "$DEMO" 5
took=$(($(now) - begin))
DEMO=
[ "$took" -lt 1500 ] || fail "Ctrl-C took $took ms"
if curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$USERS_PORT/health"; then fail 'a service is still running'; fi
ok "Ctrl-C stops everything: $took ms"

begin=$(now)
start_demo
WARM=$(seconds "$begin" "$(now)")
ok "npm start, warm: $WARM"
kill -INT -- "-$DEMO"
wait_for_end "$DEMO" 5
DEMO=

version=$(bare_machine "$HOME_DIR" npx octopus version) || fail "npx octopus version does not work"
ok "npx octopus version: $version"

cd "$ROOT"
rm -rf "$CLONE" "$HOME_DIR"

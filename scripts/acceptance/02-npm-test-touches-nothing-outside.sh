#!/usr/bin/env bash
# Promise: npm test passes in a fresh clone and changes nothing outside of it
. "$(dirname "$0")/lib/common.sh"

CLONE="$WORK/02/clone"
HOME_DIR="$WORK/02/home"
rm -rf "$WORK/02"
mkdir -p "$WORK/02"
fresh_clone "$CLONE"
cd "$CLONE"

# Everything a program may write to by habit: the home folder, empty at first, and the system's folders for temporary files. In the latter, others
# write too: only names that our tools would choose count. node-compile-cache is npm's own, made before our script is even started.
outside() {
  (cd "$HOME_DIR" && find . -mindepth 1)
  find /tmp /var/tmp -mindepth 1 -maxdepth 1 -newer "$WORK/02/before" -user "$(id -un)" 2>/dev/null |
    grep -Ei '/[^/]*(octopus|vite|pnpm|npm-|esbuild|tsup|rollup|missing-|report-|v8-)[^/]*$' || true
}

require_passed() {
  local log=$1
  tail -1 "$log" | grep -Eq '^[1-9][0-9]* passed, 0 failed(, [0-9]+ skipped)?$' ||
    { tail -60 "$log" >&2; fail "the last line is: $(tail -1 "$log")"; }
}

# A fresh clone has no other runtimes, and npm test installs none: without CI=true their tests are skipped and named.
unset CI

mkdir -p "$HOME_DIR"
touch "$WORK/02/before"
outside >"$WORK/02/outside.before"
begin=$(now)
bare_machine "$HOME_DIR" npm test >"$WORK/02/cold.log" 2>&1 || true
echo "     npm test, cold: $(seconds "$begin" "$(now)"), $(tail -1 "$WORK/02/cold.log")"
outside >"$WORK/02/outside.after"
new=$(comm -13 <(sort "$WORK/02/outside.before") <(sort "$WORK/02/outside.after"))
[ -z "$new" ] || fail "npm test left this outside the checkout: $new"
ok 'nothing was written to the home folder or to the folders for temporary files'

require_passed "$WORK/02/cold.log"
changed=$(git status --porcelain)
[ "${OCTOPUS_ACCEPTANCE_FROM:-commit}" = worktree ] || [ -z "$changed" ] || fail "npm test changed files of the repository: $changed"

begin=$(now)
# Nothing is installed or built again; which tests run makes no difference to that.
bare_machine "$HOME_DIR" npm test -- --project unit >"$WORK/02/warm.log" 2>&1 || true
if grep -Eq "^(Installing|Building) " "$WORK/02/warm.log"; then fail "the second run prepared again: $(grep -E "^(Installing|Building) " "$WORK/02/warm.log")"; fi
require_passed "$WORK/02/warm.log"
ok "npm test again, its unit tests: $(seconds "$begin" "$(now)"), $(tail -1 "$WORK/02/warm.log")"

cd "$ROOT"
rm -rf "$CLONE" "$HOME_DIR"

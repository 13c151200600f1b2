#!/usr/bin/env bash
# Promise: every performance budget has a measured figure in bench/RESULTS.md
. "$(dirname "$0")/lib/common.sh"
node "$LIB/budgets.mjs"

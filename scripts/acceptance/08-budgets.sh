#!/usr/bin/env bash
# Promise: bench/RESULTS.md tells what was measured of every performance budget, and what was not
. "$(dirname "$0")/lib/common.sh"
node "$LIB/budgets.mjs"

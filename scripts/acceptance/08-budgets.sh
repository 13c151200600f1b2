#!/usr/bin/env bash
# Promise: every performance budget was measured, and bench/RESULTS.md tells what came of it
. "$(dirname "$0")/lib/common.sh"
node "$LIB/budgets.mjs"

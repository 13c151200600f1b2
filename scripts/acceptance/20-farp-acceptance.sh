#!/usr/bin/env bash
# Promise: every security rule of FARP has a test that passes, and what a gateway has to show end to end is shown
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/farp-acceptance.mjs"

#!/usr/bin/env bash
# Promise: killing one of two instances under load fails no request, and traffic returns when it is started again
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/kill-one.mjs"

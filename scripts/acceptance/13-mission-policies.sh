#!/usr/bin/env bash
# Promise: the middleware and plugins of the reference configuration load and work as written
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/mission-policies.mjs"

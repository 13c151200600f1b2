#!/usr/bin/env bash
# Promise: a new schema rolled out instance by instance under load fails no request, and none reaches an instance that has not got the operation
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/rolling-deploy.mjs"

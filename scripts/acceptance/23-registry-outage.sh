#!/usr/bin/env bash
# Promise: a registry that is away for a minute under load fails no request, what has changed meanwhile is known soon after, and an instance that is taken out is out of rotation in the stated time, with every backend
# OCTOPUS_OUTAGE_SECONDS is how long it is away (default 60).
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/registry-outage.mjs"

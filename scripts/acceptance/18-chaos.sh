#!/usr/bin/env bash
# Promise: while instances, workers and configurations break at random, no idempotent request fails before its head is sent, and nothing leaks
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node bench/chaos/run.mjs --strict --seconds "${OCTOPUS_CHAOS_SECONDS:-600}" ${OCTOPUS_CHAOS_SEED:+--seed "$OCTOPUS_CHAOS_SEED"}

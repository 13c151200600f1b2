#!/usr/bin/env bash
# Promise: 100,000 mutated manifests and schemas crash nothing, hang nothing, leave no mount and fill no memory
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
export OCTOPUS_FUZZ="${OCTOPUS_FUZZ_RUNS:-100000}"
node "$LIB/farp-fuzz.mjs"

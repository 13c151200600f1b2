#!/usr/bin/env bash
# Promise: the FARP test vectors pass, section by section
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/farp-vectors.mjs"

#!/usr/bin/env bash
# Promise: every policy holds on every protocol, on every lane, under every disguise
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/policies.mjs"

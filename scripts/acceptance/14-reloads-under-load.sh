#!/usr/bin/env bash
# Promise: 100 reloads under load fail no request: files written over, renamed and swapped behind a link, SIGHUP, POST /_/reload, bad ones in between
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/reloads.mjs"

#!/usr/bin/env bash
# Promise: three documents of more than 500 operations each merge without loss, and merged documents of every language are valid to somebody else's tools
. "$(dirname "$0")/lib/common.sh"
cd "$ROOT"
npm run --silent setup
node "$LIB/large-merge.mjs"

#!/usr/bin/env bash
# bash bench/wrk/run.sh [url] [script.lua] [arguments of the script]: 12 threads, 400 connections, 30 s against a gateway of your own.
# THREADS, CONNECTIONS and DURATION change that.
set -euo pipefail

URL=${1:-http://127.0.0.1:8080/}
SCRIPT=${2:-$(dirname "$0")/report.lua}
shift $(($# < 2 ? $# : 2))
exec wrk "-t${THREADS:-12}" "-c${CONNECTIONS:-400}" "-d${DURATION:-30s}" --latency -s "$SCRIPT" "$URL" -- "$@"

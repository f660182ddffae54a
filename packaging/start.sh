#!/bin/sh
# Sets up what is missing, then starts Netwright: sh packaging/start.sh [FILE.netw | COMMAND ...]
set -u
. "$(dirname "$0")/setup.sh"
setup window ''
exec "$venv/bin/netwright" "$@"

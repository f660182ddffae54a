#!/bin/sh
# Sets up what is missing, then starts Netwright: sh packaging/start.sh [FILE.netw | COMMAND ...]
set -u
. "$(dirname "$0")/setup.sh"
setup window ''
export NETWRIGHT_COMMAND="sh $0" # what sentences of the program call it
exec "$venv/bin/netwright" "$@"

#!/bin/sh
# Sets up what is missing, then runs the tests: sh packaging/test.sh [OPTIONS OF PYTEST]
set -u
. "$(dirname "$0")/setup.sh"
setup offscreen '[dev]'
cd "$root" || exit 1
# One BLAS thread for each of the test processes, which would fight for the cores otherwise.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
unset PYTHONDONTWRITEBYTECODE # hundreds of processes would compile the same sources
exec "$venv/bin/python" -m pytest -n auto --dist loadfile "$@"

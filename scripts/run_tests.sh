#!/bin/sh
# The tests with coverage: the engine once more with compiling off, so that its kernels' lines are seen. Files go in the
# order that tests/conftest.py gives them.
set -eu
python=$1
rm -f .coverage .coverage.*
NUMBA_DISABLE_JIT=1 "$python" -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder tests/engine --cov --cov-report= --cov-fail-under=0
"$python" -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations=25 --cov --cov-append --cov-report= --cov-fail-under=0
"$python" -m coverage report

#!/usr/bin/env bash
# Trains 200 steps on a device in both kinds of learners, kills a peer on the way, compares, and prints one table to send us.
#   COHORT_PYTHON=/path/to/venv/bin/python benchmarks/gpu/check.sh OUT_FOLDER [DEVICE]     DEVICE: cuda:0 (default), mps, xpu:0, cpu
# Without COHORT_TORCH (docs/gpu.md) the built-in peer stays on the CPU, and the table says so.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
exec "${COHORT_PYTHON:-python3}" "$here/check.py" "$@"

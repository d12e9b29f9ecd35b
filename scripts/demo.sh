#!/usr/bin/env bash
# From a fresh clone to a transcript: sets up, deploys path 200 to an AWS on this machine, transcribes the sample.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
exec node bin/spotscribe.js demo "$@"

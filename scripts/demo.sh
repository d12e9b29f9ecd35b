#!/usr/bin/env bash
# From a fresh clone to a transcript: sets up, deploys a path (DockerGpu unless told otherwise) to an AWS on this machine, transcribes the
# sample.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
exec node bin/spotscribe.js demo "$@"

#!/usr/bin/env bash
# From a fresh clone to a transcript: installs dependencies, deploys a path (default: DockerGpu) to a
# local AWS, and transcribes the sample.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
exec node bin/spotscribe.js demo "$@"

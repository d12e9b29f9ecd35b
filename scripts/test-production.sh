#!/usr/bin/env bash
# Tests the model services with their locked production packages (torch, WhisperX, Transformers; several
# GB) in one environment, on the CPU.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --python
venv=.spotscribe/production
uv=docker/.venv/bin/uv
[ -x $venv/bin/python ] || python3 -m venv $venv
for lock in docker/{whisper,voxtral,embeddings}/requirements.production.txt docker/embeddings/requirements.laptop.txt \
  docker/requirements.dev.txt; do
  VIRTUAL_ENV=$venv $uv pip install -q --no-deps --require-hashes -r "$lock"
done
mkdir -p .spotscribe/reports
HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 PYANNOTE_METRICS_ENABLED=0 ORT_DISABLE_TELEMETRY=1 \
  $venv/bin/pytest -q -c docker/pyproject.toml --rootdir docker -m production --junitxml .spotscribe/reports/production.xml docker

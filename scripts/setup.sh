#!/usr/bin/env bash
# Installs missing dependencies: Debian's ffmpeg, the npm packages, and (with --python) the environment
# of the Python tests and checks.
set -euo pipefail
cd "$(dirname "$0")/.."

UV_VERSION=0.13.9

die() {
  echo "setup: $*" >&2
  exit 1
}

command -v node >/dev/null || die "Node.js is missing. Install version 20.19 or newer (the images use 24)."
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
  die "Node.js $(node --version) is too old. Install version 20.19 or newer."
command -v python3 >/dev/null || die "Python is missing. Install version 3.11 or newer."
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  die "$(python3 --version) is too old. Install version 3.11 or newer."

packages=()
command -v ffmpeg >/dev/null || packages+=(ffmpeg)
python3 -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
# Only for tests: recordings of a human voice, two synthesizers for speech of any length, and what archives of images need.
if [ "${1:-}" = --python ]; then
  [ -f /usr/share/sounds/alsa/Front_Left.wav ] || packages+=(alsa-utils)
  command -v flite >/dev/null || packages+=(flite)
  command -v espeak-ng >/dev/null || packages+=(espeak-ng)
  command -v zstd >/dev/null || packages+=(zstd)
  command -v shellcheck >/dev/null || packages+=(shellcheck)
fi
if [ ${#packages[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || die "Missing: ${packages[*]}. Install them with this system's package manager."
  sudo=$([ "$(id -u)" = 0 ] || echo sudo)
  echo "setup: installing ${packages[*]}" >&2
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "setup: installing npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error
  touch node_modules/.package-lock.json
fi

if [ "${1:-}" = --python ]; then
  [ -x docker/.venv/bin/python ] || python3 -m venv docker/.venv
  [ -x docker/.venv/bin/uv ] || docker/.venv/bin/pip install -q --disable-pip-version-check "uv==$UV_VERSION"
  for lock in docker/{whisper,embeddings,speech}/requirements.laptop.txt docker/requirements.dev.txt; do
    VIRTUAL_ENV=docker/.venv docker/.venv/bin/uv pip install -q --no-deps --require-hashes -r "$lock"
  done
  # The oldest tested version of OpenAI's client. Two versions cannot share an environment.
  oldest=.spotscribe/openai-oldest
  if [ ! -e $oldest ] || [ docker/requirements.openai-oldest.txt -nt $oldest ]; then
    rm -rf $oldest
    docker/.venv/bin/uv pip install -q --python docker/.venv/bin/python --require-hashes \
      --target $oldest -r docker/requirements.openai-oldest.txt
  fi
fi

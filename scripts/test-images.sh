#!/usr/bin/env bash
# Builds the images from their Dockerfiles with Podman, on base images made from Debian's packages, and
# runs them as machines do: with the laptop's engines, or with --production the packages for GPUs
# (about 30 GB of disk, half an hour).
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
requirements=laptop
[ "${1:-}" != --production ] || requirements=production

sudo=$([ "$(id -u)" = 0 ] || echo sudo)
missing=()
for program in podman runc mmdebstrap; do command -v $program >/dev/null || missing+=("$program"); done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || {
    echo "test-images: missing: ${missing[*]}. Install them with this system's package manager." >&2
    exit 1
  }
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# A separate store, and limits that this machine allows: Podman's defaults may exceed them.
folder=$PWD/.spotscribe/images
mkdir -p "$folder/tmp"
limit() {
  local hard
  hard=$(ulimit -H"$1")
  if [ "$hard" = unlimited ] || [ "$hard" -gt "$2" ]; then hard=$2; fi
  echo "$hard"
}
files=$(limit n 20000)
processes=$(limit u 32768)
cat >"$folder/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=$processes:$processes"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
CONF
cat >"$folder/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$folder/store"
runroot = "$folder/run"
CONF
export CONTAINERS_CONF=$folder/containers.conf CONTAINERS_STORAGE_CONF=$folder/storage.conf TMPDIR=$folder/tmp

base=$folder/base
if [ ! -f "$base/debian.tar" ]; then
  echo "test-images: making the base images" >&2
  mkdir -p "$base"
  # shellcheck disable=SC2016 # mmdebstrap expands it
  mmdebstrap --quiet --format=tar --variant=minbase --include=ca-certificates,libatomic1,python-is-python3,python3-pip,python3-venv \
    --customize-hook='rm "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
    --customize-hook='copy-in /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs' \
    bookworm "$base/debian.tar.part"
  mv "$base/debian.tar.part" "$base/debian.tar"
fi
for target in python node; do
  podman build --quiet --network host --format docker --layers --target $target --tag localhost/base-$target \
    --file test/images/base/Dockerfile "$base" >/dev/null
done

mkdir -p .spotscribe/reports
REQUIREMENTS=$requirements npx --no-install jest --selectProjects images --runInBand --forceExit --json --outputFile .spotscribe/reports/images.json

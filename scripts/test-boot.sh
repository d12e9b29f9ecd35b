#!/usr/bin/env bash
# Boots a machine without containers: Debian with systemd in systemd-nspawn, against the laptop's AWS. Needs the base images
# of scripts/test-images.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh --python

sudo=$([ "$(id -u)" = 0 ] || echo sudo)
packages=()
for program in systemd-nspawn:systemd-container mmdebstrap podman runc ip:iproute2 socat; do
  command -v "${program%:*}" >/dev/null || packages+=("${program#*:}")
done
if [ ${#packages[@]} -gt 0 ]; then
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

folder=$PWD/.spotscribe/boot
mkdir -p "$folder"
if [ ! -f "$folder/root.tar" ]; then
  echo "test-boot: making the machine's file system" >&2
  mmdebstrap --quiet --variant=minbase \
    --include=systemd,systemd-sysv,dbus,procps,iproute2,python3,curl,e2fsprogs,ca-certificates bookworm "$folder/new.tar"
  mv "$folder/new.tar" "$folder/root.tar"
fi
# The command line of AWS, which Amazon Linux has.
if [ ! -d "$folder/aws" ]; then
  docker/.venv/bin/uv pip install -q --python docker/.venv/bin/python --no-deps --require-hashes --target "$folder/aws.part" \
    -r test/boot/requirements.txt
  mv "$folder/aws.part" "$folder/aws"
fi

# The names of the base images in the Dockerfiles, for the store of the images' tests.
export CONTAINERS_CONF=$PWD/.spotscribe/images/containers.conf CONTAINERS_STORAGE_CONF=$PWD/.spotscribe/images/storage.conf
podman tag localhost/base-python localhost/python:3.12-slim
podman tag localhost/base-node localhost/node:24-slim

mkdir -p .spotscribe/reports
CDK_DOCKER=$PWD/test/boot/docker npx --no-install jest --selectProjects boot --runInBand --forceExit --json \
  --outputFile .spotscribe/reports/boot.json

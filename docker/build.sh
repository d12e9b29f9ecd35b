#!/usr/bin/env bash
# Builds the image of this folder and pushes it. Run by CodeBuild, which sets:
#   IMAGE         where it goes: <registry>/<repository>:<tag>
#   TARGET        stage of the Dockerfile. By default the last one
#   ENVIRONMENT   an image that takes the place of the stage `environment`. By default the stage is built
#   TREES         where the file system of the image goes as well: s3://<bucket>/<folder>. By default nowhere
#   BASE_IMAGE, FAMILY, REQUIREMENTS, PACKAGES   arguments of the Dockerfile. By default what it says
set -euo pipefail

aws ecr get-login-password | docker login --username AWS --password-stdin "${IMAGE%%/*}"

# Docker's own builder cannot compress with zstd. The image of this one comes from Docker Hub, which refuses who shares an
# address with many: not every time.
docker buildx create --name images --driver docker-container --use
for pause in ${BUILDER_PAUSES:-10 30 60} end; do
  docker buildx inspect --bootstrap images && break
  [ "$pause" != end ] || exit 1
  sleep "$pause"
done

options=()
[ -z "${TARGET:-}" ] || options+=(--target "$TARGET")
[ -z "${ENVIRONMENT:-}" ] || options+=(--build-context "environment=docker-image://$ENVIRONMENT")
for argument in BASE_IMAGE FAMILY REQUIREMENTS PACKAGES; do
  [ -z "${!argument:-}" ] || options+=(--build-arg "$argument=${!argument}")
done
# Before the image is pushed: an image that exists has its file system beside it.
if [ -n "${TREES:-}" ]; then
  docker buildx build --platform linux/amd64 --load --tag tree "${options[@]}" .
  # The worker has the only Dockerfile without stages.
  [ -n "${TARGET:-}" ] || export PLAIN=yes
  command -v zstd >/dev/null || apt-get install -qq -y zstd
  aws s3 cp --only-show-errors "$(bash tree.sh image tree.tar tree)" "$TREES/${IMAGE##*:}.tar"
fi

# zstd unpacks several times as fast as gzip: it is what a machine that starts waits for. Attestations would make a list
# of the image, whose scan ECR keeps elsewhere.
docker buildx build \
  --platform linux/amd64 --provenance=false --sbom=false \
  --output "type=image,name=$IMAGE,compression=zstd,oci-mediatypes=true,push=true" \
  "${options[@]}" .

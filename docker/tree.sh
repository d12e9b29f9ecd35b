#!/usr/bin/env bash
# Writes the file system of an image into an archive, for machines without containers. Prints the name of the archive.
#   tree.sh build <archive> <arguments of docker build>   builds the image first
#   tree.sh image <archive> <image>                       Docker pulls the image if it is missing
# CDK_DOCKER names another program than Docker. PLAIN=yes leaves the archive as it is: only the worker's image can unpack
# others, so its own cannot be compressed. Without zstd no archive is compressed, and machines start some seconds later.
set -euo pipefail

docker=${CDK_DOCKER:-docker}
platform=linux/amd64
what=$1 archive=$2
shift 2
work=$(mktemp -d)
container=
tidy() {
  rm -rf "$work"
  [ -z "$container" ] || "$docker" rm "$container" >/dev/null
}
trap tidy EXIT

case $what in
  build)
    image=spotscribe-tree:$(basename "$archive" .tar)
    "$docker" build --platform "$platform" --tag "$image" "$@" >&2
    ;;
  image) image=$1 ;;
  *)
    echo "tree.sh: the first argument must be build or image; got $what" >&2
    exit 2
    ;;
esac

# A container that never starts: only containers can be exported.
container=$("$docker" create --platform "$platform" "$image")
"$docker" export "$container" >"$work/tree.tar"
# How the image starts, which a file system lacks. The worker reads it as `ImageConfig`.
"$docker" image inspect --format '{{json .Config}}' "$image" >"$work/.spotscribe-image.json"
tar --append --file "$work/tree.tar" --directory "$work" .spotscribe-image.json
if [ -z "${PLAIN:-}" ] && command -v zstd >/dev/null; then
  # Several times as fast to unpack as gzip.
  zstd --quiet -T0 "$work/tree.tar" -o "$work/tree.zst"
  mv "$work/tree.zst" "$archive"
else
  mv "$work/tree.tar" "$archive"
fi
echo "$archive"

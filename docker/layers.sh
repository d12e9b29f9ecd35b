# shellcheck shell=sh
# Moves the largest packages of a virtual environment into folders that become layers of the image.
#   sh layers.sh VENV TARGET
set -eu
target=$2
site=$(echo "$1"/lib/python3.*/site-packages)

# layer NAME PACKAGE…: what is not installed is passed over, as other processors have no CUDA.
layer() {
  folder=$target/$1/$site
  mkdir -p "$folder"
  shift
  for package in "$@"; do
    [ -e "$site/$package" ] || continue
    mkdir -p "$(dirname "$folder/$package")"
    mv "$site/$package" "$folder/$package"
  done
}

layer cudnn-cublas nvidia/cudnn nvidia/cublas
layer cuda nvidia
layer torch torch triton

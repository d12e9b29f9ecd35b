# What EC2 Image Builder runs with bash on the machine that it makes a machine image of: images and models come to where
# machines look for them. It sets:
#   IMAGES         addresses of container images, with a space between two
#   WORKER         the one of them that brings models
#   MODELS         what it is to bring (lambda/model-layout.ts, WantedModel)
#   MODEL_BUCKET, AWS_REGION   from where
#   MODEL_FOLDER   where to
#   MODEL_OWNER    user and group of the processes in our images
set -euo pipefail

# The agent of this machine must not leave a trace by which those that start from the image would all be one.
systemctl stop ecs || true
rm -rf /var/lib/ecs/data/* /var/log/ecs/*
systemctl start docker

# What logs in to a registry ends with this script, and is on no machine.
DOCKER_CONFIG=$(mktemp -d)
export DOCKER_CONFIG
trap 'rm -rf "$DOCKER_CONFIG"' EXIT
for image in $IMAGES; do
  registry=${image%%/*}
  if [[ $registry =~ ^[0-9]{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com ]]; then
    command -v aws > /dev/null || dnf install -qy awscli-2
    aws ecr get-login-password --region "${BASH_REMATCH[1]}" |
      docker login --username AWS --password-stdin "$registry"
  fi
  docker pull --quiet "$image"
done

# The same program as on a machine, so that files are checked against their manifests, and lie as it expects them.
install -d -m 0770 -o "${MODEL_OWNER%:*}" -g "${MODEL_OWNER#*:}" "$MODEL_FOLDER" "$MODEL_FOLDER/.store"
docker run --rm --runtime runc --network host --user "$MODEL_OWNER" --read-only --cap-drop ALL \
  --env AWS_REGION --env MODEL_BUCKET --env MODELS --env MODEL_DIR=/models \
  --volume "$MODEL_FOLDER:/models" "$WORKER" fetch-models

# A machine does not believe what an earlier run of the kernel has written, as nothing is flushed. Here all is, and the
# word in place of that run's name says so: the boot script puts its own name there.
sync
find "$MODEL_FOLDER/.store" -mindepth 2 -maxdepth 2 -name '*.json' \
  -exec sed -i 's/"boot":"[^"]*"/"boot":"baked"/' {} +
sync

#!/bin/bash
# shellcheck disable=SC2154 # The variables of common.sh.
# Boots a machine of an ECS cluster, before its agent starts: mounts the local disk and moves Docker's storage onto it, so that
# large images are pulled in seconds. `common.sh` comes before this file. The first lines of the user data set:
#   SPOTSCRIBE_CLUSTER      name of the cluster
#   SPOTSCRIBE_USER         user and group of the containers
#   SPOTSCRIBE_SHARED_GPU   yes, if several containers use the GPU
readonly docker_options=/etc/sysconfig/docker

boot() {
  trap 'fail "line $LINENO: $BASH_COMMAND"' ERR
  systemctl stop ecs docker.socket docker containerd || true
  mount_disk
  move_storage
  install -d -m 0770 -o "${SPOTSCRIBE_USER%:*}" -g "${SPOTSCRIBE_USER#*:}" "$nvme"/{shared-audio,models,scratch}
  describe_machine
  configure_agent
  if [ "$SPOTSCRIBE_SHARED_GPU" = yes ]; then share_gpu; fi
  systemctl start containerd docker
  # cloud-init runs before the agent's unit: do not wait for it here.
  systemctl start ecs --no-block
}

move_storage() {
  local name
  for name in docker containerd; do
    mkdir -p "$nvme/$name" "/var/lib/$name"
    mount --bind "$nvme/$name" "/var/lib/$name"
    mount -o remount,bind,dev,suid,exec "/var/lib/$name"
  done
}

configure_agent() {
  cat >>/etc/ecs/ecs.config <<EOF
ECS_CLUSTER=$SPOTSCRIBE_CLUSTER
ECS_ENABLE_GPU_SUPPORT=true
# With a mixed-instances policy the construct’s own switch does nothing.
ECS_ENABLE_SPOT_INSTANCE_DRAINING=true
ECS_IMAGE_PULL_BEHAVIOR=prefer-cached
# Otherwise the large image of a service is pulled only when the models have been fetched.
ECS_PULL_DEPENDENT_CONTAINERS_UPFRONT=true
ECS_CONTAINER_STOP_TIMEOUT=120s
# Containers get the task’s role, never the machine’s.
ECS_AWSVPC_BLOCK_IMDS=true
ECS_DISABLE_PRIVILEGED=true
EOF
}

# Lets all containers start with NVIDIA's runtime. `lib/machine/ecs-gpu.ts` says why.
share_gpu() {
  if ! has_default_runtime; then
    sed -i 's/^OPTIONS="/OPTIONS="--default-runtime=nvidia /' "$docker_options" || true
  fi
  if ! has_default_runtime; then
    echo 'OPTIONS="--default-runtime=nvidia"' >>"$docker_options"
  fi
  # Containers would use the AMI's MPS server, and a fault in one would end all of them.
  systemctl disable --now nvidia-mps || true
}

has_default_runtime() {
  grep -qs '^OPTIONS=.*--default-runtime' "$docker_options"
}

boot

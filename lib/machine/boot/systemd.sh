#!/bin/bash
# shellcheck disable=SC2154 # The variables of common.sh.
# Runs a machine without containers. As user data, it installs itself as a service. The service boots the machine, and then
# stops the processes at a spot notice and updates them after a deployment.
# `common.sh` comes before this file. The first lines of the user data set:
#   SPOTSCRIBE_PARAMETER   name of the Systems Manager parameter with the machine's specification
#   SPOTSCRIBE_LOG_GROUP   group in CloudWatch Logs
#   SPOTSCRIBE_HEALTH      URL that answers with 200 when the worker is ready
#   AWS_DEFAULT_REGION
readonly self=/usr/local/sbin/spotscribe
readonly trees=$nvme/trees
readonly run=/run/spotscribe
readonly files=$run/machine
# Units here are gone after a reboot, when the service makes them again.
readonly units=/run/systemd/system
# A worker that is not ready by then will not be: fetching and loading a model takes some minutes.
readonly ready_seconds=1800
# How often the machine looks for another specification.
readonly update_seconds=60

install_service() {
  trap 'fail "line $LINENO: $BASH_COMMAND"' ERR
  install -m 0755 "${BASH_SOURCE[0]}" "$self"
  cat >/etc/systemd/system/spotscribe.service <<EOF
[Unit]
Description=Spotscribe: this machine
Wants=network-online.target
After=network-online.target

[Service]
Type=notify
NotifyAccess=all
TimeoutStartSec=infinity
ExecStart=$self boot
SyslogIdentifier=spotscribe

[Install]
WantedBy=multi-user.target
EOF
  systemctl daemon-reload
  systemctl enable --now --no-block spotscribe.service
}

boot() {
  trap 'fail "line $LINENO: $BASH_COMMAND"' ERR
  step "kernel-up=$(cut -d' ' -f1 /proc/uptime)"
  mount_disk
  mkdir -p "$run" "$trees"
  step disk
  describe_machine
  "$self" prepare
  step files
  apply
  step started
  follow
}

step() {
  echo "step=$1 seconds=$SECONDS"
}

# Fetches the worker's file system. The worker fetches the others and writes the files of the units.
prepare() {
  local specification uri worker
  specification=$(aws ssm get-parameter --name "$SPOTSCRIBE_PARAMETER" --query Parameter.Value --output text)
  uri=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["images"]["worker"])' <<<"$specification")
  worker=$trees/$(basename "$uri" .tar)
  if [ ! -d "$worker" ]; then
    rm -rf "$worker.part"
    mkdir "$worker.part"
    aws s3 cp --only-show-errors "$uri" - |
      tar --extract --preserve-permissions --numeric-owner --directory "$worker.part"
    mv "$worker.part" "$worker"
  fi
  inside "$worker" --property=BindReadOnlyPaths=-/etc/resolv.conf \
    --property=BindPaths="$trees" --property=BindPaths="$run" \
    --setenv=AWS_REGION="$AWS_DEFAULT_REGION" --setenv=INSTANCE_ID="$(about instance-id)" \
    --setenv=MACHINE_PARAMETER="$SPOTSCRIBE_PARAMETER" --setenv=LOG_GROUP="$SPOTSCRIBE_LOG_GROUP" \
    --setenv=TREE_DIR="$trees" --setenv=MACHINE_DIR="$files" --setenv=DRIVER_FILES="$(driver_files)" \
    /usr/local/bin/node /opt/spotscribe/worker.cjs prepare-machine
  echo "$worker" >"$run/worker"
}

# Runs a program in the file system of an image.
inside() {
  systemd-run --quiet --wait --pipe --collect --property=RootDirectory="$1" --property=MountAPIVFS=yes \
    --property=NoNewPrivileges=yes "${@:2}"
}

# Libraries of NVIDIA's driver that programs for GPUs load, separated by colons.
driver_files() {
  ldconfig -p | awk '/^\tlib(cuda|cudadebugger|nvidia-(ml|cfg|ptxjitcompiler|nvvm|gpucomp|allocator))\.so\.[0-9]/ && /x86-64/ {print $NF}' | paste -sd:
}

# Stops the processes, if they run, and starts those of the files.
apply() {
  if [ -e "$units/spotscribe.target" ]; then stop_processes; fi
  rm -f "$units"/spotscribe-*.service
  systemd-sysusers "$files/users.conf"
  systemd-tmpfiles --create "$files/folders.conf"
  # The AMI may lack nft. The names of the users are those of this machine.
  inside "$(cat "$run/worker")" --property=BindReadOnlyPaths=/etc/passwd /usr/sbin/nft -f - <"$files/firewall.nft"
  # Create the device files of the GPU. The boot fails if the GPU does not answer.
  if command -v nvidia-smi >/dev/null; then
    nvidia-modprobe -u
    nvidia-smi --list-gpus
  fi
  install -D -m 0644 -t "$units" "$files"/units/*
  systemctl daemon-reload
  systemctl restart spotscribe_journal
  systemctl start --no-block spotscribe.target
  local tree
  for tree in "$trees"/*; do
    grep -qxF "$(basename "$tree")" "$files/trees" || rm -rf "$tree"
  done
}

# Signals when the worker is ready, and ends at a spot notice.
follow() {
  local ready='' pause=1 looked=$SECONDS
  until about spot/instance-action >/dev/null; do
    if [ -z "$ready" ] && curl -sf -m 2 -o /dev/null "$SPOTSCRIBE_HEALTH"; then
      ready=yes pause=5
      step ready
      systemd-notify --ready --status='The worker is ready'
    fi
    if [ -z "$ready" ] && [ "$SECONDS" -ge "$ready_seconds" ]; then
      fail "the worker is not ready after $SECONDS s"
    fi
    if [ $((SECONDS - looked)) -ge "$update_seconds" ]; then
      looked=$SECONDS
      # A failure changes nothing: the next look tries again.
      if is_outdated && "$self" prepare; then
        echo 'The specification has changed: the processes start again'
        apply
      fi
    fi
    sleep $pause
  done
  echo 'Spot notice: the processes stop'
  stop_processes
  # EC2 would end it up to two minutes later, and until then it would count as capacity.
  end_machine
}

# Waits until they have stopped. The worker stops first and returns its jobs to the queue.
stop_processes() {
  systemctl stop spotscribe.target 'spotscribe-*.service'
}

is_outdated() {
  local version
  version=$(aws ssm get-parameter --name "$SPOTSCRIBE_PARAMETER" --query Parameter.Version --output text) || return
  [ "$version" != "$(cat "$files/version")" ]
}

case ${1:-install} in
  install) install_service ;;
  boot) boot ;;
  prepare) prepare ;;
esac

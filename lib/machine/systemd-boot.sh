#!/bin/bash
# Runs a machine without containers. As user data, it installs itself as a service. The service boots the machine, and then
# stops the processes at a spot notice and updates them after a deployment. Any failure ends the machine.
# The first lines of the user data set:
#   SPOTSCRIBE_PARAMETER   name of the Systems Manager parameter with the machine's specification
#   SPOTSCRIBE_LOG_GROUP   group in CloudWatch Logs
#   SPOTSCRIBE_HEALTH      URL that answers with 200 when the worker is ready
#   AWS_DEFAULT_REGION
set -Eeuo pipefail

readonly self=/usr/local/sbin/spotscribe
readonly nvme=/mnt/nvme
readonly trees=$nvme/trees
# Where the Deep Learning AMI mounts the local disks.
readonly ami_nvme=/opt/dlami/nvme
readonly run=/run/spotscribe
readonly files=$run/machine
# Units here are gone after a reboot, when the service makes them again.
readonly units=/run/systemd/system
readonly metadata=http://169.254.169.254/latest
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
  mkdir -p "$run"
  mount_disk
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

# Sends what happened to CloudWatch and ends the machine. The sizer starts another one if jobs wait.
fail() {
  # A subshell fails for its parent, too.
  [ "$BASH_SUBSHELL" = 0 ] || exit 1
  trap - ERR
  set +e
  echo "The machine failed and ends itself: $1"
  local id
  id=$(about instance-id)
  mkdir -p "$run"
  report "$id"
  aws autoscaling terminate-instance-in-auto-scaling-group \
    --instance-id "$id" --should-decrement-desired-capacity >/dev/null || systemctl poweroff
  exit 1
}

report() {
  if systemctl is-active --quiet spotscribe_journal; then
    # It sends lines within a second.
    sleep 3
    return
  fi
  journalctl --boot --identifier=spotscribe --output=json --no-pager | python3 -c '
import json, sys
entries = map(json.loads, sys.stdin)
print(json.dumps([{"timestamp": int(e["__REALTIME_TIMESTAMP"]) // 1000, "message": e["MESSAGE"]} for e in entries]))
' >"$run/report.json"
  local stream=(--log-group-name "$SPOTSCRIBE_LOG_GROUP" --log-stream-name "boot/$1")
  aws logs create-log-stream "${stream[@]}"
  aws logs put-log-events "${stream[@]}" --log-events "file://$run/report.json" >/dev/null
}

# The value of a key of EC2's metadata service. Fails if there is no such key.
about() {
  local token
  token=$(curl -sf --retry 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token") || return
  curl -sf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}

# The local disk, by its model name: EBS volumes are NVMe devices, too.
mount_disk() {
  local device
  device=$(lsblk -dnpo NAME,MODEL | awk '/Instance Storage/ {print $1; exit}')
  mkdir -p "$nvme"
  if [ -n "$device" ] && ! mountpoint -q "$nvme"; then
    if mounted_by_ami; then
      mount --bind "$ami_nvme" "$nvme"
      mount -o remount,bind,noatime,nodev,nosuid "$nvme"
    else
      # EC2 does not format it. After a reboot it still has its files.
      blkid "$device" >/dev/null || mkfs.ext4 -q -F -E lazy_itable_init=1,nodiscard "$device"
      mount -o noatime,nodev,nosuid "$device" "$nvme"
    fi
  fi
  mkdir -p "$trees"
}

# Whether the AMI has mounted the local disks. The Deep Learning AMI joins them to one volume, by a service that may still run.
mounted_by_ami() {
  systemctl cat dlami-nvme.service >/dev/null 2>&1 || return
  systemctl start dlami-nvme.service || return
  local waited
  for waited in {1..30}; do
    ! mountpoint -q "$ami_nvme" || return 0
    sleep 1
  done
  echo "dlami-nvme.service has mounted nothing after $waited s"
  return 1
}

# Tells the worker what it runs on.
describe_machine() {
  printf '{"instance_id":"%s","instance_type":"%s","capacity":"%s","availability_zone":"%s"}\n' \
    "$(about instance-id)" "$(about instance-type)" "$(about instance-life-cycle)" \
    "$(about placement/availability-zone)" >"$nvme/machine.json"
  chmod 0444 "$nvme/machine.json"
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
  # Make the device files of the GPU. A GPU that does not answer is of no use.
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

#!/bin/bash
# The part that the boot scripts of all machines share. Any failure ends the machine.
set -Eeuo pipefail

readonly nvme=/mnt/nvme
# Where the Deep Learning AMI mounts the local disks.
readonly ami_nvme=/opt/dlami/nvme
readonly metadata=http://169.254.169.254/latest

# Ends the machine after a failure, with the log in CloudWatch if the machine has a group there.
fail() {
  # A subshell fails for its parent, too.
  [ "$BASH_SUBSHELL" = 0 ] || exit 1
  trap - ERR
  set +e
  echo "The machine failed and ends itself: $1"
  [ -z "${SPOTSCRIBE_LOG_GROUP:-}" ] || report
  end_machine
  exit 1
}

# Terminates the machine, with one less in its group. The sizer starts another one if jobs wait.
end_machine() {
  # The worker ends it at a spot notice, too. The group must shrink by one, not two.
  if [ "$(about autoscaling/target-lifecycle-state)" = Terminated ]; then return; fi
  aws autoscaling terminate-instance-in-auto-scaling-group \
    --instance-id "$(about instance-id)" --should-decrement-desired-capacity >/dev/null || systemctl poweroff
}

report() {
  if systemctl is-active --quiet spotscribe_journal; then
    # It sends lines within two seconds.
    sleep 4
    return
  fi
  local events
  events=$(mktemp)
  journalctl --boot --identifier=spotscribe --output=json --no-pager | python3 -c '
import json, sys
entries = map(json.loads, sys.stdin)
print(json.dumps([{"timestamp": int(e["__REALTIME_TIMESTAMP"]) // 1000, "message": e["MESSAGE"]} for e in entries]))
' >"$events"
  local stream=(--log-group-name "$SPOTSCRIBE_LOG_GROUP" --log-stream-name "boot/$(about instance-id)")
  aws logs create-log-stream "${stream[@]}"
  aws logs put-log-events "${stream[@]}" --log-events "file://$events" >/dev/null
}

# The value of a key of EC2's metadata service. Fails if there is no such key.
about() {
  local token
  token=$(curl -sf --retry 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token") || return
  curl -sf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$1"
}

# Mounts the local disk, which it finds by its model name: EBS volumes are NVMe devices, too.
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

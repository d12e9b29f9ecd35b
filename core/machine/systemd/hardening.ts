import type { Setting } from './unit-file';

/** See systemd.exec(5). Model code writes and runs machine code, so `MemoryDenyWriteExecute` is missing. */
export const HARDENED: readonly Setting[] = [
  ['NoNewPrivileges', 'yes'],
  ['CapabilityBoundingSet', ''],
  ['AmbientCapabilities', ''],
  ['ProtectSystem', 'strict'],
  ['ProtectHome', 'yes'],
  ['PrivateTmp', 'yes'],
  ['ProtectProc', 'invisible'],
  ['ProtectKernelTunables', 'yes'],
  ['ProtectKernelModules', 'yes'],
  ['ProtectKernelLogs', 'yes'],
  ['ProtectControlGroups', 'yes'],
  ['ProtectClock', 'yes'],
  ['ProtectHostname', 'yes'],
  ['KeyringMode', 'private'],
  ['RemoveIPC', 'yes'],
  ['LockPersonality', 'yes'],
  ['RestrictNamespaces', 'yes'],
  ['RestrictRealtime', 'yes'],
  ['RestrictSUIDSGID', 'yes'],
  ['RestrictAddressFamilies', 'AF_INET AF_INET6 AF_UNIX AF_NETLINK'],
  ['SystemCallArchitectures', 'native'],
  ['SystemCallFilter', '@system-service'],
  ['SystemCallErrorNumber', 'EPERM'],
  ['DevicePolicy', 'closed'],
];

/** Names of the machine's users: libraries look for the name and the home of their own. */
export const USERS: readonly Setting[] = [['BindReadOnlyPaths', '/etc/passwd /etc/group']];

/** Files with which a process resolves names. An exported file system has empty ones. */
export const NETWORK: readonly Setting[] = [['BindReadOnlyPaths', '-/etc/resolv.conf']];

/** Besides the rules of the firewall. Kernels without the filters of cgroups ignore these. */
export const LOOPBACK_ONLY: readonly Setting[] = [
  ['IPAddressDeny', 'any'],
  ['IPAddressAllow', 'localhost'],
];

/** Device files of NVIDIA's driver, by the names of its character devices in /proc/devices. */
export const GPU_DEVICES: readonly Setting[] = [
  ['DeviceAllow', 'char-nvidia rw'],
  ['DeviceAllow', 'char-nvidia-frontend rw'],
  ['DeviceAllow', 'char-nvidia-uvm rw'],
  ['DeviceAllow', 'char-nvidia-caps rw'],
];

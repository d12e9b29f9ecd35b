export type { GpuAccess, MachineProcess, MachineSpec } from '../core/contract/machine-spec';
export type { TaskName } from '../core/contract/names';
export type { CustomTask } from '../core/contract/tasks';
export { spotscribeApp, type SpotscribeAppProps } from './app';
export { FoundationStack, type FoundationStackProps } from './foundation-stack';
export type { ImageForm, ProcessImage } from './images/process-image';
export { ServiceImage } from './images/service-image';
export { ServiceTree } from './images/service-tree';
export { ecsRuntime } from './machine/ecs-runtime';
export { systemdRuntime } from './machine/systemd-runtime';
export {
  type MachinePlatform,
  type MachineProcesses,
  type MachineRuntime,
  type PlatformOptions,
  type ProcessesProps,
} from './machine/runtime';
export { PathStack, type PathStackProps } from './path-stack';
export * from './paths';
export * from './services';
export { defaultSettings, readSettings, type Settings, SettingsError } from './settings';

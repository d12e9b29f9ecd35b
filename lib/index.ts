export { FoundationStack, type FoundationStackProps } from './foundation-stack';
export { GpuSharing } from './machine/gpu-sharing';
export { type WarmHours, type Warmth } from './fleet/warmth';
export { PathStack, type PathStackProps } from './path-stack';
export * from './paths';
export { defaultSettings, readSettings, type Settings, SettingsError } from './settings';

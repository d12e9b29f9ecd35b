export { FoundationStack, type FoundationStackProps } from './foundation-stack';
export { PathStack, type PathStackProps } from './path-stack';
export * from './paths';
export { defaultSettings, readSettings, type Settings, SettingsError } from './settings';

/** Names of this package's services. This file imports nothing, because the settings need the names. */
export const SERVICE_NAMES = ['whisper', 'voxtral', 'embeddings', 'speech'] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

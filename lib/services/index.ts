import { embeddings } from './embeddings';
import type { ServiceName } from './names';
import type { PackageService } from './service';
import { speech } from './speech';
import { voxtral } from './voxtral';
import { whisper } from './whisper';

/** The registry of services. A new service is one file in this folder, a name in `names.ts` and an entry here. */
export const SERVICES: Readonly<Record<ServiceName, PackageService>> = {
  whisper,
  voxtral,
  embeddings,
  speech,
};

export { SERVICE_NAMES, type ServiceName } from './names';
export * from './service';
export { embeddings, speech, voxtral, whisper };

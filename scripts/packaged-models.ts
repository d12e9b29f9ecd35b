/**
 * Writes `docker/audio/spotscribe_audio/packaged_models.json`: the models of the catalogue that come
 * in packages, for the services, whose images do not have the catalogue.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { PACKAGED } from '../lib/models/model-catalogue';

export const PACKAGED_FILE = path.resolve(__dirname, '../docker/audio/spotscribe_audio/packaged_models.json');

export const packagedModels = (): string => `${JSON.stringify(PACKAGED, undefined, 2)}\n`;

if (require.main === module) writeFileSync(PACKAGED_FILE, packagedModels());

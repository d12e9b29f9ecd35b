import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BAKED_MODELS, CONTAINER_USER } from './machine-boot';

const SCRIPT = readFileSync(join(__dirname, 'bake.sh'), 'utf8');

/** What the component is told. */
export const BAKE_PARAMETER = {
  images: 'Images',
  worker: 'Worker',
  models: 'Models',
  bucket: 'ModelBucket',
  region: 'Region',
} as const;

const { images, worker, models, bucket, region } = BAKE_PARAMETER;

/** Neither addresses nor models hold a quote, which ends what bash takes literally: `PLAIN_NAME`. */
const told = (parameter: string) => `'{{ ${parameter} }}'`;

const BAKE = [
  `export IMAGES=${told(images)} WORKER=${told(worker)} MODELS=${told(models)}`,
  `export MODEL_BUCKET=${told(bucket)} AWS_REGION=${told(region)}`,
  `export MODEL_FOLDER=${BAKED_MODELS} MODEL_OWNER=${CONTAINER_USER}`,
  SCRIPT,
].join('\n');

const CHECK = [
  'set -euo pipefail',
  'systemctl start docker',
  `for image in ${told(images).slice(1, -1)}; do docker image inspect "$image" > /dev/null; done`,
  `test -d ${BAKED_MODELS}/.store`,
].join('\n');

const phase = (name: string, step: string, command: string) => ({
  name,
  steps: [{ name: step, action: 'ExecuteBash', inputs: { commands: [command] } }],
});

/**
 * The document of an Image Builder component: images and models are brought, and found again on that machine (`validate`)
 * and on one that was started from its image (`test`).
 */
export const BAKE_DOCUMENT = {
  name: 'bake',
  schemaVersion: 1.0,
  parameters: Object.values(BAKE_PARAMETER).map((name) => ({ [name]: { type: 'string' } })),
  phases: [phase('build', 'Bake', BAKE), phase('validate', 'Check', CHECK), phase('test', 'Check', CHECK)],
};

/** The document as text. JSON is YAML, too. */
export const BAKE_TEXT = JSON.stringify(BAKE_DOCUMENT, undefined, 2);

/** Part of the component's name: one of a name and version never changes, and another document needs another name. */
export const BAKE_HASH = createHash('sha256').update(BAKE_TEXT).digest('hex').slice(0, 12);

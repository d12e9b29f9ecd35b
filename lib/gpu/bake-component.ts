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

/** In quotes, within which bash takes all literally: neither addresses nor models hold one (`PLAIN_NAME`). */
const quoted = (parameter: string) => `'{{ ${parameter} }}'`;

const BAKE = [
  `export IMAGES=${quoted(images)} WORKER=${quoted(worker)} MODELS=${quoted(models)}`,
  `export MODEL_BUCKET=${quoted(bucket)} AWS_REGION=${quoted(region)}`,
  `export MODEL_FOLDER=${BAKED_MODELS} MODEL_OWNER=${CONTAINER_USER}`,
  SCRIPT,
].join('\n');

const CHECK = [
  'set -euo pipefail',
  'systemctl start docker',
  `for image in {{ ${images} }}; do docker image inspect "$image" > /dev/null; done`,
  `test -d ${BAKED_MODELS}/.store`,
].join('\n');

const phase = (name: string, step: string, command: string) => ({
  name,
  steps: [{ name: step, action: 'ExecuteBash', inputs: { commands: [command] } }],
});

/**
 * The document of an Image Builder component, in YAML whose values are JSON: images and models are brought, and found again on
 * that machine (`validate`) and on one that was started from its image (`test`).
 */
export const BAKE_DOCUMENT = [
  'name: "bake"',
  'schemaVersion: 1.0',
  `parameters: ${JSON.stringify(Object.values(BAKE_PARAMETER).map((name) => ({ [name]: { type: 'string' } })))}`,
  `phases: ${JSON.stringify([phase('build', 'Bake', BAKE), phase('validate', 'Check', CHECK), phase('test', 'Check', CHECK)])}`,
].join('\n');

/** Part of the component's name: one of a name and version never changes, and another document needs another name. */
export const BAKE_HASH = createHash('sha256').update(BAKE_DOCUMENT).digest('hex').slice(0, 12);

/**
 * Fills the bucket of models: what the deployment has CodeBuild run. It brings what is wanted and not there from the hub.
 * A model that the services can do without may stay away (its makers want a token, the hub is down): the log says so.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { ENV } from '../../core/contract/environment';
import { parseWantedModels } from '../../core/models/model-manifest';
import { Hub, hubToken } from './hub';
import { pushModel } from './push-model';

const PATIENCE_MS = 5 * 60_000;

/** Returns the exit status: 0 if no required model is missing. */
export async function fillModels(env: NodeJS.ProcessEnv, s3: S3Client, say: (line: string) => void) {
  const hub = new Hub({ retryForMs: PATIENCE_MS }, env.HF_ENDPOINT, tokenOf(env, say));
  const upload = { s3, bucket: env[ENV.modelBucket] ?? '' };
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  let failed = 0;
  for (const { required, ...model } of parseWantedModels(env[ENV.models] ?? '')) {
    const name = `${model.name}@${model.revision}`;
    try {
      say(`${name}: ${await pushModel(hub, upload, model, folder)}`);
    } catch (error) {
      say(`${name}: ${required ? 'failed' : 'left out'}: ${(error as Error).message}`);
      if (required) failed = 1;
    }
  }
  return failed;
}

/** A wrong token must not keep back the models that need none. */
function tokenOf({ HF_TOKEN }: NodeJS.ProcessEnv, say: (line: string) => void): string | undefined {
  try {
    return hubToken(HF_TOKEN);
  } catch (error) {
    say((error as Error).message);
    return undefined;
  }
}

if (require.main === module) {
  void fillModels(process.env, new S3Client(), (line) => console.log(line)).then((code) =>
    process.exit(code),
  );
}

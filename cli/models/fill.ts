/**
 * Fills the model bucket. CodeBuild runs it for the deployment. It copies missing models from the
 * hub. If an optional model fails (it requires a token, the hub is down), the log says so and the
 * fill continues.
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

/** Returns the exit status: 0 if all required models are in the bucket. */
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

/** Ignores an invalid token, because most models do not require one. */
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

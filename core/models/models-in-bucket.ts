import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { MODEL_KEY, type WantedModel } from './model-layout';

/**
 * The models that are missing or incomplete in the bucket. Uses a list request, because a caller
 * that may only list gets an error for a missing object from other requests.
 */
export async function missingModels(
  s3: S3Client,
  Bucket: string,
  models: readonly WantedModel[],
): Promise<WantedModel[]> {
  const there = await Promise.all(
    models.map(async (model) => {
      const Prefix = MODEL_KEY.manifest(model);
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }));
      return Contents.some(({ Key }) => Key === Prefix);
    }),
  );
  return models.filter((_, index) => !there[index]);
}

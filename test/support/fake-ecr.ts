import { createHash } from 'node:crypto';
import { AwsError, type FakeAws, type Fields, type Operation } from './fake-aws';

interface FakeImage {
  digest: string;
  manifest: string;
  tags: string[];
  pushedAt: number;
}

interface ImageId {
  imageTag?: string;
  imageDigest?: string;
}

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** ECR with one repository. */
export class FakeEcr {
  readonly images: FakeImage[] = [];
  /** Pages of a scan's findings; undefined while no scan has begun. */
  scans: Fields[] | undefined = [{ imageScanStatus: { status: 'COMPLETE' } }];
  /** Whether the repository exists. */
  exists = true;

  constructor(private readonly aws: FakeAws) {}

  readonly operations: Record<string, Operation> = {
    DescribeImages: ({ imageIds }) => {
      const found = this.find((imageIds as ImageId[])[0] ?? {});
      return found === undefined
        ? new AwsError('ImageNotFoundException', 'The image does not exist')
        : { imageDetails: [{ imageDigest: found.digest, imagePushedAt: found.pushedAt }] };
    },
    BatchGetImage: ({ imageIds }) => {
      const found = this.find((imageIds as ImageId[])[0] ?? {});
      return { images: found === undefined ? [] : [{ imageManifest: found.manifest }] };
    },
    GetDownloadUrlForLayer: ({ layerDigest }) => ({ downloadUrl: `${this.aws.url}/${String(layerDigest)}` }),
    DescribeImageScanFindings: ({ nextToken }) =>
      this.scans?.[Number(nextToken ?? 0)] ?? new AwsError('ScanNotFoundException', 'No scan'),
    PutImage: ({ imageDigest, imageTag }) => {
      const found = this.find({ imageDigest: String(imageDigest) });
      const tag = String(imageTag);
      if (found?.tags.includes(tag)) return new AwsError('ImageAlreadyExistsException', 'No changes');
      for (const { tags } of this.images) if (tags.includes(tag)) tags.splice(tags.indexOf(tag), 1);
      found?.tags.push(tag);
      return {};
    },
    BatchDeleteImage: ({ imageIds }) => {
      if (!this.exists) return new AwsError('RepositoryNotFoundException', 'No repository');
      const [{ imageTag = '' } = {}] = imageIds as ImageId[];
      for (const { tags } of this.images) if (tags.includes(imageTag)) tags.splice(tags.indexOf(imageTag), 1);
      return {};
    },
  };

  /** Pushes an image of one platform, as a build does. */
  push(tag: string, platform: Fields = { os: 'linux', architecture: 'amd64' }): string {
    const configuration = JSON.stringify({ ...platform, built: this.images.length });
    const config = { digest: sha256(configuration) };
    this.aws.files.set(`/${config.digest}`, configuration);
    return this.pushManifest(tag, { config });
  }

  /** Pushes a manifest, such as a list of images. */
  pushManifest(tag: string, content: Fields): string {
    const manifest = JSON.stringify(content);
    const digest = sha256(manifest);
    this.images.push({ digest, manifest, tags: [tag], pushedAt: Date.now() / 1000 });
    return digest;
  }

  private find({ imageTag, imageDigest }: ImageId): FakeImage | undefined {
    return this.images.find(
      ({ digest, tags }) => digest === imageDigest || tags.some((tag) => tag === imageTag),
    );
  }
}

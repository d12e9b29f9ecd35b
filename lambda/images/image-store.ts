import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  ImageAlreadyExistsException,
  ImageNotFoundException,
  PutImageCommand,
  RepositoryNotFoundException,
  ScanNotFoundException,
} from '@aws-sdk/client-ecr';
import { isMachine, type Manifest, machineImage, type Platform, wrongPlatform } from './image-manifest';
import { type Finding, isSevere, type Scan } from './scan-gate';

/** The forms in which ECR is to give manifests: without them it may convert one, which changes its digest. */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** An image that is there. */
export interface StoredImage {
  digest: string;
  pushedAt: Date;
}

/** The images of one repository. */
export class ImageStore {
  constructor(
    private readonly ecr: ECRClient,
    private readonly repositoryName: string,
  ) {}

  async find(imageTag: string): Promise<StoredImage | undefined> {
    const { repositoryName } = this;
    try {
      const { imageDetails: [image] = [] } = await this.ecr.send(
        new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }),
      );
      if (image?.imageDigest === undefined) return undefined;
      return { digest: image.imageDigest, pushedAt: image.imagePushedAt ?? new Date(0) };
    } catch (error) {
      if (error instanceof ImageNotFoundException) return undefined;
      throw error;
    }
  }

  /**
   * The digest of what the machines run of an image: its own, or of one among those that it lists.
   *
   * @throws Error if it is made for other machines
   */
  async runnable(digest: string): Promise<string> {
    const manifest = JSON.parse((await this.manifest(digest)).text) as Manifest;
    if (manifest.manifests !== undefined) return machineImage(manifest);
    const platform = await this.platform(manifest);
    if (isMachine(platform)) return digest;
    throw wrongPlatform([platform]);
  }

  /** How the image was scanned, with its severe findings. Undefined if no scan has begun. */
  async scan(imageDigest: string): Promise<Scan | undefined> {
    const { repositoryName } = this;
    const findings: Finding[] = [];
    let nextToken: string | undefined;
    try {
      for (;;) {
        const page = await this.ecr.send(
          new DescribeImageScanFindingsCommand({ repositoryName, imageId: { imageDigest }, nextToken }),
        );
        const { findings: basic = [], enhancedFindings = [] } = page.imageScanFindings ?? {};
        findings.push(
          ...basic.map(({ name = '', severity = '' }) => ({ id: name, severity: String(severity) })),
          ...enhancedFindings.map(({ title = '', severity = '', packageVulnerabilityDetails }) => ({
            id: packageVulnerabilityDetails?.vulnerabilityId ?? title,
            severity,
          })),
        );
        nextToken = page.nextToken;
        if (nextToken !== undefined) continue;
        const { status = '', description } = page.imageScanStatus ?? {};
        return { status, description, findings: findings.filter(({ severity }) => isSevere(severity)) };
      }
    } catch (error) {
      if (error instanceof ScanNotFoundException) return undefined;
      throw error;
    }
  }

  /** Gives the image a second tag, which leaves the one that had it. */
  async hold(imageDigest: string, imageTag: string): Promise<void> {
    const { text, mediaType } = await this.manifest(imageDigest);
    try {
      await this.ecr.send(
        new PutImageCommand({
          repositoryName: this.repositoryName,
          imageManifest: text,
          imageManifestMediaType: mediaType,
          imageDigest,
          imageTag,
        }),
      );
    } catch (error) {
      // It has the tag already.
      if (!(error instanceof ImageAlreadyExistsException)) throw error;
    }
  }

  /** Takes a tag away. The image stays, under its other one. */
  async release(imageTag: string): Promise<void> {
    const { repositoryName } = this;
    try {
      await this.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag }] }));
    } catch (error) {
      if (!(error instanceof RepositoryNotFoundException)) throw error;
    }
  }

  private async manifest(imageDigest: string): Promise<{ text: string; mediaType?: string }> {
    const { images: [image] = [] } = await this.ecr.send(
      new BatchGetImageCommand({
        repositoryName: this.repositoryName,
        imageIds: [{ imageDigest }],
        acceptedMediaTypes: MANIFEST_TYPES,
      }),
    );
    if (image?.imageManifest === undefined)
      throw new Error(`The image ${this.repositoryName}@${imageDigest} is gone: deploy again`);
    return { text: image.imageManifest, mediaType: image.imageManifestMediaType };
  }

  /** What the image was made for, as its configuration says. */
  private async platform({ config }: Manifest): Promise<Platform> {
    const { downloadUrl = '' } = await this.ecr.send(
      new GetDownloadUrlForLayerCommand({
        repositoryName: this.repositoryName,
        layerDigest: config?.digest,
      }),
    );
    const answer = await fetch(downloadUrl);
    if (!answer.ok) throw new Error(`The image’s configuration could not be read: ${answer.status}`);
    return (await answer.json()) as Platform;
  }
}

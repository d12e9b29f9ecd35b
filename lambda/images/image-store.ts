import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImageScanFindingsCommand,
  DescribeImagesCommand,
  type ECRClient,
  GetDownloadUrlForLayerCommand,
  ImageAlreadyExistsException,
  ImageNotFoundException,
  paginateListImages,
  PutImageCommand,
  RepositoryNotFoundException,
  ScanNotFoundException,
} from '@aws-sdk/client-ecr';
import { isMachine, type Manifest, machineImage, type Platform, wrongPlatform } from './image-manifest';
import { type Finding, isSevere, type Scan } from './scan-gate';

/** Accepted manifest types. Without them ECR may convert a manifest, which changes its digest. */
const MANIFEST_TYPES = [
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
];

/** An image in the repository. */
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
   * The digest of the image that the machines run: its own, or that of one image in its list.
   *
   * @throws Error if it is built for another platform
   */
  async runnable(digest: string): Promise<string> {
    const manifest = JSON.parse((await this.manifest(digest)).text) as Manifest;
    if (manifest.manifests !== undefined) return machineImage(manifest);
    const platform = await this.platform(manifest);
    if (isMachine(platform)) return digest;
    throw wrongPlatform([platform]);
  }

  /** The scan of an image, with its severe findings. Undefined if no scan has begun. */
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

  /** Adds a second tag to the image, and removes it from the image that had it before. */
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
      // The image already has the tag.
      if (!(error instanceof ImageAlreadyExistsException)) throw error;
    }
  }

  /** All tags of the repository. */
  async tags(): Promise<Set<string>> {
    const { repositoryName } = this;
    const tags = new Set<string>();
    for await (const { imageIds = [] } of paginateListImages({ client: this.ecr }, { repositoryName }))
      for (const { imageTag } of imageIds) if (imageTag !== undefined) tags.add(imageTag);
    return tags;
  }

  /** Removes a tag. The image keeps its other tag. */
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
      throw new Error(`The image ${this.repositoryName}@${imageDigest} no longer exists: deploy again`);
    return { text: image.imageManifest, mediaType: image.imageManifestMediaType };
  }

  /** The platform of the image, from its configuration. */
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

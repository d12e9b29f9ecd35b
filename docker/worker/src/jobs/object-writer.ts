import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  type CompletedPart,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';

/** Least bytes of a part, except the last one. S3 allows 10,000 parts of at least 5 MiB. */
const PART_BYTES = 8 << 20;

/**
 * Writes an object whose content arrives in pieces. Memory holds less than a part and the last
 * piece. The object exists when it is finished.
 */
export class ObjectWriter {
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private total = 0;
  private uploadId: string | undefined;
  private readonly parts: CompletedPart[] = [];

  /** @param type media type */
  constructor(
    private readonly s3: S3Client,
    private readonly place: { Bucket: string; Key: string },
    private readonly type: string,
  ) {}

  /** Bytes that were written so far. */
  get bytes(): number {
    return this.total;
  }

  async write(piece: Uint8Array): Promise<void> {
    this.held.push(piece);
    this.heldBytes += piece.length;
    this.total += piece.length;
    if (this.heldBytes >= PART_BYTES) await this.sendPart();
  }

  // The requests are not aborted with the work: S3 might store the object after it was erased.
  async finish(): Promise<void> {
    const { s3, place, type } = this;
    if (this.uploadId === undefined) {
      await s3.send(new PutObjectCommand({ ...place, Body: this.taken(), ContentType: type }));
      return;
    }
    if (this.heldBytes > 0) await this.sendPart();
    const upload = { ...place, UploadId: this.uploadId, MultipartUpload: { Parts: this.parts } };
    await s3.send(new CompleteMultipartUploadCommand(upload));
    this.uploadId = undefined;
  }

  /** Deletes what was sent, unless the object is finished. */
  async abandon(): Promise<void> {
    const { s3, place, uploadId: UploadId } = this;
    if (UploadId !== undefined) await s3.send(new AbortMultipartUploadCommand({ ...place, UploadId }));
    this.uploadId = undefined;
  }

  private async sendPart(): Promise<void> {
    const { s3, place, type } = this;
    this.uploadId ??= (
      await s3.send(new CreateMultipartUploadCommand({ ...place, ContentType: type }))
    ).UploadId;
    const part = { PartNumber: this.parts.length + 1, Body: this.taken() };
    const { ETag } = await s3.send(new UploadPartCommand({ ...place, ...part, UploadId: this.uploadId }));
    this.parts.push({ PartNumber: part.PartNumber, ETag });
  }

  /** The held pieces, which are held no more. */
  private taken(): Buffer {
    const content = Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return content;
  }
}

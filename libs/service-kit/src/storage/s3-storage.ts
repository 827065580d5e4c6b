import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { checkedKey, MediaTooLarge, StorageFull, StorageUnavailable, type MediaStorage } from './media-storage';

export interface S3Options {
  bucket: string;
  /** Put before every key. */
  prefix: string;
  /** Of a compatible server; Amazon's own when absent. */
  endpoint?: string | undefined;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`, as MinIO and most others need. */
  forcePathStyle: boolean;
  /** For one request with its repetitions; a body may take longer while bytes keep coming. */
  deadlineMs: number;
}

// One request needs to know the length beforehand and may be repeated, so streams are gathered first. Messengers give
// bots files of 20 MB at most and take 50 MB.
const MAX_BYTES = 64 * 1024 * 1024;
const CONNECT_MS = 5_000;

/** Files in an S3-compatible bucket. */
export class S3Storage implements MediaStorage {
  private readonly client: S3Client;

  constructor(private readonly options: S3Options) {
    this.client = new S3Client({
      region: options.region,
      ...(options.endpoint && { endpoint: options.endpoint }),
      forcePathStyle: options.forcePathStyle,
      credentials: { accessKeyId: options.accessKeyId, secretAccessKey: options.secretAccessKey },
      // The checksums that newer clients add by themselves are refused by many compatible servers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: options.deadlineMs },
    });
  }

  async put(
    key: string,
    body: Buffer | Readable,
    { contentType }: { contentType: string },
  ): Promise<{ bytes: number }> {
    try {
      const place = this.placeOf(key);
      const bytes = Buffer.isBuffer(body) ? body : await gathered(body);
      if (bytes.length > MAX_BYTES) throw new MediaTooLarge(MAX_BYTES);
      const command = new PutObjectCommand({ ...place, Body: bytes, ContentType: contentType });
      await this.ask((abortSignal) => this.client.send(command, { abortSignal }));
      return { bytes: bytes.length };
    } catch (error) {
      if (body instanceof Readable) body.destroy();
      throw error;
    }
  }

  async open(key: string): ReturnType<MediaStorage['open']> {
    const command = new GetObjectCommand(this.placeOf(key));
    const file = await this.ask((abortSignal) => this.client.send(command, { abortSignal })).catch(unlessMissing);
    if (!file) return undefined;
    return {
      body: file.Body as Readable,
      bytes: file.ContentLength ?? 0,
      contentType: file.ContentType ?? 'application/octet-stream',
    };
  }

  async exists(key: string): Promise<boolean> {
    const command = new HeadObjectCommand(this.placeOf(key));
    const about = await this.ask((abortSignal) => this.client.send(command, { abortSignal })).catch(unlessMissing);
    return about !== undefined;
  }

  async delete(key: string): Promise<void> {
    const command = new DeleteObjectCommand(this.placeOf(key));
    await this.ask((abortSignal) => this.client.send(command, { abortSignal }));
  }

  /** A bucket keeps whole files only: each is sent by one request. */
  async removeAbandoned(): Promise<void> {}

  private placeOf(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.options.bucket, Key: this.options.prefix + checkedKey(key) };
  }

  private async ask<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const abort = new AbortController();
    // Cleared once the headers are here: the same signal would otherwise cut a body that is still being read.
    const deadline = setTimeout(() => abort.abort(), this.options.deadlineMs);
    try {
      return await work(abort.signal);
    } catch (error) {
      if (abort.signal.aborted)
        throw new StorageUnavailable(`the bucket did not answer within ${this.options.deadlineMs} ms`, {
          cause: error,
        });
      throw named(error);
    } finally {
      clearTimeout(deadline);
    }
  }
}

async function gathered(body: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk as Buffer);
    length += bytes.length;
    if (length > MAX_BYTES) throw new MediaTooLarge(MAX_BYTES);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function named(error: unknown): unknown {
  if (!(error instanceof S3ServiceException))
    return new StorageUnavailable('the bucket cannot be reached', { cause: error });
  const status = error.$metadata.httpStatusCode ?? 0;
  // 507 and these names are MinIO's and Ceph's; Amazon's buckets have no end.
  if (status === 507 || ['XMinioStorageFull', 'QuotaExceeded'].includes(error.name))
    return new StorageFull(undefined, { cause: error });
  if (status >= 500 || status === 429) return new StorageUnavailable(`the bucket answered ${status}`, { cause: error });
  return error;
}

/** A missing bucket is 404 as well, but that is a mistake in the configuration and not a missing file. */
function unlessMissing(error: unknown): undefined {
  if (!(error instanceof S3ServiceException) || !['NoSuchKey', 'NotFound'].includes(error.name)) throw error;
}

import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
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

// One request needs to know the length beforehand and may be repeated, so a stream is gathered in parts of this size: what fits
// into one is sent by one request.
const PART_BYTES = 16 * 1024 * 1024;
/** Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits". */
const MOST_PARTS = 10_000;
const CONNECT_MS = 5_000;
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;

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
      const parts = partsOf(body);
      const first = await parts.next();
      const second = first.done ? first : await parts.next();
      if (!second.done)
        return {
          bytes: await this.putParts({ ...place, ContentType: contentType }, first.value!, second.value, parts),
        };
      const bytes = first.value ?? Buffer.alloc(0);
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

  /** A bucket keeps whole files only, but also the parts of files that were never finished. */
  async removeAbandoned(): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.options;
    let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (after) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({ Bucket, Prefix, ...after });
      const list: ListMultipartUploadsCommandOutput | undefined = await this.ask((abortSignal) =>
        this.client.send(command, { abortSignal }),
      ).catch(unlessUnknown);
      for (const { Key, UploadId, Initiated } of list?.Uploads ?? [])
        if (Initiated && Date.now() - Initiated.getTime() > ABANDONED_AFTER_MS)
          // Another service of the same bucket may have been faster.
          await this.abandon({ Bucket, Key, UploadId }).catch(unlessEnded);
      after = list?.IsTruncated
        ? { KeyMarker: list.NextKeyMarker, UploadIdMarker: list.NextUploadIdMarker }
        : undefined;
    }
  }

  /** Nobody sees anything of it before its last request. @returns how many bytes there were */
  private async putParts(
    { ContentType, ...place }: { Bucket: string; Key: string; ContentType: string },
    first: Buffer,
    second: Buffer,
    rest: AsyncGenerator<Buffer>,
  ): Promise<number> {
    const begin = new CreateMultipartUploadCommand({ ...place, ContentType });
    const { UploadId } = await this.ask((abortSignal) => this.client.send(begin, { abortSignal }));
    const upload = { ...place, UploadId };
    const sent: CompletedPart[] = [];
    let bytes = 0;
    const send = async (part: Buffer) => {
      const PartNumber = sent.length + 1;
      if (PartNumber > MOST_PARTS) throw new MediaTooLarge(MOST_PARTS * PART_BYTES);
      const command = new UploadPartCommand({ ...upload, PartNumber, Body: part });
      const { ETag } = await this.ask((abortSignal) => this.client.send(command, { abortSignal }));
      sent.push({ PartNumber, ETag });
      bytes += part.length;
    };
    try {
      await send(first);
      await send(second);
      for await (const part of rest) await send(part);
      const complete = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: sent } });
      await this.ask((abortSignal) => this.client.send(complete, { abortSignal }));
      return bytes;
    } catch (error) {
      // What stays when this fails, too, is removed a day later.
      await this.abandon(upload).catch(() => undefined);
      throw error;
    }
  }

  private async abandon(upload: {
    Bucket: string;
    Key: string | undefined;
    UploadId: string | undefined;
  }): Promise<void> {
    const command = new AbortMultipartUploadCommand(upload);
    await this.ask((abortSignal) => this.client.send(command, { abortSignal }));
  }

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

/** In parts of PART_BYTES, the last one shorter. */
async function* partsOf(body: Buffer | Readable): AsyncGenerator<Buffer, undefined> {
  let waiting: Buffer[] = [];
  let length = 0;
  for await (const chunk of Buffer.isBuffer(body) ? [body] : (body as AsyncIterable<Buffer | string>)) {
    let bytes = Buffer.from(chunk as Buffer);
    while (length + bytes.length > PART_BYTES) {
      const fitting = PART_BYTES - length;
      yield Buffer.concat([...waiting, bytes.subarray(0, fitting)]);
      bytes = bytes.subarray(fitting);
      waiting = [];
      length = 0;
    }
    waiting.push(bytes);
    length += bytes.length;
  }
  if (length > 0) yield Buffer.concat(waiting);
}

function named(error: unknown): unknown {
  if (!(error instanceof S3ServiceException))
    return new StorageUnavailable('the bucket cannot be reached', { cause: error });
  const status = error.$metadata.httpStatusCode ?? 0;
  // 507 and these names are MinIO's and Ceph's; Amazon's buckets have no end.
  if (status === 507 || ['XMinioStorageFull', 'QuotaExceeded'].includes(error.name))
    return new StorageFull(undefined, { cause: error });
  // 501 stays as it is: what a server cannot do it will not do later.
  if ((status >= 500 && status !== 501) || status === 429)
    return new StorageUnavailable(`the bucket answered ${status}`, { cause: error });
  return error;
}

/** A missing bucket is 404 as well, but that is a mistake in the configuration and not a missing file. */
function unlessMissing(error: unknown): undefined {
  if (!(error instanceof S3ServiceException) || !['NoSuchKey', 'NotFound'].includes(error.name)) throw error;
}

function unlessEnded(error: unknown): void {
  if (!(error instanceof S3ServiceException) || error.name !== 'NoSuchUpload') throw error;
}

/** Not every compatible server lists what was never finished. */
function unlessUnknown(error: unknown): undefined {
  if (!(error instanceof S3ServiceException) || error.name !== 'NotImplemented') throw error;
}

import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type ListMultipartUploadsCommandOutput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
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
// into one is sent by one request. Nobody sees anything of a file of several parts before its last request.
const PART_BYTES = 16 * 1024 * 1024;
/** Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits". */
const MOST_PARTS = 10_000;
const CONNECT_MS = 5_000;
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000;
const NOT_GRANTED = 'the bucket does not grant';

/** Files in an S3-compatible bucket. */
export class S3Storage implements MediaStorage {
  private readonly client: S3Client;
  /** The same one, of which each request has the deadline and the errors of this storage. */
  private readonly uploader: S3Client;
  private isKnownToBeThere = false;

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
    const send = async (command: Parameters<S3Client['send']>[0]): Promise<unknown> => {
      const answer = this.ask((abortSignal) => this.client.send(command, { abortSignal }));
      // What stays of an upload that cannot even be given up is removed a day later: it is told why it failed at first.
      return command instanceof AbortMultipartUploadCommand ? answer.catch(() => undefined) : answer;
    };
    this.uploader = Object.assign(Object.create(this.client) as S3Client, { send });
  }

  async put(
    key: string,
    body: Buffer | Readable,
    { contentType }: { contentType: string },
  ): Promise<{ bytes: number }> {
    try {
      const params = { ...this.placeOf(key), ContentType: contentType };
      const counted = new Counted(body);
      // One part after the other: more at once would be as much more in memory.
      const upload = new Upload({
        ...{ client: this.uploader, partSize: PART_BYTES, queueSize: 1 },
        params: { ...params, Body: counted.stream },
      });
      await upload.done();
      return { bytes: counted.bytes };
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
    // An answer to HEAD has no body that would say what is missing, the file or its bucket.
    if (!about && !this.isKnownToBeThere) await this.mayList();
    return about !== undefined;
  }

  async delete(key: string): Promise<void> {
    const command = new DeleteObjectCommand(this.placeOf(key));
    await this.ask((abortSignal) => this.client.send(command, { abortSignal }));
  }

  async *list(prefix: string): AsyncGenerator<string> {
    const { bucket: Bucket, prefix: own } = this.options;
    for (let ContinuationToken: string | undefined; ;) {
      const command: ListObjectsV2Command = new ListObjectsV2Command({
        ...{ Bucket, Prefix: own + prefix },
        ...(ContinuationToken && { ContinuationToken }),
      });
      const page: ListObjectsV2CommandOutput = await this.ask((abortSignal) =>
        this.client.send(command, { abortSignal }),
      );
      for (const { Key } of page.Contents ?? []) if (Key) yield Key.slice(own.length);
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
      if (!ContinuationToken) return;
    }
  }

  /** A bucket keeps whole files only, but also the parts of files that were never finished. */
  async removeAbandoned(): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.options;
    let after: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (after) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({ Bucket, Prefix, ...after });
      const list: ListMultipartUploadsCommandOutput | undefined = await this.ask((abortSignal) =>
        this.client.send(command, { abortSignal }),
      ).catch(unlessRefused);
      for (const { Key, UploadId, Initiated } of list?.Uploads ?? [])
        if (Initiated && Date.now() - Initiated.getTime() > ABANDONED_AFTER_MS)
          // Another service of the same bucket may have been faster.
          await this.abandon({ Bucket, Key, UploadId }).catch(unlessEnded);
      after = list?.IsTruncated
        ? { KeyMarker: list.NextKeyMarker, UploadIdMarker: list.NextUploadIdMarker }
        : undefined;
    }
  }

  async problems(): Promise<string[]> {
    const { bucket: Bucket } = this.options;
    try {
      const listUploads = new ListMultipartUploadsCommand({ Bucket, MaxUploads: 1 });
      const mayList = await this.mayList();
      const maySeeParts = await this.isAllowed((abortSignal) => this.client.send(listUploads, { abortSignal }));
      return [
        ...(mayList
          ? []
          : [`${NOT_GRANTED} s3:ListBucket: files that are missing cannot be told from those that may not be read`]),
        ...(maySeeParts
          ? []
          : [
              `${NOT_GRANTED} s3:ListBucketMultipartUploads: parts of files that were never finished stay, and are paid for`,
            ]),
      ];
    } catch (error) {
      return [(error as Error).message];
    }
  }

  /** @throws where there is no such bucket */
  private async mayList(): Promise<boolean> {
    const { bucket } = this.options;
    const command = new HeadBucketCommand({ Bucket: bucket });
    const mayList = await this.isAllowed((abortSignal) => this.client.send(command, { abortSignal })).catch(
      (error: unknown) => {
        if (statusOf(error) === 404) throw new Error(`there is no bucket ${bucket}`, { cause: error });
        throw error;
      },
    );
    this.isKnownToBeThere = true;
    return mayList;
  }

  /** What a server cannot do needs no permission. */
  private async isAllowed(work: (signal: AbortSignal) => Promise<unknown>): Promise<boolean> {
    try {
      await this.ask(work);
    } catch (error) {
      if (statusOf(error) === 403) return false;
      if (statusOf(error) !== 501) throw error;
    }
    return true;
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

/** A body of which it is known at the end how long it was. */
class Counted {
  bytes = 0;
  readonly stream: Readable;

  constructor(body: Buffer | Readable) {
    this.stream = Readable.from(this.read(Buffer.isBuffer(body) ? [body] : body), { objectMode: false });
  }

  private async *read(body: AsyncIterable<Buffer | string> | Iterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      this.bytes += bytes.length;
      if (this.bytes > MOST_PARTS * PART_BYTES) throw new MediaTooLarge(MOST_PARTS * PART_BYTES);
      yield bytes;
    }
  }
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;

function named(error: unknown): unknown {
  if (!(error instanceof S3ServiceException))
    return new StorageUnavailable('the bucket cannot be reached', { cause: error });
  const status = statusOf(error) ?? 0;
  // 507 and these names are MinIO's and Ceph's; Amazon's buckets have no end.
  if (status === 507 || ['XMinioStorageFull', 'QuotaExceeded'].includes(error.name))
    return new StorageFull(undefined, { cause: error });
  // 501 stays as it is: what a server cannot do it will not do later.
  // The two names are of a slow sender (400) and of a bucket that is being changed (409).
  if (
    (status >= 500 && status !== 501) ||
    status === 429 ||
    ['RequestTimeout', 'OperationAborted'].includes(error.name)
  )
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

/** Not every compatible server lists what was never finished, nor to everybody: `problems` tells. */
function unlessRefused(error: unknown): undefined {
  if (![403, 501].includes(statusOf(error) ?? 0)) throw error;
}

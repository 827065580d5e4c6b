import type { Readable } from 'node:stream';
import { z } from 'zod';
import { DomainError } from '../errors';

/** A service's own files, on disk or in a bucket. */
export interface MediaStorage {
  /**
   * Keeps a file; a reader sees the earlier one or the whole new one. When it fails nothing of the file stays, and a
   * stream is read to its end or destroyed.
   * @throws StorageFull, StorageUnavailable, InvalidKey, MediaTooLarge
   */
  put(key: string, body: Buffer | Readable, about: { contentType: string }): Promise<{ bytes: number }>;
  /** Undefined when there is no such file. The body must be read to its end or destroyed. */
  open(key: string): Promise<{ body: Readable; bytes: number; contentType: string } | undefined>;
  exists(key: string): Promise<boolean>;
  /** A file that is not there is as good as deleted. */
  delete(key: string): Promise<void>;
  /** Keys that begin so, in no order; of files that come or go meanwhile perhaps. */
  list(prefix: string): AsyncIterable<string>;
  /** Removes what killed processes have left half written. For a schedule. */
  removeAbandoned(): Promise<void>;
  /** What is wrong with how the store is set up, in words for an operator. For a start; never rejects. */
  problems(): Promise<string[]>;
}

// Letters every store, URL and shell agrees on; no part may begin with a dot, so no key can climb out of its folder.
const PART = '[A-Za-z0-9_-][A-Za-z0-9._-]*';
const KEY = z
  .string()
  .max(512)
  .regex(new RegExp(`^${PART}(/${PART})*$`));

/** The key as it is, when it may be one. */
export function checkedKey(key: string): string {
  if (!KEY.safeParse(key).success) throw new InvalidKey(key);
  return key;
}

/** The disk or the bucket takes no more. */
export class StorageFull extends DomainError {
  constructor(message = 'there is no room for the file', options?: ErrorOptions) {
    super('storage.full', message, 507);
    this.cause = options?.cause;
  }
}

/** The store did not answer, or not in time; the same request may succeed later. */
export class StorageUnavailable extends DomainError {
  constructor(message: string, options?: ErrorOptions) {
    super('storage.unavailable', message, 503);
    this.cause = options?.cause;
  }
}

/** The file is larger than the store takes in one piece. */
export class MediaTooLarge extends DomainError {
  constructor(limit: number) {
    super('storage.media_too_large', `a file may have ${limit} bytes at most`, 413, { limit });
  }
}

/** The key is empty, too long, or holds characters that not every store can keep. */
export class InvalidKey extends DomainError {
  constructor(key: string) {
    super('storage.invalid_key', `${JSON.stringify(key.slice(0, 100))} cannot be the key of a file`);
  }
}

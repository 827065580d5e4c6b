import type { Readable } from 'node:stream';

/** A service's own files, on disk or in a bucket. */
export interface MediaStorage {
  put(key: string, body: Buffer | Readable, about: { contentType: string }): Promise<{ bytes: number }>;
  /** Undefined when there is no such file. */
  open(key: string): Promise<{ body: Readable; bytes: number; contentType: string } | undefined>;
  exists(key: string): Promise<boolean>;
  delete(key: string): Promise<void>;
}

/** The disk or the bucket takes no more. */
export class StorageFull extends Error {
  override readonly name = 'StorageFull';
}

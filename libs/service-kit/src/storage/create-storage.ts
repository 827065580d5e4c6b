import { z } from 'zod';
import { DiskStorage } from './disk-storage';
import type { MediaStorage } from './media-storage';
import { S3Storage } from './s3-storage';

const DiskConfig = z.object({ kind: z.literal('disk'), folder: z.string().min(1) });

const S3Config = z.object({
  kind: z.literal('s3'),
  bucket: z.string().min(1),
  /** Put before every key. */
  prefix: z.string().default(''),
  /** Of a compatible server; Amazon's own when absent. */
  endpoint: z.url().optional(),
  region: z.string().min(1),
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`, as MinIO and most others need. */
  forcePathStyle: z.boolean().default(false),
  /** For one request with its repetitions. */
  deadlineMs: z.int().positive().default(60_000),
});

export const StorageConfig = z.discriminatedUnion('kind', [DiskConfig, S3Config]);
export type StorageConfig = z.input<typeof StorageConfig>;

/** @throws ZodError when the configuration is not whole. Nothing is opened or asked yet. */
export function createStorage(config: StorageConfig): MediaStorage {
  const checked = StorageConfig.parse(config);
  return checked.kind === 'disk' ? new DiskStorage(checked.folder) : new S3Storage(checked);
}

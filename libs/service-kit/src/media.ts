import { join } from 'node:path';
import { ConfigError, type SharedConfig } from './config';
import type { StorageConfig } from './storage/create-storage';

/** Injection token of the service's own files. */
export const MEDIA_STORAGE = Symbol('media storage');

/** Each service has its own folder, or its own prefix in the bucket: nobody reads another's files but by asking. */
export function mediaConfigOf(config: SharedConfig, service: string): StorageConfig {
  if (!config.MEDIA_S3_BUCKET) return { kind: 'disk', folder: join(config.MEDIA_FOLDER, service) };
  const { MEDIA_S3_ACCESS_KEY_ID: accessKeyId, MEDIA_S3_SECRET_ACCESS_KEY: secretAccessKey } = config;
  if (!accessKeyId || !secretAccessKey) {
    throw new ConfigError('MEDIA_S3_BUCKET needs MEDIA_S3_ACCESS_KEY_ID and MEDIA_S3_SECRET_ACCESS_KEY');
  }
  return {
    kind: 's3',
    bucket: config.MEDIA_S3_BUCKET,
    prefix: `${service}/`,
    endpoint: config.MEDIA_S3_ENDPOINT,
    region: config.MEDIA_S3_REGION,
    accessKeyId,
    secretAccessKey,
    forcePathStyle: config.MEDIA_S3_FORCE_PATH_STYLE,
  };
}

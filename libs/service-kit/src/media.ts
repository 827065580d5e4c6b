import { join } from 'node:path';
import { ConfigError, type SharedConfig } from './config';
import type { StorageConfig } from './storage/create-storage';

/** Injection token of the service's own files. */
export const MEDIA_STORAGE = Symbol('media storage');

/** Each service has its own folder, or its own prefix in the bucket: nobody reads another's files but by asking. */
export const mediaConfigOf = (config: SharedConfig, service: string): StorageConfig =>
  storageConfigOf(config, 'MEDIA', service);

/** The backups of all services lie together: the gateway looks after them. */
export const backupsConfigOf = (config: SharedConfig): StorageConfig => storageConfigOf(config, 'BACKUP');

/** @param variables those of `storageVariables` with this prefix */
export function storageConfigOf(
  variables: Readonly<Record<string, unknown>>,
  prefix: string,
  folder?: string,
): StorageConfig {
  const read = (name: string) => variables[`${prefix}_${name}`] as string | undefined;
  const bucket = read('S3_BUCKET');
  if (!bucket) return { kind: 'disk', folder: join(read('FOLDER')!, folder ?? '') };
  const [accessKeyId, secretAccessKey] = [read('S3_ACCESS_KEY_ID'), read('S3_SECRET_ACCESS_KEY')];
  if (!accessKeyId || !secretAccessKey)
    throw new ConfigError(`${prefix}_S3_BUCKET needs ${prefix}_S3_ACCESS_KEY_ID and ${prefix}_S3_SECRET_ACCESS_KEY`);
  return {
    kind: 's3',
    bucket,
    prefix: folder ? `${folder}/` : '',
    endpoint: read('S3_ENDPOINT'),
    region: read('S3_REGION')!,
    accessKeyId,
    secretAccessKey,
    forcePathStyle: Boolean(variables[`${prefix}_S3_FORCE_PATH_STYLE`]),
  };
}

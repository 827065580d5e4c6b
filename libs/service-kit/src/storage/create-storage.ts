import type { MediaStorage } from './media-storage';

export type StorageConfig =
  | { kind: 'disk'; folder: string }
  | {
      kind: 's3';
      bucket: string;
      /** Put before every key. */
      prefix?: string;
      endpoint?: string;
      region: string;
      accessKeyId: string;
      secretAccessKey: string;
      forcePathStyle: boolean;
    };

export declare function createStorage(config: StorageConfig): MediaStorage;

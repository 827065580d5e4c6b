import { Inject, Injectable } from '@nestjs/common';
import {
  BackupStore,
  backupPlace,
  backupsConfigOf,
  CONFIG,
  createStorage,
  DomainError,
  KeyRing,
  type SharedConfig,
  storageConfigOf,
} from '@switchboard/service-kit';
import type { BackupsConfig } from './backups.config';

export class BackupKeyMissing extends DomainError {
  constructor() {
    super('gateway.backup_key_missing', 'BACKUP_KEY is not set, and no backup is written without one', 409);
  }
}

const DAY_MS = 86_400_000;
export const DATA_KEPT_MS = 35 * DAY_MS;
/** So that nobody who was erased can be brought back for longer. */
export const KEYS_KEPT_MS = 7 * DAY_MS;
/** By then one that has no manifest was given up. */
const ABANDONED_MS = DAY_MS;

/** Where backups lie, and where copies of them do. */
@Injectable()
export class BackupStorage {
  private readonly main: BackupStore | undefined;
  readonly offSite: BackupStore | undefined;

  constructor(@Inject(CONFIG) config: SharedConfig & BackupsConfig) {
    if (!config.BACKUP_KEY) return;
    const ring = new KeyRing(config.BACKUP_KEY);
    this.main = new BackupStore(createStorage(backupsConfigOf(config)), ring);
    if (config.GATEWAY_OFF_SITE_FOLDER || config.GATEWAY_OFF_SITE_S3_BUCKET)
      this.offSite = new BackupStore(createStorage(storageConfigOf(config, 'GATEWAY_OFF_SITE')), ring);
  }

  get isEncrypted(): boolean {
    return this.main !== undefined;
  }

  /** @throws BackupKeyMissing */
  get store(): BackupStore {
    if (!this.main) throw new BackupKeyMissing();
    return this.main;
  }

  /**
   * Deletes keys and files that are a week old, rows that are five weeks old, and what was never finished, in both storages; by what
   * lies there, because a database that was restored does not know all of it. What a restore needs at least stays, however old.
   */
  async forgetOld(now: Date): Promise<void> {
    for (const store of [this.main, this.offSite]) if (store) await forgetOldIn(store, now.getTime());
  }
}

async function forgetOldIn(store: BackupStore, now: number): Promise<void> {
  const ids = await store.ids();
  const complete: string[] = [];
  for (const id of ids) if (await store.storage.exists(backupPlace.manifest(id))) complete.push(id);
  const isOlder = (id: string, ms: number) => now - begunAt(id) > ms;
  const [latest] = complete;
  const withKeys = await store.ids('keys');
  for (const id of new Set([...ids, ...withKeys])) {
    if (id === latest) continue;
    const wasGivenUp = !complete.includes(id) && isOlder(id, ABANDONED_MS);
    // Without a complete one of later these are all there are.
    const isReplaced = latest !== undefined && id < latest;
    const isPast = (ms: number) => wasGivenUp || (isReplaced && isOlder(id, ms));
    if (withKeys.includes(id) && isPast(KEYS_KEPT_MS)) await store.delete(backupPlace.ofKeys(id));
    if (isPast(DATA_KEPT_MS)) await store.delete(backupPlace.ofData(id));
  }
}

/** The time in a UUIDv7. Source: RFC 9562, section 5.7. */
const begunAt = (id: string) => Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);

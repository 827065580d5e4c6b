import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Clock, type PeriodicTask, PeriodicTasks, type RunningTask } from '@switchboard/service-kit';
import { LRUCache } from 'lru-cache';
import { withDeadline } from '../panels/with-deadline';
import type { Answer } from './link-answers';
import { LinkSession } from './link-session.service';
import { type LinkSnapshot, LinkSnapshots } from './link-snapshots.service';

export const FollowLinkChanges: PeriodicTask = {
  name: 'follow-link-changes',
  everyMs: 500,
  purpose: 'Sees which addresses have to answer something else from now on.',
};

/** What is kept of answers, in bytes. */
const MOST_BYTES = 128 * 1024 * 1024;
const BYTES_OF_ENTRY = 4000;
/** Of addresses that count no more. */
const MOST_GONE = 50_000;
const GONE_MS = 60_000;
/** Used traffic is shown and followed by nobody; and a change of which nobody has heard would be seen after that. */
const REFRESHED_MS = 2 * 60_000;
/**
 * Changes are looked for among those of the last minutes only: a transaction somewhere that goes on for hours would have all since
 * then read each time. Whoever has not followed for some time begins anew.
 */
const LOOKED_BACK_MINUTES = 5;
const FOLLOWED_MS = 2 * 60_000;
const LOADED_AT_ONCE = 200;
/** A database that has vanished without a word must not keep everybody waiting: what is in memory will do. */
const LOADED_WITHIN_MS = 1500;

/** One address in memory. */
export class CachedLink {
  readonly answers = new Map<string, Answer>();
  /** By what a request says of its device: one that has a place, or one that was refused. */
  readonly devices = new Map<
    string,
    { readonly id: string | undefined; seenAt: number; readonly isRefused: boolean }
  >();
  /** From where it was asked today, so far as this process knows. */
  networks = new Set<string>();
  /** The number of the day since 1970. */
  networksOf = 0;
  requests = 0;
  minute = 0;
  isStale = false;
  loadedAt: number;

  constructor(
    public snapshot: LinkSnapshot,
    now: number,
  ) {
    this.loadedAt = now;
  }

  replace(snapshot: LinkSnapshot, now: number): void {
    Object.assign(this, { snapshot, loadedAt: now, isStale: false });
    this.answers.clear();
    this.devices.clear();
  }
}

interface Changes {
  readonly horizon: string;
  readonly changes: readonly (readonly [id: string, accessId: string | null, serverId: string | null])[] | null;
}

interface Waiting {
  resolve(link: CachedLink | undefined): void;
  reject(error: unknown): void;
}

/**
 * The answers of addresses. One that is there is given without a question to the database; what is changed anywhere is asked for
 * anew within a second. While the database is away the last answers are given.
 */
@Injectable()
export class LinkCache implements OnModuleInit, OnModuleDestroy {
  private readonly links = new LRUCache<string, CachedLink>({
    maxSize: MOST_BYTES,
    sizeCalculation: ({ answers }) =>
      [...answers.values()].reduce((sum, { body }) => sum + 2 * body.length + 1000, BYTES_OF_ENTRY),
    dispose: (link, hash, reason) => reason !== 'set' && this.forget(link, hash),
  });
  private readonly gone = new LRUCache<string, true>({ max: MOST_GONE, ttl: GONE_MS });
  private readonly ofAccess = new Map<string, Set<string>>();
  private waiting = new Map<string, Waiting[]>();
  private isLoading = false;
  /** What has changed since the addresses that are being loaded were asked for, by the id of an access or a server. */
  private readonly changedMeanwhile = new Set<string>();
  private task: RunningTask | undefined;
  /** The oldest transaction that was running when changes were read last; null before. */
  private horizon: string | null = null;
  /** Changes that were heard of and may be read once more. */
  private heard: ReadonlySet<string> = new Set();
  private followedAt = 0;

  constructor(
    private readonly snapshots: LinkSnapshots,
    private readonly session: LinkSession,
    private readonly tasks: PeriodicTasks,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.task = this.tasks.start(FollowLinkChanges, { run: () => this.follow() });
  }

  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
  }

  /** What is in memory, however old it is. */
  get(hash: string): CachedLink | undefined {
    return this.links.get(hash);
  }

  /** Whether the database has said lately what has changed. */
  get isFollowing(): boolean {
    return performance.now() - this.followedAt < 4 * FollowLinkChanges.everyMs;
  }

  /** Whether an answer may be given without asking. Of one that is merely old, a newer one is fetched meanwhile. */
  isFresh(link: CachedLink, now: number): boolean {
    if (link.isStale) return false;
    if (now - link.loadedAt > REFRESHED_MS) {
      link.loadedAt = now;
      this.load(link.snapshot.hash).catch(() => undefined);
    }
    return true;
  }

  /** To be called when an answer was added: it takes room. */
  grew(link: CachedLink): void {
    this.put(link);
  }

  /** Asks the database, together with whoever else asks at that moment. Undefined: there is no such address. */
  load(hash: string): Promise<CachedLink | undefined> {
    if (this.gone.has(hash)) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const others = this.waiting.get(hash);
      if (others) others.push({ resolve, reject });
      else this.waiting.set(hash, [{ resolve, reject }]);
      if (!this.isLoading) void this.loadWaiting();
    });
  }

  private async loadWaiting(): Promise<void> {
    this.isLoading = true;
    // Whoever asks in the same turn goes along.
    await new Promise(setImmediate);
    while (this.waiting.size > 0) {
      const batch = new Map([...this.waiting].slice(0, LOADED_AT_ONCE));
      for (const hash of batch.keys()) this.waiting.delete(hash);
      this.changedMeanwhile.clear();
      try {
        const snapshots = await withDeadline(LOADED_WITHIN_MS, undefined, () => this.snapshots.load([...batch.keys()]));
        const byHash = new Map(snapshots.map((snapshot) => [snapshot.hash, snapshot]));
        for (const [hash, all] of batch) {
          const link = this.keep(hash, byHash.get(hash));
          for (const { resolve } of all) resolve(link);
        }
      } catch (error) {
        for (const all of batch.values()) for (const { reject } of all) reject(error);
      }
    }
    this.isLoading = false;
  }

  private keep(hash: string, snapshot: LinkSnapshot | undefined): CachedLink | undefined {
    if (!snapshot) {
      this.links.delete(hash);
      this.gone.set(hash, true);
      return undefined;
    }
    const now = this.clock.now().getTime();
    const known = this.links.get(hash);
    known?.replace(snapshot, now);
    const link = known ?? new CachedLink(snapshot, now);
    const { accessId, serverIds } = snapshot;
    link.isStale = [accessId, ...serverIds].some((id) => this.changedMeanwhile.has(id));
    this.put(link);
    return link;
  }

  private put(link: CachedLink): void {
    const { hash, accessId } = link.snapshot;
    this.links.set(hash, link);
    this.ofAccess.set(accessId, (this.ofAccess.get(accessId) ?? new Set()).add(hash));
  }

  /**
   * Ids of rows are handed out before their transactions commit, so what was read is told by transactions: all before the horizon
   * are over, and those after it are read again.
   */
  private async follow(): Promise<void> {
    const began = performance.now();
    const isLost = began - this.followedAt > FOLLOWED_MS;
    const [row] = await this.session.query<Changes>(
      `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS horizon,
         (SELECT json_agg(json_build_array(id::text, access_id, server_id)) FROM link_changes
          WHERE xid >= $1::xid8 AND changed_at > clock_timestamp() - make_interval(mins => ${LOOKED_BACK_MINUTES})) AS changes`,
      [isLost ? null : this.horizon],
    );
    const { horizon, changes: read } = row!;
    const changes = read ?? [];
    if (isLost || this.horizon === null) for (const link of this.links.values()) link.isStale = true;
    const fresh = changes.filter(([id]) => !this.heard.has(id));
    this.changed(new Set(fresh.flatMap(([, accessId]) => accessId ?? [])));
    this.changedServers(new Set(fresh.flatMap(([, , serverId]) => serverId ?? [])));
    this.heard = new Set(changes.map(([id]) => id));
    this.horizon = horizon;
    this.followedAt = began;
  }

  private changed(accessIds: ReadonlySet<string>): void {
    for (const accessId of accessIds) {
      this.changedMeanwhile.add(accessId);
      for (const hash of this.ofAccess.get(accessId) ?? []) {
        const link = this.links.peek(hash);
        if (link) link.isStale = true;
      }
    }
  }

  private changedServers(serverIds: ReadonlySet<string>): void {
    if (serverIds.size === 0) return;
    for (const serverId of serverIds) this.changedMeanwhile.add(serverId);
    for (const link of this.links.values())
      if (link.snapshot.serverIds.some((id) => serverIds.has(id))) link.isStale = true;
  }

  private forget({ snapshot: { accessId } }: CachedLink, hash: string): void {
    const hashes = this.ofAccess.get(accessId);
    hashes?.delete(hash);
    if (hashes?.size === 0) this.ofAccess.delete(accessId);
  }
}

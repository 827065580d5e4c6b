import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { BlindIndex, type PeriodicTask, PeriodicTasks, type RunningTask } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';

export const WriteSightings: PeriodicTask = {
  name: 'write-device-sightings',
  everyMs: 15_000,
  purpose: 'Writes which devices have asked for their servers since the last time, and from which networks.',
};
/** While the database is away: what is beyond is forgotten. */
const MOST_WAITING = 100_000;

interface NetworkSighting {
  readonly accessId: string;
  readonly userId: string;
  /** ISO 8601. */
  readonly day: string;
  readonly network: string;
}

/** Notes who asks, many at a time: an address is answered thousands of times between two writes. */
@Injectable()
export class DeviceSightings implements OnModuleInit, OnModuleDestroy {
  private devices = new Map<string, Date>();
  private networks: NetworkSighting[] = [];
  private task: RunningTask | undefined;

  constructor(
    private readonly db: DataSource,
    private readonly tasks: PeriodicTasks,
    private readonly index: BlindIndex,
  ) {}

  onModuleInit(): void {
    this.task = this.tasks.start(WriteSightings, { run: () => this.write(), firstAfterMs: WriteSightings.everyMs });
  }

  async onModuleDestroy(): Promise<void> {
    await this.task?.stop();
    await this.write().catch(() => undefined);
  }

  device(id: string, at: Date): void {
    if (this.devices.size < MOST_WAITING) this.devices.set(id, at);
  }

  /** A network is kept as a keyed hash: it is only counted. */
  network({ network, ...sighting }: NetworkSighting): void {
    if (this.networks.length >= MOST_WAITING) return;
    this.networks.push({ ...sighting, network: this.index.hash('network', sighting.accessId, network) });
  }

  async write(): Promise<void> {
    const { devices, networks } = this;
    this.devices = new Map();
    this.networks = [];
    try {
      await this.writeDevices(devices);
      await this.writeNetworks(networks);
    } catch (error) {
      // Those that came meanwhile are later.
      this.devices = new Map([...devices, ...this.devices]);
      this.networks = [...networks, ...this.networks];
      throw error;
    }
  }

  private async writeDevices(devices: ReadonlyMap<string, Date>): Promise<void> {
    if (devices.size === 0) return;
    await this.db.query(
      `UPDATE devices SET seen_at = sighting.at FROM unnest($1::uuid[], $2::timestamptz[]) AS sighting (id, at)
       WHERE devices.id = sighting.id AND devices.seen_at < sighting.at`,
      [[...devices.keys()], [...devices.values()]],
    );
  }

  private async writeNetworks(networks: readonly NetworkSighting[]): Promise<void> {
    if (networks.length === 0) return;
    const column = (name: keyof NetworkSighting) => networks.map((sighting) => sighting[name]);
    // Of an access that is gone meanwhile, nothing.
    await this.db.query(
      `INSERT INTO link_networks (access_id, user_id, day, network)
       SELECT sighting.* FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[]) AS sighting (access_id, user_id, day, network)
       WHERE EXISTS (SELECT FROM accesses WHERE id = sighting.access_id) ON CONFLICT DO NOTHING`,
      [column('accessId'), column('userId'), column('day'), column('network')],
    );
  }
}

import { Injectable } from '@nestjs/common';
import { Clock, defineJob, type PayloadOf, Scheduled, Slot } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { DEVICE_FORGOTTEN_DAYS } from './devices.service';

const ForgetDevices = defineJob('forget-devices', Slot);
const NETWORKS_KEPT_DAYS = 8;

@Injectable()
export class DevicesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  @Scheduled('41 3 * * *', ForgetDevices, {
    purpose: 'Deletes devices that were not heard of for a month, and networks of last week.',
    timeoutMs: 10 * 60_000,
  })
  async forget(_: PayloadOf<typeof ForgetDevices>): Promise<void> {
    const now = this.clock.now();
    await this.db.query('DELETE FROM devices WHERE seen_at < $1::timestamptz - make_interval(days => $2)', [
      now,
      DEVICE_FORGOTTEN_DAYS,
    ]);
    await this.db.query('DELETE FROM link_networks WHERE day < $1::timestamptz::date - $2::int', [
      now,
      NETWORKS_KEPT_DAYS,
    ]);
  }
}

import { Injectable } from '@nestjs/common';
import { Outbox } from '@switchboard/bus';
import { DeviceRefused } from '@switchboard/contracts';
import { BlindIndex, Clock, DomainError, PersonalData } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { Access } from '../accesses/access.entity';
import { OwnAccessesService } from '../own-accesses/own-accesses.service';
import type { DeviceIdentity } from './device-identity';
import { Device } from './device.entity';

/** Whoever was not heard of for so long takes no place. */
export const DEVICE_FORGOTTEN_DAYS = 30;
const DAY_MS = 24 * 60 * 60_000;
/** Of an access without a limit: more are let in and not noted. */
const MOST_NOTED = 100;
export const RESETS_PER_MONTH = 3;

class DeviceNotFound extends DomainError {
  constructor() {
    super('vpn-provisioner.device_not_found', { en: 'There is no such device.', ru: 'Такого устройства нет.' }, 404);
  }
}
class TooManyResets extends DomainError {
  constructor() {
    const texts = {
      en: 'All devices were forgotten as often as is possible within a month.',
      ru: 'В этом месяце список устройств больше нельзя сбросить.',
    };
    super('vpn-provisioner.too_many_resets', texts, 409, { perMonth: RESETS_PER_MONTH });
  }
}

export interface DeviceView {
  readonly deviceId: string;
  readonly name: string;
  readonly firstSeenAt: Date;
  readonly seenAt: Date;
}

/** How many devices an access is used by, and which. */
@Injectable()
export class DevicesService {
  constructor(
    private readonly db: DataSource,
    private readonly personal: PersonalData,
    private readonly index: BlindIndex,
    private readonly outbox: Outbox,
    private readonly clock: Clock,
    own: OwnAccessesService,
  ) {
    own.addPart(async (tx, accesses) => {
      const counts = await this.counts(
        tx,
        accesses.map(({ id }) => id),
      );
      return new Map(
        accesses.map(({ id, deviceLimit }) => [id, { devices: { used: counts.get(id) ?? 0, limit: deviceLimit } }]),
      );
    });
  }

  identityOf(accessId: string, id: string): string {
    return this.index.hash('device', accessId, id);
  }

  /**
   * Gives a device that is not known a place among those of an access, if there is one. Of several that ask for the last place at
   * the same time, in whichever process, one gets it.
   */
  claim(accessId: string, device: DeviceIdentity): Promise<boolean> {
    return this.db.transaction(async (tx) => {
      await lock(tx, accessId);
      const access = await tx.findOneBy(Access, { id: accessId });
      if (!access) return false;
      const identity = this.identityOf(accessId, device.id);
      await tx.query('DELETE FROM devices WHERE access_id = $1 AND seen_at < $2', [accessId, this.forgottenBefore()]);
      const [known] = await tx.query<[{ count: number; has: boolean }]>(
        'SELECT count(*)::int AS count, coalesce(bool_or(identity = $2), false) AS has FROM devices WHERE access_id = $1',
        [accessId, identity],
      );
      if (known.has) return true;
      const { deviceLimit } = access;
      if (deviceLimit !== null && known.count >= deviceLimit) {
        await this.noteRefusal(tx, access, known.count, deviceLimit);
        return false;
      }
      if (known.count < MOST_NOTED) await this.note(tx, access, identity, device.name());
      return true;
    });
  }

  async list(tx: EntityManager, { id, userId }: Access): Promise<DeviceView[]> {
    const devices = await tx.find(Device, { where: { accessId: id }, order: { seenAt: 'DESC', id: 'ASC' } });
    const counted = devices.filter(({ seenAt }) => seenAt >= this.forgottenBefore());
    const names = await this.personal.decryptAll(
      tx,
      counted.map((device) => ({ row: { table: 'devices', id: device.id, userId }, values: { name: device.name } })),
    );
    return counted.map((device, i) => ({
      ...{ deviceId: device.id, name: names[i]?.name ?? '' },
      ...{ firstSeenAt: device.firstSeenAt, seenAt: device.seenAt },
    }));
  }

  /** How many devices each access counts. */
  private async counts(tx: EntityManager, accessIds: readonly string[]): Promise<Map<string, number>> {
    const rows = await tx.query<{ id: string; count: number }[]>(
      `SELECT access_id AS id, count(*)::int AS count FROM devices
       WHERE access_id = ANY($1::uuid[]) AND seen_at >= $2 GROUP BY access_id`,
      [accessIds, this.forgottenBefore()],
    );
    return new Map(rows.map(({ id, count }) => [id, count]));
  }

  async forget(tx: EntityManager, { id }: Access, deviceId: string): Promise<void> {
    const { affected } = await tx.delete(Device, { id: deviceId, accessId: id });
    if (!affected) throw new DeviceNotFound();
  }

  /** @returns how many there were */
  async forgetAll(tx: EntityManager, { id, userId }: Access): Promise<number> {
    await lock(tx, id);
    const { affected } = await tx.delete(Device, { accessId: id });
    if (!affected) return 0;
    const counted = await tx.query<unknown[]>(
      `INSERT INTO device_allowances AS known (access_id, user_id, reset_month, resets) VALUES ($1, $2, $3, 1)
       ON CONFLICT (access_id) DO UPDATE SET reset_month = $3,
         resets = CASE WHEN known.reset_month = $3 THEN known.resets + 1 ELSE 1 END
         WHERE known.reset_month IS DISTINCT FROM $3 OR known.resets < $4 RETURNING 1`,
      [id, userId, this.month(), RESETS_PER_MONTH],
    );
    if (counted.length === 0) throw new TooManyResets();
    return affected;
  }

  async resetsLeft(tx: EntityManager, accessId: string): Promise<number> {
    const [row] = await tx.query<{ resets: number }[]>(
      'SELECT resets FROM device_allowances WHERE access_id = $1 AND reset_month = $2',
      [accessId, this.month()],
    );
    return Math.max(0, RESETS_PER_MONTH - (row?.resets ?? 0));
  }

  private async note(tx: EntityManager, { id, userId }: Access, identity: string, name: string): Promise<void> {
    const deviceId = uuidv7();
    const encrypted = await this.personal.encrypt(tx, { table: 'devices', id: deviceId, userId }, { name });
    const now = this.clock.now();
    await tx.insert(Device, {
      ...{ id: deviceId, accessId: id, userId, identity },
      ...{ ...encrypted, firstSeenAt: now, seenAt: now },
    });
  }

  /** Said once a day. */
  private async noteRefusal(tx: EntityManager, access: Access, devices: number, limit: number): Promise<void> {
    const { id: accessId, subscriptionId, userId, botId, revision } = access;
    const isNew = await tx.query<unknown[]>(
      `INSERT INTO device_allowances AS known (access_id, user_id, refused_on) VALUES ($1, $2, $3)
       ON CONFLICT (access_id) DO UPDATE SET refused_on = $3 WHERE known.refused_on IS DISTINCT FROM $3 RETURNING 1`,
      [accessId, userId, this.clock.now().toISOString().slice(0, 10)],
    );
    if (isNew.length === 0) return;
    await this.outbox.add(tx, DeviceRefused({ accessId, subscriptionId, userId, botId, revision, devices, limit }));
  }

  private forgottenBefore(): Date {
    return new Date(this.clock.now().getTime() - DEVICE_FORGOTTEN_DAYS * DAY_MS);
  }

  private month(): string {
    return `${this.clock.now().toISOString().slice(0, 7)}-01`;
  }
}

const lock = (tx: EntityManager, accessId: string) =>
  tx.query(`SELECT pg_advisory_xact_lock(hashtext('devices'), hashtext($1))`, [accessId]);

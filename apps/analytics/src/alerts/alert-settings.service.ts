import { Injectable } from '@nestjs/common';
import type { ChangeAlertSettings } from '@switchboard/contracts';
import type { IfMatch, RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { AlertSettings, DEFAULT_ALERT_SETTINGS } from './alert-settings.entity';

@Injectable()
export class AlertSettingsService {
  async read(tx: EntityManager): Promise<AlertSettings> {
    return (await tx.findOneBy(AlertSettings, { id: 1 })) ?? DEFAULT_ALERT_SETTINGS;
  }

  async change(
    tx: EntityManager,
    settings: RequestOf<typeof ChangeAlertSettings>['body'],
    seen: IfMatch,
  ): Promise<AlertSettings> {
    // So that there is a row to lock.
    await tx.createQueryBuilder().insert().into(AlertSettings).values(DEFAULT_ALERT_SETTINGS).orIgnore().execute();
    const { revision } = await tx.findOneOrFail(AlertSettings, {
      where: { id: 1 },
      lock: { mode: 'pessimistic_write' },
    });
    seen.check(revision);
    const changed = { ...settings, id: 1 as const, revision: revision + 1 };
    await tx.save(AlertSettings, changed);
    return changed;
  }
}

import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { BackupStorage } from './backup-storage';

/** As long as there is none it counts from the first start: since then the gateway knows its nightly one. */
const AGES = `SELECT coalesce((SELECT max(started_at) FROM backups WHERE state = 'done'), since) AS backup,
    coalesce((SELECT max(b.started_at) FROM backup_trials t JOIN backups b ON b.id = t.backup_id WHERE t.state = 'passed'), since) AS trial,
    coalesce((SELECT max(started_at) FROM backups WHERE off_site_at IS NOT NULL), since) AS "offSite",
    (SELECT bytes::float8 FROM backups WHERE state = 'done' ORDER BY id DESC LIMIT 1) AS bytes
  FROM (SELECT min(known_since) AS since FROM schedules WHERE job = 'back-up-installation') known WHERE since IS NOT NULL`;

interface Ages {
  readonly backup: Date;
  readonly trial: Date;
  readonly offSite: Date;
  readonly bytes: number | null;
}

/** Whether there is a backup to rely on. Read from the database: every process tells the same. */
@Injectable()
export class BackupsMetrics {
  constructor(db: DataSource, storage: BackupStorage, clock: Clock, registry: Registry) {
    const registers = [registry];
    const read = async () => (await db.query<Ages[]>(AGES).catch(() => []))[0];
    const age = (name: string, help: string, of: (ages: Ages) => Date | undefined) =>
      new Gauge({
        ...{ name, help, registers },
        async collect() {
          const ages = await read();
          const at = ages && of(ages);
          if (at) this.set(Math.max(0, (clock.now().getTime() - at.getTime()) / 1000));
          else this.remove();
        },
      });
    age(
      'backup_age_seconds',
      'Since when what has changed is in no backup of the installation; since the first start as long as there is none.',
      ({ backup }) => backup,
    );
    age(
      'backup_trial_age_seconds',
      'How old the latest backup is that could be restored on trial; since the first start as long as there is none.',
      ({ trial }) => trial,
    );
    age(
      'backup_off_site_age_seconds',
      'How old the latest backup is that is copied off-site; absent where there is no such storage.',
      ({ offSite }) => (storage.offSite ? offSite : undefined),
    );
    new Gauge({
      name: 'backup_bytes',
      help: 'Size of the latest backup of the installation, compressed and encrypted; absent when there is none.',
      registers,
      async collect() {
        const bytes = (await read())?.bytes;
        if (bytes) this.set(bytes);
        else this.remove();
      },
    });
  }
}

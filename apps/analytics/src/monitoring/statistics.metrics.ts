import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from 'prom-client';
import { DataSource } from 'typeorm';
import { AlertsService } from '../alerts/alerts.service';
import { BackupService } from '../backup/backup.service';
import { Reading } from './reading';

/** A file of a bucket, which each request for it may cost; backups are taken each night. */
const STORAGE_READ_EVERY_MS = 5 * 60_000;

/** Whether the statistics can be relied on, and what is out of the ordinary in them. Every process tells the same. */
@Injectable()
export class StatisticsMetrics {
  constructor(db: DataSource, alerts: AlertsService, backups: BackupService, registry: Registry) {
    const registers = [registry];
    const taken = new Reading(() => backups.list(), STORAGE_READ_EVERY_MS);
    backups.onChange(() => taken.forget());
    new Gauge({
      name: 'analytics_backup_timestamp_seconds',
      help: 'When the latest backup of the statistics was taken, by what lies in storage; absent when none was.',
      registers,
      async collect() {
        const latest = (await taken.get())?.[0];
        if (latest) this.set(latest.takenAt.getTime() / 1000);
        else this.remove();
      },
    });
    new Gauge({
      name: 'analytics_backups',
      help: 'Backups of the statistics that lie in storage; absent while it cannot be read.',
      registers,
      async collect() {
        const all = await taken.get();
        if (all) this.set(all.length);
        else this.remove();
      },
    });
    new Gauge({
      name: 'analytics_alerts',
      help: 'Alerts on usage that fire, by rule, severity and whether somebody has acknowledged them.',
      labelNames: ['rule', 'severity', 'acknowledged'],
      registers,
      async collect() {
        this.reset();
        for (const { count, ...labels } of await alerts.firing(db.manager).catch(() => [])) this.set(labels, count);
      },
    });
  }
}

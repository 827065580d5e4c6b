import { Injectable } from '@nestjs/common';
import { Clock } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import type { AlertSettings } from '../alerts/alert-settings.entity';
import { AlertSettingsService } from '../alerts/alert-settings.service';
import { AlertsService } from '../alerts/alerts.service';
import type { Finding } from '../alerts/finding';
import { baselineOf, type HourBaseline } from './baseline';
import { driftsAt } from './drifts';
import { KnownPeriodsService } from './known-periods.service';
import { unusualPersons } from './person-usage';
import { PersonUsageService } from './person-usage.service';
import { spikesAt } from './spikes';
import { DAY_MS, HOUR_MS, type KnownPeriod, WEEKS } from './usage-history';
import { UsageHistoryService } from './usage-history.service';

/** Looked at every minute: as usual for a quarter of an hour is over. */
const EVERY_MINUTE = { cleanLooks: 15 };
const EVERY_FEW_HOURS = { cleanLooks: 3 };

interface Watching {
  readonly settings: AlertSettings;
  readonly known: readonly KnownPeriod[];
  readonly now: Date;
}

/** Looks for usage that is out of the ordinary, and carries on the alerts by what it finds. */
@Injectable()
export class AnomaliesService {
  /** What is usual in this hour and the one before, and by which zone and periods it was found. */
  private readonly baselines = new Map<string, HourBaseline | undefined>();

  constructor(
    private readonly db: DataSource,
    private readonly history: UsageHistoryService,
    private readonly persons: PersonUsageService,
    private readonly periods: KnownPeriodsService,
    private readonly settings: AlertSettingsService,
    private readonly alerts: AlertsService,
    private readonly clock: Clock,
  ) {}

  /** Sudden usage, and none at all. */
  async lookAtMinutes(): Promise<void> {
    const watching = await this.watching();
    const { settings, known, now } = watching;
    const hour = Math.floor(now.getTime() / HOUR_MS) * HOUR_MS;
    const baselines = {
      previous: await this.baseline(new Date(hour - HOUR_MS), watching),
      current: await this.baseline(new Date(hour), watching),
    };
    const findings: Finding[] = [];
    for (const finding of await spikesAt(this.history, baselines, now, { ...settings, known }))
      findings.push({ ...finding, suspect: await this.suspectOf(finding, now) });
    const rules = ['usage-spike', 'usage-absent'] as const;
    await this.db.transaction((tx) => this.alerts.observe(tx, { rules, findings, confirmation: EVERY_MINUTE }));
  }

  /** What grows slowly, and ratios. */
  async lookAtHours(): Promise<void> {
    const { settings, known, now } = await this.watching();
    const findings = await driftsAt(this.history, now, { ...settings, known });
    const rules = ['usage-drift', 'cost-per-call', 'usage-ratio'] as const;
    await this.db.transaction((tx) => this.alerts.observe(tx, { rules, findings, confirmation: EVERY_FEW_HOURS }));
  }

  /** People who use much more today than others do, and than they do themselves. */
  async lookAtPersons(): Promise<void> {
    const now = this.clock.now();
    const day = new Date(Math.floor(now.getTime() / DAY_MS) * DAY_MS);
    const limit = await this.persons.limit(day);
    const findings = limit === undefined ? [] : unusualPersons(await this.persons.above(day, now, limit), limit, day);
    const rules = ['person-usage'] as const;
    await this.db.transaction((tx) => this.alerts.observe(tx, { rules, findings, confirmation: EVERY_FEW_HOURS }));
  }

  private async watching(): Promise<Watching> {
    const { manager } = this.db;
    const now = this.clock.now();
    const settings = await this.settings.read(manager);
    const known = await this.periods.since(manager, new Date(now.getTime() - (WEEKS * 7 + 3) * DAY_MS));
    return { settings, known, now };
  }

  /** The same for an hour, unless somebody names another zone or period. */
  private async baseline(hour: Date, { settings: { zone }, known }: Watching): Promise<HourBaseline | undefined> {
    const key = JSON.stringify([hour, zone, known]);
    if (this.baselines.has(key)) return this.baselines.get(key);
    const baseline = await baselineOf(this.history, hour, { zone, known });
    if (this.baselines.size > 2) this.baselines.clear();
    this.baselines.set(key, baseline);
    return baseline;
  }

  private async suspectOf({ rule, severity, botId, since }: Finding, now: Date) {
    if (rule !== 'usage-spike' || severity !== 'critical' || botId === null) return undefined;
    return this.persons.causeOf(botId, since, now);
  }
}

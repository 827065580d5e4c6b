import { Inject, Injectable } from '@nestjs/common';
import { Clock, CONFIG, defineJob, Scheduled, Slot } from '@switchboard/service-kit';
import { DateTime } from 'luxon';
import type { AnalyticsConfig } from '../analytics.config';
import { AlertNoticesService } from './alert-notices.service';
import { AlertsService } from './alerts.service';

const ForgetOldAlerts = defineJob('forget-old-alerts', Slot);
const SendAlerts = defineJob('send-alerts', Slot);

@Injectable()
export class AlertsJobs {
  constructor(
    private readonly clock: Clock,
    @Inject(CONFIG) private readonly config: AnalyticsConfig,
    private readonly notices: AlertNoticesService,
    private readonly alerts: AlertsService,
  ) {}

  @Scheduled('* * * * *', SendAlerts, {
    purpose: 'Tells staff of alerts on usage that fire or are over, and asks others when nobody has acknowledged them.',
    timeoutMs: 30_000,
    missed: 'skip',
  })
  send(): Promise<void> {
    return this.notices.send();
  }

  @Scheduled('17 4 * * *', ForgetOldAlerts, {
    purpose: 'Deletes alerts that were over ANALYTICS_KEEP_EVENTS_MONTHS ago.',
    timeoutMs: 60_000,
  })
  async forgetOld(): Promise<void> {
    const before = DateTime.fromJSDate(this.clock.now()).minus({ months: this.config.ANALYTICS_KEEP_EVENTS_MONTHS });
    await this.alerts.forgetResolved(before.toJSDate());
  }
}

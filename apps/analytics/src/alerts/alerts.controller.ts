import { Controller } from '@nestjs/common';
import {
  AcknowledgeAlert,
  ChangeAlertSettings,
  LiftThrottle,
  ListAlerts,
  ReadAlert,
  ReadAlertSettings,
  SnoozeAlert,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource } from 'typeorm';
import { AlertSettingsService } from './alert-settings.service';
import { AlertsService, answerOf } from './alerts.service';

@Controller()
export class AlertsController {
  constructor(
    private readonly db: DataSource,
    private readonly alerts: AlertsService,
    private readonly settings: AlertSettingsService,
  ) {}

  @Implements(ListAlerts)
  async list(request: RequestOf<typeof ListAlerts>): Promise<AnswerOf<typeof ListAlerts>> {
    const { data, page } = await this.alerts.list(request);
    return { data: data.map(answerOf), page };
  }

  @Implements(ReadAlert)
  async read({ params, actor }: RequestOf<typeof ReadAlert>): Promise<AnswerOf<typeof ReadAlert>> {
    return answerOf(await this.alerts.read(this.db.manager, params.alertId, actor.bots));
  }

  @Implements(AcknowledgeAlert)
  acknowledge({ params, actor }: RequestOf<typeof AcknowledgeAlert>): Promise<AnswerOf<typeof AcknowledgeAlert>> {
    return this.db.transaction(async (tx) => answerOf(await this.alerts.acknowledge(tx, params.alertId, actor)));
  }

  @Implements(SnoozeAlert)
  snooze({ params, body, actor }: RequestOf<typeof SnoozeAlert>): Promise<AnswerOf<typeof SnoozeAlert>> {
    return this.db.transaction(async (tx) =>
      answerOf(await this.alerts.snooze(tx, params.alertId, body.until, actor.bots)),
    );
  }

  @Implements(LiftThrottle)
  liftThrottle({ params, actor }: RequestOf<typeof LiftThrottle>): Promise<AnswerOf<typeof LiftThrottle>> {
    return this.db.transaction(async (tx) => answerOf(await this.alerts.liftThrottle(tx, params.alertId, actor.bots)));
  }

  @Implements(ReadAlertSettings)
  readSettings(): Promise<AnswerOf<typeof ReadAlertSettings>> {
    return this.settings.read(this.db.manager);
  }

  @Implements(ChangeAlertSettings)
  changeSettings({
    body,
    ifMatch,
  }: RequestOf<typeof ChangeAlertSettings>): Promise<AnswerOf<typeof ChangeAlertSettings>> {
    return this.db.transaction((tx) => this.settings.change(tx, body, ifMatch));
  }
}

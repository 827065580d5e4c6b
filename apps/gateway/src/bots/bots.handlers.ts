import { Consumer, Handles, Signals } from '@switchboard/bus';
import { BotConfigured, BotsChanged, type EventOf } from '@switchboard/contracts';

/** Tells every process of every service; of an event, each service hears in one process only. */
@Consumer('bots')
export class BotsHandlers {
  constructor(private readonly signals: Signals) {}

  @Handles(BotConfigured)
  configured({ data }: EventOf<typeof BotConfigured>): void {
    this.signals.send(BotsChanged, { botId: data.botId });
  }
}

import { Controller } from '@nestjs/common';
import { ReceiveTelegramUpdate } from '@switchboard/contracts';
import { DomainError, Implements, type RequestOf } from '@switchboard/service-kit';
import { Bots } from '../../bots/bots';
import { Receiving } from '../../receiving/receiving.service';
import { UnreadableUpdate } from '../channel-errors';
import { isSecret, webhookSecret } from './webhook-secret';

export class UnknownBot extends DomainError {
  constructor() {
    super('bot-adapter.unknown_bot', 'There is no such bot here', 404);
  }
}

export class WrongWebhookSecret extends DomainError {
  constructor() {
    super('bot-adapter.wrong_webhook_secret', 'The secret token of the webhook is missing or wrong', 401);
  }
}

export class MalformedUpdate extends DomainError {
  constructor(detail: string) {
    super('bot-adapter.malformed_update', detail, 400);
  }
}

/** Where Telegram brings updates when there is a public address. */
@Controller()
export class TelegramWebhookController {
  constructor(
    private readonly bots: Bots,
    private readonly receiving: Receiving,
  ) {}

  /** Answers only after the commit: until then Telegram keeps the update, and brings it again if we do not answer. */
  @Implements(ReceiveTelegramUpdate)
  async receive({ params, headers, body }: RequestOf<typeof ReceiveTelegramUpdate>): Promise<void> {
    const bot = this.bots.find(params.botId);
    if (!bot) throw new UnknownBot();
    if (!isSecret(headers['x-telegram-bot-api-secret-token'], webhookSecret(bot))) throw new WrongWebhookSecret();
    try {
      await this.receiving.take(bot, body);
    } catch (error) {
      throw error instanceof UnreadableUpdate ? new MalformedUpdate(error.message) : error;
    }
  }
}

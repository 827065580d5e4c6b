import { Body, Controller, Headers, HttpCode, Param, Post } from '@nestjs/common';
import { DomainError } from '@switchboard/service-kit';
import { BotsService } from '../../bots/bots.service';
import { InboundUpdatesService } from '../../inbound/inbound-updates.service';
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
@Controller('telegram/webhook')
export class TelegramWebhookController {
  constructor(
    private readonly bots: BotsService,
    private readonly updates: InboundUpdatesService,
  ) {}

  /** Answers only after the commit: until then Telegram keeps the update, and brings it again if we do not answer. */
  @Post(':botId')
  @HttpCode(200)
  async take(
    @Param('botId') botId: string,
    @Headers('x-telegram-bot-api-secret-token') secret: string | undefined,
    @Body() update: unknown,
  ): Promise<void> {
    const bot = this.bots.find(botId);
    if (!bot) throw new UnknownBot();
    if (!isSecret(secret, webhookSecret(bot))) throw new WrongWebhookSecret();
    try {
      await this.updates.process(bot, update);
    } catch (error) {
      throw error instanceof UnreadableUpdate ? new MalformedUpdate(error.message) : error;
    }
  }
}

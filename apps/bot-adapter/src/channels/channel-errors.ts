import { DomainError } from '@switchboard/service-kit';

/** The channel asks to wait. */
export class ChannelBusy extends Error {
  override readonly name = 'ChannelBusy';
  /** @param scope who has to, where the channel tells it: this chat, or all of the bot */
  constructor(
    readonly retryAfterSeconds: number,
    readonly scope?: 'chat' | 'bot',
  ) {
    super(`the channel asks to wait ${retryAfterSeconds} s`);
  }
}

/** Nobody will read it: blocked, left, deactivated, or the bot is there and may not write. Trying again is useless. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
  constructor(
    readonly reason: 'blocked' | 'chat_gone' | 'may_not_write',
    description: string,
  ) {
    super(description);
  }
}

/** It is too long since the person did something: the channel takes nothing until they do, or templates only. */
export class WindowClosed extends Error {
  override readonly name = 'WindowClosed';
}

/** The channel does not know us any more: the account has to be connected anew. Nothing was sent. */
export class NotConnected extends Error {
  override readonly name = 'NotConnected';
}

/** The channel has not approved the template, or takes it no more. */
export class TemplateRefused extends Error {
  override readonly name = 'TemplateRefused';
}

/** The chat goes on under another id. */
export class ChatMoved extends Error {
  override readonly name = 'ChatMoved';
  constructor(readonly to: string) {
    super('the chat has a new id');
  }
}

/** What was asked for is wrong in itself and will never be accepted. */
export class Rejected extends Error {
  override readonly name = 'Rejected';
}

/** It certainly did not happen, and may work later. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

/** It may or may not have happened: the connection broke after the request, no answer came in time, or the server failed. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown';
  constructor(
    override readonly cause: 'timeout' | 'connection' | 'server_error',
    description: string,
  ) {
    super(description);
  }
}

/** This server of the channel does not know the method. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
}

/** What came is no update that this channel knows how to read. */
export class UnreadableUpdate extends Error {
  override readonly name = 'UnreadableUpdate';
}

/** Updates of the bot go to an address that is not ours; taking them away from there needs a word of the operator. */
export class ReceivedElsewhere extends Error {
  override readonly name = 'ReceivedElsewhere';
  constructor(readonly url: string) {
    super(
      `updates of this bot go to ${url}, which this installation did not set: stop the program there, use another token, ` +
        'or set BOT_ADAPTER_TAKE_OVER=true to have them come here',
    );
  }
}

export class UnknownAccount extends DomainError {
  constructor() {
    super('bot-adapter.unknown_bot', 'There is no such bot here', 404);
  }
}

/** A bot that was removed, or that another process of this service knows already and this one does not. */
export class BotNotHere extends Error {
  override readonly name = 'BotNotHere';
  constructor(botId: string) {
    super(`the bot ${botId} is not known here`);
  }
}

export class WrongWebhookSecret extends DomainError {
  constructor() {
    super('bot-adapter.wrong_webhook_secret', 'The secret or signature of the webhook is missing or wrong', 401);
  }
}

export class FileGone extends Error {
  override readonly name = 'FileGone';
}

export class FileTooLarge extends Error {
  override readonly name = 'FileTooLarge';
}

import { UpstreamTimeout, UpstreamUnavailable } from '@switchboard/service-kit';
import { TelegramError } from 'telegraf';
import {
  ChannelBusy,
  ChatMoved,
  FileGone,
  FileTooLarge,
  OutcomeUnknown,
  NotSent,
  Rejected,
  Unreachable,
  Unsupported,
} from '../channel-errors';

/** Errors of a connection that was never made, by Node's codes: the request cannot have arrived. */
const NEVER_CONNECTED = /^(ECONNREFUSED|ERR_ADDRESS_REFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN)$/;

/** Also 404 for a method: an older self-hosted Bot API server. */
const UNKNOWN_METHOD = /method not found|method is not supported/i;
const CHAT_GONE = /chat not found|user is deactivated|PEER_ID_INVALID|group chat was deactivated/i;
/** With the status 400: the bot is there, and has no right to say anything. */
const MAY_NOT_WRITE =
  /not enough rights to send text|have no (write access|rights to send)|need administrator rights|CHAT_RESTRICTED|CHAT_WRITE_FORBIDDEN/i;
const FILE_GONE = /(wrong|invalid) file_id|file is temporarily unavailable|wrong remote file identifier/i;
/** With the status 500: it was sent, and a bot that guards the group deleted it before Telegram could say so. */
const DELETED_AT_ONCE = /sent message was immediately deleted/i;

/** True for what says that Telegram is in trouble, and not that we asked for something wrong. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof TelegramError) || isNoAnswer(error)) return true;
  return error.code >= 500 && !DELETED_AT_ONCE.test(error.description);
}

/** JSON all the same, of whatever stands between Telegram and us. */
const isNoAnswer = ({ code }: TelegramError) => typeof code !== 'number';

/** True for an edit that changes nothing: what was wanted is there. */
export const isUnchanged = (error: unknown) =>
  error instanceof TelegramError && /message is not modified/i.test(error.description);

export const isBadMarkup = (error: unknown) =>
  error instanceof Rejected &&
  /can't parse entit(y|ies)|entity (url|begins|ends)|ENTITY_|ENTITIES_/i.test(error.message);

export const isMessageGone = (error: unknown) =>
  error instanceof Rejected &&
  /message to edit not found|MESSAGE_ID_INVALID|message can't be edited|no text in the message/i.test(error.message);

/** Nobody has this token, or its owner has revoked it. Source: tdlib/telegram-bot-api answers 404 to what is not of its form. */
export const isTokenUnknown = (error: unknown) =>
  error instanceof NotSent && /^(unauthorized|not found)$/i.test(error.message);

/** The person lets nobody send them voice messages. */
export const isVoiceForbidden = (error: unknown) =>
  error instanceof Rejected && /VOICE_MESSAGES_FORBIDDEN/.test(error.message);

/** The topic was deleted or closed; the chat around it is there. */
export const isTopicGone = (error: unknown) =>
  error instanceof Rejected && /message thread not found|TOPIC_CLOSED|TOPIC_DELETED/i.test(error.message);

export const isQueryTooOld = (error: unknown) =>
  error instanceof Rejected && /query is too old|query ID is invalid/i.test(error.message);

/** Nobody of this id was ever in the chat. */
export const isNeverMember = (error: unknown) =>
  error instanceof Rejected && /PARTICIPANT_ID_INVALID|USER_ID_INVALID|(user|member) not found/i.test(error.message);

/** Whoever asked for it before, the money has gone back. */
export const isAlreadyRefunded = (error: unknown) =>
  error instanceof Rejected && /CHARGE_ALREADY_REFUNDED/.test(error.message);

/**
 * What a failed call means for us. Descriptions are Telegram's only machine-readable reason; source: Client.cpp of
 * tdlib/telegram-bot-api.
 */
export function meaningOf(error: unknown): Error {
  if (error instanceof TelegramError) return meaningOfAnswer(error);
  if (error instanceof UpstreamTimeout) return new OutcomeUnknown('timeout', error.message);
  if (error instanceof UpstreamUnavailable) return new NotSent(error.message);
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && NEVER_CONNECTED.test(code)) return new NotSent(`no connection to Telegram: ${code}`);
  // node-fetch reports a connection lost after the request, and an answer that is no JSON, in the same class.
  return new OutcomeUnknown('connection', String(message));
}

function meaningOfAnswer(error: TelegramError): Error {
  if (isNoAnswer(error)) return new OutcomeUnknown('server_error', 'what was answered is not of Telegram');
  const { code, description, parameters } = error;
  if (DELETED_AT_ONCE.test(description)) return new Rejected(description);
  if (code >= 500) return new OutcomeUnknown('server_error', `Telegram answered ${code}: ${description}`);
  if (code === 429) return new ChannelBusy(parameters?.retry_after ?? 1);
  if (parameters?.migrate_to_chat_id !== undefined) return new ChatMoved(String(parameters.migrate_to_chat_id));
  if (UNKNOWN_METHOD.test(description)) return new Unsupported(description);
  if (CHAT_GONE.test(description)) return new Unreachable('chat_gone', description);
  if (MAY_NOT_WRITE.test(description)) return new Unreachable('may_not_write', description);
  if (code === 403) return new Unreachable('blocked', description);
  if (/file is too big/i.test(description)) return new FileTooLarge(description);
  if (FILE_GONE.test(description)) return new FileGone(description);
  // A revoked token or a second poller is for the operator to mend; the message itself is good.
  if (code === 401 || code === 404 || code === 409) return new NotSent(description);
  return new Rejected(description);
}

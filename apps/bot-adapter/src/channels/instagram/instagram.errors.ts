import { UpstreamTimeout, UpstreamUnavailable } from '@switchboard/service-kit';
import {
  ChannelBusy,
  NotConnected,
  NotSent,
  OutcomeUnknown,
  Rejected,
  Unreachable,
  WindowClosed,
} from '../channel-errors';

export interface GraphFailureFacts {
  readonly status: number;
  readonly code: number | undefined;
  readonly subcode: number | undefined;
  readonly retryAfterSeconds: number;
  readonly description: string;
}

/** An answer that is none of success. Source: documentation/business-messaging/error-codes. */
export class GraphFailure extends Error {
  override readonly name = 'GraphFailure';

  constructor(readonly facts: GraphFailureFacts) {
    super(facts.description);
  }
}

/** The comment was answered in private before. */
export class AlreadyReplied extends Rejected {}

/** Errors of a connection that was never made, by Node's codes: the request cannot have arrived. */
const NEVER_CONNECTED =
  /^(ECONNREFUSED|ERR_ADDRESS_REFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|ENETDOWN|UND_ERR_CONNECT_TIMEOUT)$/;

/** Application, user, page and custom limits. */
const BUSY = [4, 17, 32, 613];
/** Temporary, of the method and of the service. */
const TEMPORARY = [1, 2];
/** 190: the token; 102: its session; 10, 200 and 230: a permission that the owner has to give anew. */
const NOT_CONNECTED = [190, 102, 10, 200, 230];

const OUTSIDE_WINDOW = 2534022;
const ALREADY_REPLIED = 2534025;
/** The person cannot be written to, has the thread deleted, or is nobody. */
const BLOCKED = 2534014;
const GONE = [2534001, 2018001];

/** True for what says that Instagram is in trouble, and not that we asked for something wrong. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof GraphFailure)) return true;
  return error.facts.status >= 500 || TEMPORARY.includes(error.facts.code ?? 0);
}

/** What a failed call means for us. */
export function meaningOf(error: unknown): Error {
  if (error instanceof GraphFailure) return meaningOfAnswer(error.facts);
  if (error instanceof UpstreamTimeout) return new OutcomeUnknown('timeout', error.message);
  if (error instanceof UpstreamUnavailable) return new NotSent(error.message);
  const { code } = ((error as Error).cause ?? error) as { code?: unknown };
  if (typeof code === 'string' && NEVER_CONNECTED.test(code)) return new NotSent(`no connection to Instagram: ${code}`);
  return new OutcomeUnknown('connection', String((error as Error).message));
}

function meaningOfAnswer({ status, code, subcode, retryAfterSeconds, description }: GraphFailureFacts): Error {
  if (subcode === OUTSIDE_WINDOW) return new WindowClosed(description);
  if (subcode === ALREADY_REPLIED) return new AlreadyReplied(description);
  if (subcode === BLOCKED || code === 551) return new Unreachable('blocked', description);
  if (subcode !== undefined && GONE.includes(subcode)) return new Unreachable('chat_gone', description);
  if (status === 429 || (code !== undefined && BUSY.includes(code))) return new ChannelBusy(retryAfterSeconds, 'bot');
  // A success that cannot be read is none of failure, and what has no code is none of Instagram's own words.
  if (status < 400) return new OutcomeUnknown('server_error', description);
  if (code === undefined && status < 500) return new NotSent(description);
  if (status >= 500) return new OutcomeUnknown('server_error', `Instagram answered ${status}: ${description}`);
  if (code !== undefined && TEMPORARY.includes(code)) return new NotSent(description);
  if (status === 401 || (code !== undefined && NOT_CONNECTED.includes(code))) return new NotConnected(description);
  return new Rejected(description);
}

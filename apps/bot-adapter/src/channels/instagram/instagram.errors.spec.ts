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
import { AlreadyReplied, GraphFailure, isOutage, meaningOf } from './instagram.errors';

const failure = (status: number, code?: number, subcode?: number) =>
  new GraphFailure({ status, code, subcode, retryAfterSeconds: 30, description: 'as Instagram words it' });

describe('a failure of Instagram', () => {
  it.each<[string, GraphFailure, new (...args: never[]) => Error]>([
    ['outside the window', failure(400, 10, 2534022), WindowClosed],
    ['an ended token', failure(400, 190), NotConnected],
    ['a session that was ended', failure(401, 102), NotConnected],
    ['a permission that was taken back', failure(403, 200), NotConnected],
    ['the limit of the app', failure(400, 4), ChannelBusy],
    ['the limit of the account', failure(400, 613), ChannelBusy],
    ['a limit without a code', failure(429), ChannelBusy],
    ['something temporary', failure(400, 2), NotSent],
    ['something temporary with a status of the server', failure(503, 2), OutcomeUnknown],
    ['a server in trouble', failure(500), OutcomeUnknown],
    ['a success that is no JSON', failure(200), OutcomeUnknown],
    ['a page of a proxy', failure(404), NotSent],
    ['a wrong parameter', failure(400, 100), Rejected],
    ['somebody who is nobody', failure(400, 100, 2018001), Unreachable],
    ['somebody who has blocked the account', failure(400, 551), Unreachable],
    ['a thread that its owner has put away', failure(400, 100, 2534001), Unreachable],
    ['a comment that was answered', failure(400, 10, 2534025), AlreadyReplied],
  ])('of %s says what to do', (_what, error, expected) => {
    expect(meaningOf(error)).toBeInstanceOf(expected);
  });

  it('on the way says whether it can have arrived', () => {
    const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
    const reset = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
    expect(meaningOf(refused)).toBeInstanceOf(NotSent);
    expect(meaningOf(reset)).toBeInstanceOf(OutcomeUnknown);
    expect(meaningOf(new UpstreamTimeout('late'))).toBeInstanceOf(OutcomeUnknown);
    expect(meaningOf(new UpstreamUnavailable('not asked'))).toBeInstanceOf(NotSent);
  });

  it('opens the breaker only when Instagram is in trouble', () => {
    expect([failure(500), failure(400, 2), new Error('broken off')].map(isOutage)).toEqual([true, true, true]);
    expect([failure(400, 100), failure(400, 190), failure(429, 613)].map(isOutage)).toEqual([false, false, false]);
  });
});

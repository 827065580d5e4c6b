import { z } from 'zod';
import { bytes, defineRoute, raw, type RouteDefinition } from './define-route';

const route = {
  id: 'payments.refunds.open',
  method: 'POST',
  path: '/orders/{orderId}/refunds',
  summary: 'Opens a refund.',
  permission: 'refunds:write',
  params: z.object({ orderId: z.uuid() }),
  body: z.object({ reason: z.string() }),
  answer: z.object({ refundId: z.uuid(), revision: z.int() }),
} as const satisfies RouteDefinition;

describe('the definition of a route', () => {
  it('is what it says', () => {
    expect(defineRoute({ ...route, idempotent: true, etag: 'revision' })).toMatchObject(route);
  });

  it.each<[string, Partial<RouteDefinition>, string]>([
    ['whose id lacks a part', { id: 'payments.refunds' }, 'its id is <service>.<resource>.<verb>'],
    ['whose permission is a word', { permission: 'anything' as 'a:b' }, 'its permission is <resource>:<action>'],
    ['without the parameter of its path', { params: z.object({}) }, 'its params are orderId'],
    ['with a parameter too many', { path: '/refunds' }, 'its params are none'],
    ['that gets with a body', { method: 'GET' }, 'GET has no body'],
    ['that gets by a condition', { method: 'GET', body: undefined, ifMatch: true }, 'GET needs neither'],
    ['that would keep a file', { idempotent: true, answer: bytes() }, 'only an answer in JSON can be kept'],
    ['that would keep answers of nobody', { idempotent: true, permission: 'public' }, 'belongs to an actor'],
    ['whose tag is no field', { etag: 'version' }, 'its answer has no field "version"'],
    ['held to a bot it does not name', { bots: 'params.botId' }, 'it has no field params.botId'],
    ['that nobody has to prove anything for', { permission: 'public', stepUp: true }, 'nobody is known'],
    ['approved once and done as often as it comes', { approval: true }, 'needs an idempotency key or If-Match'],
    ['approved unseen', { approval: true, idempotent: true, body: raw() }, 'only JSON can be shown'],
    ['of another service that writes the audit log', { audit: 'with-change' }, 'only the gateway can write'],
    ['whose problem has no owner', { problems: { too_late: 409 } }, 'problem codes are <service>.<reason>'],
  ])('%s is refused', (_, change, sentence) => {
    expect(() => defineRoute({ ...route, ...change } as RouteDefinition)).toThrow(sentence);
  });
});

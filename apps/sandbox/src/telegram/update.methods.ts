import { z } from 'zod';
import { badRequest, tooManyRequests } from './api-error';
import { flag, integer, json, string } from './call-params';
import { type Caller, Described, type Method, method } from './method';
import type { Webhook } from './state';

const allowedUpdates = json(z.array(z.string())).optional();

export const updateMethods: Record<string, Method> = {
  getUpdates: method(
    z.object({
      offset: integer('offset').default(0),
      limit: integer('limit').default(100),
      timeout: integer('timeout').default(0),
      allowed_updates: allowedUpdates,
    }),
    ({ world, bot, signal }, { allowed_updates, ...request }) => {
      if (allowed_updates && !bot.webhook) bot.allowedUpdates = allowed_updates;
      return world.queue(bot).take({ ...request, signal });
    },
  ),

  setWebhook: method(
    z.object({
      url: string.default(''),
      ip_address: string.optional(),
      max_connections: integer('max_connections').default(40),
      allowed_updates: allowedUpdates,
      drop_pending_updates: flag.optional(),
      secret_token: string.optional(),
    }),
    (caller, params) => {
      if (params.url === '') return deleteWebhook(caller, params);
      const { world, bot } = caller;
      const webhook: Webhook = {
        url: webhookUrl(params.url),
        secretToken: secret(params.secret_token),
        maxConnections: Math.min(100, Math.max(1, params.max_connections)),
        ipAddress: params.ip_address,
      };
      if (!world.maySetWebhook(bot)) throw tooManyRequests(1);
      const same = settingsOf(bot.webhook) === settingsOf(webhook);
      bot.allowedUpdates = params.allowed_updates ?? bot.allowedUpdates;
      if (params.drop_pending_updates) world.queue(bot).dropPending();
      if (same) return new Described(true, 'Webhook is already set');
      bot.webhook = webhook;
      world.queue(bot).startPushing();
      return new Described(true, 'Webhook was set');
    },
  ),

  deleteWebhook: method(z.object({ drop_pending_updates: flag.optional() }), deleteWebhook),

  getWebhookInfo: method(z.object({}), ({ bot }) => {
    const { webhook, pending, allowedUpdates: allowed } = bot;
    return {
      url: webhook?.url ?? '',
      has_custom_certificate: false,
      pending_update_count: pending.length,
      ...(webhook && { max_connections: webhook.maxConnections }),
      ...(webhook?.ipAddress && { ip_address: webhook.ipAddress }),
      ...(webhook?.lastErrorDate && {
        last_error_date: webhook.lastErrorDate,
        last_error_message: webhook.lastErrorMessage,
      }),
      ...(allowed.length > 0 && { allowed_updates: allowed }),
    };
  }),
};

export function deleteWebhook({ world, bot }: Caller, params: { drop_pending_updates?: boolean }): Described {
  const before = bot.webhook;
  bot.webhook = undefined;
  world.queue(bot).stopPushing();
  if (params.drop_pending_updates) world.queue(bot).dropPending();
  return new Described(true, before ? 'Webhook was deleted' : 'Webhook is already deleted');
}

function webhookUrl(source: string): string {
  const url = URL.parse(/^[a-z]+:\/\//i.test(source) ? source : `https://${source}`);
  if (!url) throw badRequest('bad webhook: invalid webhook URL specified');
  if (url.protocol === 'https:') {
    if (!['', '80', '88', '443', '8443'].includes(url.port) && !isNear(url)) {
      throw badRequest('bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443');
    }
  } else if (url.protocol !== 'http:' || !isNear(url)) {
    throw badRequest('bad webhook: An HTTPS URL must be provided for webhook');
  }
  return url.href;
}

/** Where the sandbox is laxer than Telegram: this machine and hosts without a dot, which is what compose and Kubernetes name. */
const isNear = ({ hostname }: URL) => /^(127\.[\d.]+|\[::1\]|[^.]+)$/.test(hostname);

function secret(token: string | undefined): string | undefined {
  if (!token) return undefined;
  if (token.length > 256) throw badRequest('bad webhook: secret token is too long');
  if (!/^[\w-]+$/.test(token)) throw badRequest('bad webhook: secret token contains unallowed characters');
  return token;
}

const settingsOf = (webhook?: Webhook) =>
  webhook && JSON.stringify([webhook.url, webhook.secretToken, webhook.maxConnections, webhook.ipAddress]);

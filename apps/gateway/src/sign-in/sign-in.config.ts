import { secret } from '@switchboard/service-kit';
import { z } from 'zod';
import type { SiteConfig } from '../sessions/site.config';

/** Plain http is for what is played on this machine, or in a container without a domain. */
function isEncrypted(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || !hostname.includes('.') || hostname === '127.0.0.1';
}

const providerUrl = (usual: string) =>
  z
    .url({ protocol: /^https?$/ })
    .refine(isEncrypted, 'must be https')
    .transform((url) => url.replace(/\/$/, ''))
    .default(usual);

const clientId = (of: string) =>
  z.string().min(1).optional().describe(`By which ${of} knows this site; without it nobody signs in there.`);

/** How people sign in. A provider is offered when its client id is there, e-mail when there is a server that sends it. */
export const signInVariables = {
  GATEWAY_SIGN_IN_TELEGRAM_CLIENT_ID: clientId('Telegram').describe(
    'The numeric id of the bot whose Web Login is set up in BotFather; without it nobody signs in with Telegram.',
  ),
  GATEWAY_SIGN_IN_TELEGRAM_CLIENT_SECRET: secret()
    .optional()
    .describe('From BotFather, Web Login. It is not the token of the bot.'),
  GATEWAY_SIGN_IN_TELEGRAM_ALGORITHM: z
    .enum(['RS256', 'ES256', 'EdDSA'])
    .default('RS256')
    .describe('By which Telegram signs for this client, as BotFather shows it.'),
  GATEWAY_SIGN_IN_TELEGRAM_ISSUER: providerUrl('https://oauth.telegram.org').describe('Another one only for tests.'),
  GATEWAY_SIGN_IN_TELEGRAM_WEB_APP_PUBLIC_KEY: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
    .default('e7bf03a2fa4602af4580703d88dda5bb59f32ed8b02a56c187fe7d34caed242d')
    .describe(
      'The key by which Telegram signs what it gives to Web Apps. Another one only for its test servers, and for tests.',
    ),
  GATEWAY_SIGN_IN_GOOGLE_CLIENT_ID: clientId('Google'),
  GATEWAY_SIGN_IN_GOOGLE_CLIENT_SECRET: secret().optional(),
  GATEWAY_SIGN_IN_GOOGLE_ISSUER: providerUrl('https://accounts.google.com').describe('Another one only for tests.'),
  GATEWAY_SIGN_IN_YANDEX_CLIENT_ID: clientId('Yandex'),
  GATEWAY_SIGN_IN_YANDEX_CLIENT_SECRET: secret().optional(),
  GATEWAY_SIGN_IN_YANDEX_URL: providerUrl('https://oauth.yandex.ru').describe('Another one only for tests.'),
  GATEWAY_SIGN_IN_YANDEX_INFO_URL: providerUrl('https://login.yandex.ru').describe('Another one only for tests.'),
  GATEWAY_SIGN_IN_VK_CLIENT_ID: clientId('VK'),
  GATEWAY_SIGN_IN_VK_SERVICE_TOKEN: secret()
    .optional()
    .describe('The service key of the app; VK does not ask every app for it.'),
  GATEWAY_SIGN_IN_SUPABASE_ISSUER: z
    .url({ protocol: /^https?$/ })
    .refine(isEncrypted, 'must be https')
    .transform((url) => url.replace(/\/$/, ''))
    .optional()
    .describe(
      'Whose access tokens sign people in: https://<project>.supabase.co/auth/v1. Without it those of nobody do.',
    ),
  GATEWAY_SIGN_IN_SUPABASE_JWT_SECRET: secret()
    .optional()
    .describe('Only of a project that signs with its older, shared JWT secret; signing keys need none.'),
  GATEWAY_SIGN_IN_VK_URL: providerUrl('https://id.vk.ru').describe('Another one only for tests.'),
};

const config = z.object(signInVariables);
export type SignInConfig = z.output<typeof config> & SiteConfig;

/**
 * The page to which providers and links lead. It reads what stands in its address and asks the routes of this service: an answer
 * that comes in an address alone, from another site, changes nothing.
 */
export const pageOf = ({ GATEWAY_PUBLIC_URL: url }: SignInConfig): string => `${url.replace(/\/$/, '')}/me/sign-in`;

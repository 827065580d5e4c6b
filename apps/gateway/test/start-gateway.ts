import { startApp, type TestApp, type TestAppOptions } from '@switchboard/testing';
import { randomInt } from 'node:crypto';
import { SandboxClient } from '../../sandbox/src/client';
import { startSandbox } from '../../sandbox/src/sandbox';
import { gatewayApp } from '../src/gateway.app';

/** As browsers know the gateway; what is behind it is the listener of the test. */
export const SITE = 'http://localhost:4080';
export const SIGN_IN_PAGE = `${SITE}/me/sign-in`;

const TELEGRAM = { id: '7000000001', secret: 'sandbox-login-secret' };
const ELSEWHERE = { id: 'sandbox', secret: 'sandbox-secret' };

export interface Answer<Body = unknown> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

/** A browser before the public listener. It keeps cookies. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** From where it comes; without one each time from somewhere else, so that no limit of an address is met by chance. */
  address?: string;

  constructor(private readonly publicUrl: string) {}

  /** @param path below `/v1` */
  async ask<Body = Record<string, never>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<Body>> {
    const response = await fetch(`${this.publicUrl}/v1${path}`, {
      method,
      headers: {
        'sec-fetch-site': 'same-origin',
        'x-forwarded-for': this.address ?? `10.${[0, 0, 0].map(() => randomInt(256)).join('.')}`,
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : undefined) as Body, headers: response.headers };
  }

  /** A copy with the same cookies, as somebody would have who has stolen them. */
  copy(): Browser {
    const other = new Browser(this.publicUrl);
    for (const [name, value] of this.cookies) other.cookies.set(name, value);
    return other;
  }

  get isSignedIn(): boolean {
    return this.cookies.has('__Host-person');
  }

  private keep(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
    const [, age] = /max-age=(\d+)/i.exec(line) ?? [];
    if (value === '' || age === '0') this.cookies.delete(name!);
    else this.cookies.set(name!, value!);
  }
}

export interface Gateway {
  readonly app: TestApp;
  readonly sandbox: SandboxClient;
  browser(): Browser;
  stop(): Promise<void>;
}

/** All ways to sign in, played by a sandbox. */
export const signInEnv = ({ telegram, openid }: Record<'telegram' | 'openid', string>, smtpUrl: string) => ({
  GATEWAY_PUBLIC_URL: SITE,
  GATEWAY_SIGN_IN_TELEGRAM_CLIENT_ID: TELEGRAM.id,
  GATEWAY_SIGN_IN_TELEGRAM_CLIENT_SECRET: TELEGRAM.secret,
  GATEWAY_SIGN_IN_TELEGRAM_ISSUER: telegram,
  GATEWAY_SIGN_IN_GOOGLE_CLIENT_ID: ELSEWHERE.id,
  GATEWAY_SIGN_IN_GOOGLE_CLIENT_SECRET: ELSEWHERE.secret,
  GATEWAY_SIGN_IN_GOOGLE_ISSUER: `${openid}/google`,
  GATEWAY_SIGN_IN_YANDEX_CLIENT_ID: ELSEWHERE.id,
  GATEWAY_SIGN_IN_YANDEX_CLIENT_SECRET: ELSEWHERE.secret,
  GATEWAY_SIGN_IN_YANDEX_URL: `${openid}/yandex`,
  GATEWAY_SIGN_IN_YANDEX_INFO_URL: `${openid}/yandex`,
  GATEWAY_SIGN_IN_VK_CLIENT_ID: ELSEWHERE.id,
  GATEWAY_SIGN_IN_VK_SERVICE_TOKEN: ELSEWHERE.secret,
  GATEWAY_SIGN_IN_VK_URL: `${openid}/vk`,
  GATEWAY_SMTP_URL: smtpUrl,
  GATEWAY_STAFF_SSO_ISSUER: `${openid}/company`,
  GATEWAY_STAFF_SSO_NAME: 'Northwind ID',
  GATEWAY_STAFF_SSO_CLIENT_ID: ELSEWHERE.id,
  GATEWAY_STAFF_SSO_CLIENT_SECRET: ELSEWHERE.secret,
  GATEWAY_STAFF_SSO_SCOPE: 'openid profile email groups',
  GATEWAY_STAFF_SSO_DOMAINS: 'company.example',
  GATEWAY_STAFF_SSO_JOIN: 'anybody',
  GATEWAY_STAFF_SSO_ROLES: JSON.stringify({ developers: ['developer'], support: ['support'] }),
  // Specs sign in again and again.
  GATEWAY_PROOF_OF_WORK: '0',
});

/** Those whom the gateway talks to outside, without it. */
export async function startThirdParties() {
  const sandbox = await startSandbox({ pace: 0.01 });
  return { sandbox, client: new SandboxClient(sandbox.url) };
}

/** The gateway with every way to sign in, all of them played by the sandbox. */
export async function startGateway(options: TestAppOptions = {}): Promise<Gateway> {
  const { sandbox, client } = await startThirdParties();
  const { 'telegram-login': telegram, openid } = sandbox.addresses;
  const app = await startApp(gatewayApp, {
    ...options,
    env: {
      ...signInEnv({ telegram: telegram!, openid: openid! }, await client.mailbox.smtpUrl()),
      ...options.env,
    },
  });
  return {
    app,
    sandbox: client,
    browser: () => new Browser(app.service.publicUrl!),
    stop: async () => {
      await app.stop();
      await sandbox.close();
    },
  };
}

/** What the page reads out of the address to which a provider has sent its browser. */
export const broughtBy = ({ searchParams }: URL) => {
  const [state, code, deviceId, issuer, error] = ['state', 'code', 'device_id', 'iss', 'error'].map(
    (name) => searchParams.get(name) ?? undefined,
  );
  return { state: state!, code, deviceId, issuer, error };
};

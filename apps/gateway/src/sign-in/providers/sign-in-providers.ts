import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, ResiliencePolicy } from '@switchboard/service-kit';
import { Registry } from 'prom-client';
import type { SignInConfig } from '../sign-in.config';
import { OpenIdProvider } from './openid.provider';
import { type AskProvider, isOutage, type SignInProvider } from './sign-in-provider';
import { TelegramProvider } from './telegram.provider';
import { VkProvider } from './vk.provider';
import { YandexProvider } from './yandex.provider';

const TIMEOUT_MS = 10_000;

/** The accounts elsewhere with which people sign in: those whose client id is configured. */
@Injectable()
export class SignInProviders {
  private readonly byName: ReadonlyMap<string, SignInProvider>;

  constructor(
    @Inject(CONFIG) config: SignInConfig,
    private readonly registry: Registry,
  ) {
    const { GATEWAY_SIGN_IN_TELEGRAM_CLIENT_ID: telegram, GATEWAY_SIGN_IN_GOOGLE_CLIENT_ID: google } = config;
    const { GATEWAY_SIGN_IN_YANDEX_CLIENT_ID: yandex, GATEWAY_SIGN_IN_VK_CLIENT_ID: vk } = config;
    const providers: (SignInProvider | undefined)[] = [
      telegram === undefined
        ? undefined
        : new TelegramProvider(
            {
              clientId: telegram,
              clientSecret: config.GATEWAY_SIGN_IN_TELEGRAM_CLIENT_SECRET,
              issuer: config.GATEWAY_SIGN_IN_TELEGRAM_ISSUER,
              algorithm: config.GATEWAY_SIGN_IN_TELEGRAM_ALGORITHM,
            },
            this.askAs('telegram-login'),
          ),
      google === undefined
        ? undefined
        : new OpenIdProvider(
            'google',
            {
              clientId: google,
              clientSecret: config.GATEWAY_SIGN_IN_GOOGLE_CLIENT_SECRET,
              issuer: config.GATEWAY_SIGN_IN_GOOGLE_ISSUER,
            },
            this.askAs('google'),
          ),
      yandex === undefined
        ? undefined
        : new YandexProvider(
            {
              clientId: yandex,
              clientSecret: config.GATEWAY_SIGN_IN_YANDEX_CLIENT_SECRET,
              url: config.GATEWAY_SIGN_IN_YANDEX_URL,
              infoUrl: config.GATEWAY_SIGN_IN_YANDEX_INFO_URL,
            },
            this.askAs('yandex'),
          ),
      vk === undefined
        ? undefined
        : new VkProvider(
            {
              clientId: vk,
              clientSecret: config.GATEWAY_SIGN_IN_VK_SERVICE_TOKEN,
              url: config.GATEWAY_SIGN_IN_VK_URL,
            },
            this.askAs('vk'),
          ),
    ];
    this.byName = new Map(providers.flatMap((provider) => (provider ? [[provider.name, provider]] : [])));
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }

  find(name: string): SignInProvider | undefined {
    return this.byName.get(name);
  }

  private askAs(name: string): AskProvider {
    const policy = new ResiliencePolicy({
      name,
      registry: this.registry,
      timeoutMs: TIMEOUT_MS,
      isOutage,
    });
    return (operation, work) => policy.call(operation, work);
  }
}

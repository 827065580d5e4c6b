import { z } from 'zod';
import {
  type AskProvider,
  type Attempt,
  type ClientSettings,
  NumericId,
  type ProvenPerson,
  type ProviderAnswer,
  readJson,
  refusedBy,
  type SignInProvider,
  SignInRefused,
} from './sign-in-provider';
import { challengeOf } from './yandex.provider';

const TokenAnswer = z.object({ access_token: z.string(), user_id: NumericId, state: z.string().optional() });
const UserInfo = z.object({
  user: z.object({ user_id: NumericId, first_name: z.string().optional(), last_name: z.string().optional() }),
});

/**
 * VK ID: OAuth 2.1. The browser brings a `device_id` beside the code, which belongs to the exchange, as does the state.
 * Source: id.vk.ru/about/business/go/docs, "api-description" and "user-info".
 */
export class VkProvider implements SignInProvider {
  readonly name = 'vk';
  readonly amr = 'vk_oauth';

  constructor(
    private readonly settings: ClientSettings & { readonly url: string },
    private readonly ask: AskProvider,
  ) {}

  authorizationUrl({ state, verifier, redirectUri }: Attempt): Promise<URL> {
    const url = new URL(`${this.settings.url}/authorize`);
    url.search = String(
      new URLSearchParams({
        response_type: 'code',
        client_id: this.settings.clientId,
        redirect_uri: redirectUri,
        scope: 'vkid.personal_info',
        state,
        code_challenge: challengeOf(verifier),
        // As its own SDK writes it.
        code_challenge_method: 's256',
      }),
    );
    return Promise.resolve(url);
  }

  async identify({ code, deviceId }: ProviderAnswer, { state, verifier, redirectUri }: Attempt): Promise<ProvenPerson> {
    if (!deviceId) throw new SignInRefused('no device_id');
    const { clientId, clientSecret } = this.settings;
    const tokens = await this.post('token', '/oauth2/auth', TokenAnswer, {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      code_verifier: verifier,
      device_id: deviceId,
      redirect_uri: redirectUri,
      state,
      ...(clientSecret && { service_token: clientSecret }),
    });
    if (tokens.state !== undefined && tokens.state !== state) throw new SignInRefused('state of the token');
    const { user } = await this.post('user-info', '/oauth2/user_info', UserInfo, {
      client_id: clientId,
      access_token: tokens.access_token,
    });
    if (user.user_id !== tokens.user_id) throw new SignInRefused('the two answers name two persons');
    const name = [user.first_name, user.last_name].filter(Boolean).join(' ') || undefined;
    return { externalId: user.user_id, name, label: name };
  }

  /** Failures come with the status of a success as well. */
  private post<Schema extends z.ZodType>(
    operation: string,
    path: string,
    schema: Schema,
    form: Record<string, string>,
  ): Promise<z.output<Schema>> {
    return this.ask(operation, async (signal) => {
      const body = new URLSearchParams(form);
      const response = await fetch(this.settings.url + path, { method: 'POST', body, redirect: 'error', signal });
      const answer = await readJson(response);
      const { data, success } = schema.safeParse(answer);
      if (!response.ok || !success) throw refusedBy(operation, answer);
      return data;
    });
  }
}

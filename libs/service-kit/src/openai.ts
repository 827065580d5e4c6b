import OpenAI, { type ClientOptions } from 'openai';

/** True for OpenAI itself, whose regions have hosts of their own, such as eu.api.openai.com. */
export function isOpenAi(baseUrl: string): boolean {
  const { protocol, hostname } = new URL(baseUrl);
  return protocol === 'https:' && /(^|\.)api\.openai\.com$/.test(hostname);
}

/**
 * A client of any OpenAI-compatible server. It neither tries again nor logs: when to repeat a call depends on who waits
 * for it, and what it logs are people's words.
 * @param server without `apiKey` when it asks for none
 */
export function openAiClient(
  { baseUrl, apiKey }: { readonly baseUrl: string; readonly apiKey?: string | undefined },
  options: Pick<ClientOptions, 'timeout' | 'fetch'> = {},
): OpenAI {
  const isForeign = !isOpenAi(baseUrl);
  const make = () =>
    new OpenAI({
      baseURL: baseUrl,
      // The client insists on a key.
      apiKey: apiKey ?? 'none',
      // What is not given here the client takes from the environment, whatever the server.
      adminAPIKey: null,
      ...(isForeign && { organization: null, project: null }),
      ...(!apiKey && { defaultHeaders: { authorization: null } }),
      maxRetries: 0,
      logLevel: 'off',
      ...options,
    });
  return isForeign ? withoutCustomHeaders(make) : make();
}

/** The client reads this variable when it is made, and no option turns that off. */
function withoutCustomHeaders<T>(make: () => T): T {
  const { OPENAI_CUSTOM_HEADERS: hidden } = process.env;
  delete process.env['OPENAI_CUSTOM_HEADERS'];
  try {
    return make();
  } finally {
    if (hidden !== undefined) process.env['OPENAI_CUSTOM_HEADERS'] = hidden;
  }
}

import { isOpenAi, openAiClient } from './openai';

const FOREIGN = {
  OPENAI_ORG_ID: 'org-of-openai',
  OPENAI_PROJECT_ID: 'project-of-openai',
  OPENAI_ADMIN_KEY: 'admin-of-openai',
  OPENAI_CUSTOM_HEADERS: 'x-gateway: gateway-of-openai\nauthorization: Bearer of-openai',
};

/** The headers with which a client would ask. */
async function headersOf(baseUrl: string, apiKey?: string): Promise<Headers> {
  let sent: Headers | undefined;
  const answer = (_url: unknown, init?: RequestInit) => {
    sent = new Headers(init?.headers);
    return Promise.resolve(Response.json({ data: [] }));
  };
  await openAiClient({ baseUrl, apiKey }, { fetch: answer }).models.list();
  return sent!;
}

describe('a client of an OpenAI-compatible server', () => {
  beforeAll(() => Object.assign(process.env, FOREIGN));
  afterAll(() => Object.keys(FOREIGN).forEach((name) => delete process.env[name]));

  it('sends nothing that the environment holds for OpenAI to another one', async () => {
    const headers = await headersOf('https://models.example/v1', 'sk-own');
    expect(headers.get('authorization')).toBe('Bearer sk-own');
    expect(JSON.stringify([...headers])).not.toContain('of-openai');
    expect(process.env).toMatchObject(FOREIGN);
  });

  it('sends no key where there is none', async () => {
    expect((await headersOf('https://models.example/v1')).has('authorization')).toBe(false);
  });

  it('sends organization and project to OpenAI, and never the key of administrators', async () => {
    const headers = await headersOf('https://eu.api.openai.com/v1', 'sk-own');
    expect(headers.get('openai-organization')).toBe('org-of-openai');
    expect(headers.get('x-gateway')).toBe('gateway-of-openai');
    expect(JSON.stringify([...headers])).not.toContain('admin-of-openai');
  });

  it.each(['http://api.openai.com/v1', 'https://api.openai.com.example/v1', 'https://notapi.openai.com/v1'])(
    'is none of OpenAI at %s',
    (url) => expect(isOpenAi(url)).toBe(false),
  );
});

import { botAdapterApp } from '@switchboard/bot-adapter';
import { MemoryTransport } from '@switchboard/bus';
import { chatAiApp } from '@switchboard/chat-ai';
import { type Actor, ArchiveBot, BotsChanged, CreateBot, EditBot } from '@switchboard/contracts';
import { gatewayApp } from '@switchboard/gateway';
import {
  type AppDefinition,
  BotsRegistry,
  createLog,
  generateIdentityKeys,
  prefixOf,
  Service,
  ServiceClient,
  type ServiceDirectory,
  ServiceIdentity,
} from '@switchboard/service-kit';
import { createTestDatabase, type TestDatabase, testEnv, until } from '@switchboard/testing';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { v7 as uuidv7 } from 'uuid';

const OWNER: Actor = { kind: 'staff', id: 'owner', roles: ['owner'], scopes: ['*'] };
/** By process. */
const REPLICAS = [
  [gatewayApp, chatAiApp, botAdapterApp],
  [chatAiApp, botAdapterApp],
];
/** Of a change, from the answer of the gateway until the last process works by it; the poll alone takes up to ten seconds. */
const WITHIN_MS = 2000;

describe('a bot that is kept by the gateway, in two processes of each service', () => {
  let database: TestDatabase;
  let folder: string;
  let services: Service[];
  let client: ServiceClient;

  beforeAll(async () => {
    database = await createTestDatabase();
    folder = await mkdtemp(join(tmpdir(), 'switchboard-test-'));
    const directory: ServiceDirectory = new Map();
    const names = [...new Set(REPLICAS.flat().map(({ name }) => name))];
    const keys = await generateIdentityKeys(names);
    // What a broker does for signals, and all that two processes hear of each other here.
    const transports = REPLICAS.map(() => new MemoryTransport());
    await transports[0]!.onSignal([BotsChanged.type], (type, body) => transports[1]!.signal(type, body));
    const log = createLog({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent', format: 'json' });
    const env = {
      GATEWAY_PUBLIC_PORT: '0',
      VPN_PROVISIONER_PUBLIC_PORT: '0',
      ...testEnv(database.url, folder),
      ...Object.fromEntries(names.map((name) => [`${prefixOf(name)}_PORT`, '0'])),
      // Nobody answers there: what is looked at is whom the channel believes.
      BOT_ADAPTER_SANDBOX_API_ROOT: 'http://127.0.0.1:9',
      BOT_ADAPTER_PUBLIC_URL: 'http://127.0.0.1:9',
    };
    const prepared = REPLICAS.map((apps, i) =>
      apps.map((app) => Service.prepare(app, { env, log, transport: transports[i]!, keys, directory })),
    );
    services = await Promise.all(prepared.flat());
    for (const service of services) await service.listen();
    for (const service of services) await service.start();
    client = new ServiceClient(new ServiceIdentity('gateway', keys), directory, new Registry());
  });
  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await database.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const replicasOf = ({ name }: AppDefinition) => services.filter((service) => service.name === name);
  /** The prompt of the bot in a process of chat-ai. */
  const promptIn = ({ nest }: Service) => {
    const section = nest.get(BotsRegistry).section('desk', 'assistant', chatAiApp.botSections!['assistant']!);
    return (section as { systemPrompt: string } | undefined)?.systemPrompt;
  };
  /** Whether a process of bot-adapter takes what the Telegram of a token brings. */
  const believes = async ({ url }: Service, token: string) => {
    const secret = createHmac('sha256', token).update('telegram webhook desk').digest('base64url');
    const { status } = await fetch(`${url}/webhooks/telegram/desk`, {
      method: 'POST',
      body: JSON.stringify({ update_id: 1 }),
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
    });
    return status;
  };
  const inAll = async (app: AppDefinition, fits: (service: Service) => boolean | Promise<boolean>, what: string) => {
    expect(replicasOf(app)).toHaveLength(2);
    const all = async () => (await Promise.all(replicasOf(app).map(fits))).every(Boolean);
    await until(all, { what, timeoutMs: WITHIN_MS });
  };
  const edit = (revision: string, body: object) =>
    client.call(EditBot, { params: { botId: 'desk' }, body, ifMatch: `"${revision}"` }, { actor: OWNER });

  it('is there in each of them when it is made, and changes and goes there as it does in the gateway', async () => {
    const description = {
      name: 'Desk',
      channel: { kind: 'telegram', apiRoot: 'sandbox' },
      assistant: { systemPrompt: 'You are the desk.' },
    };
    const body = { id: 'desk', description, secrets: { 'channel.token': '7:one' } };
    const made = await client.call(CreateBot, { body, idempotencyKey: uuidv7() }, { actor: OWNER });
    await inAll(chatAiApp, (service) => promptIn(service) === 'You are the desk.', 'the prompt in every chat-ai');
    await inAll(botAdapterApp, async (service) => (await believes(service, '7:one')) === 200, 'the channel');

    const prompted = await edit(made.revision, { patch: { assistant: { systemPrompt: 'You are another desk.' } } });
    await inAll(chatAiApp, (service) => promptIn(service) === 'You are another desk.', 'the new prompt');

    await edit(prompted.revision, { secrets: { 'channel.token': '8:two' } });
    await inAll(botAdapterApp, async (service) => (await believes(service, '8:two')) === 200, 'the new channel');
    for (const service of replicasOf(botAdapterApp)) expect(await believes(service, '7:one')).toBe(401);

    await client.call(ArchiveBot, { params: { botId: 'desk' }, body: {} }, { actor: OWNER });
    await inAll(botAdapterApp, async (service) => (await believes(service, '8:two')) === 404, 'the end of the channel');
  });

  it('is refused by the service that reads what is wrong, at the field', async () => {
    const description = {
      name: 'Bad',
      channel: { kind: 'telegram', apiRoot: 'sandbox' },
      assistant: { sytemPrompt: 'x' },
    };
    const body = { id: 'bad', description, secrets: { 'channel.token': 'no token' } };
    const refused = client.call(CreateBot, { body, idempotencyKey: uuidv7() }, { actor: OWNER });
    await expect(refused).rejects.toMatchObject({
      status: 422,
      problem: {
        errors: expect.arrayContaining([
          expect.objectContaining({ pointer: '/description/assistant', code: 'unrecognized_keys' }),
          expect.objectContaining({ pointer: '/secrets/channel.token', code: 'invalid_format' }),
        ]),
      },
    });
  });
});

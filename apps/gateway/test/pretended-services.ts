import {
  BotFieldError,
  BotsRegistry,
  type BotsSource,
  createLog,
  type ServiceDirectory,
} from '@switchboard/service-kit';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { z } from 'zod';

/** What the services of these names read of a bot, as far as specs need it. */
const SECTIONS: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  'chat-ai': {
    assistant: z.strictObject({
      systemPrompt: z.string().min(1).max(100).optional(),
      baseUrl: z.url().optional(),
      knowledge: z.string().optional(),
    }),
  },
  'bot-adapter': {
    channel: z.strictObject({ kind: z.literal('telegram'), apiRoot: z.string().optional() }),
    menu: z.looseObject({}),
  },
};

/** They have a folder of files, as all services do. */
const FILES: BotsSource = {
  read: () => [
    {
      ...{ id: 'any', origin: 'any.json', folder: '/config/bots', env: {}, revision: '1' },
      content: { name: 'Any', channel: { kind: 'telegram' } },
    },
  ],
  follow: () => () => undefined,
};

/** chat-ai and bot-adapter as the gateway asks them about bots, with the registry of the kit in each. */
export class PretendedServices {
  /** Bodies of what they were asked, by service. */
  readonly asked: { service: string; path: string; body: Record<string, unknown> }[] = [];
  /** These do not answer. */
  readonly away = new Set<string>();
  /** None answers before this has come. */
  held: Promise<void> | undefined;
  readonly directory: ServiceDirectory = new Map();
  private readonly servers: Server[] = [];

  static async start(): Promise<PretendedServices> {
    const services = new PretendedServices();
    for (const [name, sections] of Object.entries(SECTIONS)) {
      const log = createLog({ level: 'silent', format: 'json' });
      const bots = await BotsRegistry.open({ sources: [FILES], sections, registry: new Registry(), log });
      bots.addCheck(({ id }) => {
        const token = bots.secret(id, 'channel', 'token');
        if (name !== 'bot-adapter' || /^\d+:[\w-]+$/.test(token ?? '')) return;
        throw new BotFieldError(
          'channel.token',
          { en: 'is no token', ru: 'не токен' },
          token ? 'invalid_format' : 'required',
        );
      });
      bots.addCheck(({ id }) => void (name === 'chat-ai' && bots.secret(id, 'assistant', 'apiKey')));
      bots.addCheck(({ id }) => void (name === 'chat-ai' && bots.path(id, 'assistant', 'knowledge')));
      await services.serve(name, bots);
    }
    return services;
  }

  private async serve(name: string, bots: BotsRegistry): Promise<void> {
    const server = createServer((request, response) => {
      if (this.away.has(name)) return void request.socket.destroy();
      void this.answer(name, bots, request).then((answer) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.directory.set(name, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    this.servers.push(server);
  }

  private async answer(service: string, bots: BotsRegistry, request: IncomingMessage): Promise<unknown> {
    const body = (await json(request)) as Record<string, unknown>;
    this.asked.push({ service, path: request.url!, body });
    await this.held;
    if (request.url === '/bots/check') return bots.examine(body as never);
    return { account: { id: '7' }, findings: [] };
  }

  stop(): void {
    for (const server of this.servers) {
      server.closeAllConnections();
      server.close();
    }
  }
}

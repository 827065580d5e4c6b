import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Transport } from '@switchboard/bus';
import { BotsChanged, type KeptBot } from '@switchboard/contracts';
import type { ServiceDirectory } from '@switchboard/service-kit';

/** The gateway as services know it that ask for its bots, and nothing else of it. */
export class PretendedGateway {
  /** Revisions that were known to those who asked. */
  readonly asked: (string | null)[] = [];

  readonly url: string;

  private constructor(
    private readonly server: Server,
    private bots: readonly KeptBot[],
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(bots: readonly KeptBot[] = []): Promise<PretendedGateway> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const gateway = new PretendedGateway(server, bots);
    server.on('request', (request, response) => {
      const known = new URL(request.url!, 'http://gateway').searchParams.get('known');
      gateway.asked.push(known);
      const revision = createHash('sha256').update(JSON.stringify(gateway.bots)).digest('hex');
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ revision, ...(known !== revision && { bots: gateway.bots }) }));
    });
    return gateway;
  }

  /** For `startApp`. */
  get directory(): ServiceDirectory {
    return new Map([['gateway', this.url]]);
  }

  /** From now on it keeps these, and says so. */
  keep(bots: readonly KeptBot[], transport: Transport): void {
    this.bots = bots;
    transport.signal(BotsChanged.type, JSON.stringify({ botId: 'any' }));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** A bot as the gateway keeps it. */
export const keptBot = (id: string, more: Partial<KeptBot> = {}): KeptBot => ({
  id,
  state: 'active',
  description: { name: id, channel: { kind: 'telegram' } },
  secrets: {},
  ...more,
});

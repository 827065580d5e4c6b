import type { Registry } from 'prom-client';
import type { ServiceIdentity } from './service-identity';
import { ThirdParty } from './third-party';

/** Where the other services answer: `http://127.0.0.1:4103`. */
export type ServiceDirectory = Map<string, string>;

/** An answer of another service that is not 2xx. */
export class ServiceAnswer extends Error {
  override readonly name = 'ServiceAnswer';
  constructor(
    readonly status: number,
    service: string,
    path: string,
  ) {
    super(`${service} answered ${status} to GET ${path}`);
  }
}

/** Asks other services questions, with a signed identity and a deadline. A question never changes anything. */
export class ServiceClient {
  private readonly parties = new Map<string, ThirdParty>();

  constructor(
    private readonly identity: ServiceIdentity,
    private readonly directory: ServiceDirectory,
    private readonly registry: Registry,
  ) {}

  /** Bytes of a resource; undefined when there is none (404). */
  async getBytes(service: string, path: string): Promise<{ body: Buffer; contentType: string } | undefined> {
    const base = this.directory.get(service);
    if (!base) throw new Error(`It is not known where ${service} answers`);
    return this.party(service).call(
      'GET',
      async (signal) => {
        const response = await fetch(base + path, {
          signal,
          headers: { authorization: `Bearer ${await this.identity.tokenFor(service)}` },
        });
        if (response.status === 404) return undefined;
        if (!response.ok) throw new ServiceAnswer(response.status, service, path);
        return {
          body: Buffer.from(await response.arrayBuffer()),
          contentType: response.headers.get('content-type') ?? 'application/octet-stream',
        };
      },
      { idempotent: true },
    );
  }

  private party(service: string): ThirdParty {
    let party = this.parties.get(service);
    if (!party) {
      const isOutage = (error: unknown) => !(error instanceof ServiceAnswer) || error.status >= 500;
      party = new ThirdParty({ name: service, registry: this.registry, timeoutMs: 15_000, isOutage });
      this.parties.set(service, party);
    }
    return party;
  }
}

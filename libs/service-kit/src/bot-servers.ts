import type { FieldError } from '@switchboard/contracts';
import http from 'node:http';
import https from 'node:https';
import { BotFieldError } from './bot-source';
import type { SharedConfig } from './config';
import { guardedAgent, guardedFetch } from './http/outbound-connections';
import { OutboundError, OutboundGuard } from './http/outbound-guard';

/** Of a machine on which somebody develops: where its local models are. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];
/** Somebody waits in front of a form. */
const LOOK_UP_MS = 3000;

/**
 * The servers that descriptions of bots name. Whoever may edit a bot must not reach what only this machine reaches, so all calls to
 * them are made by what is given here: over https to public addresses, and to the networks that the operator allows as they like.
 */
export class BotServers {
  private readonly guard: OutboundGuard;
  private readonly guarded: typeof fetch;
  private readonly operators: ReadonlySet<string>;

  /** @param operators addresses that variables of the service name, which are asked whoever else names them */
  constructor(
    { NODE_ENV, OUTBOUND_ALLOWED_NETWORKS }: Pick<SharedConfig, 'NODE_ENV' | 'OUTBOUND_ALLOWED_NETWORKS'>,
    operators: readonly (string | undefined)[] = [],
  ) {
    const privateNetworks = OUTBOUND_ALLOWED_NETWORKS ?? (NODE_ENV === 'production' ? [] : LOOPBACK);
    this.guard = new OutboundGuard({ privateNetworks, ports: 'any', nameServers: 'system' });
    this.guarded = guardedFetch(this.guard);
    this.operators = new Set(operators.flatMap((address) => (address ? new URL(address).origin : [])));
  }

  readonly fetch = ((input: string | URL, init?: RequestInit) =>
    this.isOperators(input) ? fetch(input, init) : this.guarded(input, init)) as typeof fetch;

  /** Keeps its connections. */
  agentFor(address: string): http.Agent {
    const protocol = new URL(address).protocol as 'http:' | 'https:';
    if (!this.isOperators(address)) return guardedAgent(this.guard, protocol);
    return new (protocol === 'https:' ? https : http).Agent({ keepAlive: true });
  }

  /**
   * What can be said of an address without asking anybody.
   * @param path of its field in the description, as `assistant.baseUrl`
   * @throws BotFieldError
   */
  check(path: string, address: string): void {
    if (this.isOperators(address)) return;
    try {
      this.guard.check(address);
    } catch (error) {
      if (error instanceof OutboundError) throw refused(path, error);
      throw error;
    }
  }

  /** The same, with what its name means now, for somebody who waits to be told. */
  async mistakesIn(path: string, address: string): Promise<FieldError[]> {
    if (!URL.canParse(address) || this.isOperators(address)) return [];
    try {
      await this.guard.lookUp(address, { timeoutMs: LOOK_UP_MS });
      return [];
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      // Names are looked up with each connection: one that nobody knows now may be known then.
      if (error.reason !== 'refused') return [];
      const { detail, code } = refused(path, error);
      return [{ pointer: `/${path.replaceAll('.', '/')}`, code, detail }];
    }
  }

  /** Whether it is a server that the operator names, and not only a bot. */
  isOperators(address: string | URL): boolean {
    return this.operators.has(new URL(address).origin);
  }
}

function refused(path: string, { message }: OutboundError): BotFieldError {
  const detail = {
    en: `${message}; whoever runs the installation allows a network by OUTBOUND_ALLOWED_NETWORKS`,
    ru: 'обращаться по этому адресу нельзя: разрешены публичные адреса по https, а другие сети задаёт в OUTBOUND_ALLOWED_NETWORKS тот, кто ведёт установку',
  };
  return new BotFieldError(path, detail, 'address_refused');
}

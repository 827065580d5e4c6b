import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { Agent, buildConnector, fetch as fetchBy } from 'undici';
import { giving, type OutboundGuard } from './outbound-guard';

// For clients that make their requests themselves. Each connection they open is checked, those of redirections as well, and leads to an
// address that was checked: what a name means a moment later changes nothing.

/** `fetch` that connects only where the guard lets it; else it rejects with a TypeError whose cause is an OutboundError. */
export function guardedFetch(guard: OutboundGuard): typeof fetch {
  const connect: buildConnector.connector = (options, done) => {
    guard.addressesOf(options).then(
      (addresses) => buildConnector({ lookup: giving(addresses) })(options, done),
      (error: Error) => done(error, null),
    );
  };
  const dispatcher = new Agent({ connect });
  const guarded = (input: string | URL, init?: RequestInit) => fetchBy(input, { ...(init as object), dispatcher });
  return guarded as unknown as typeof fetch;
}

/** An agent of `node:http` that connects only where the guard lets it, and keeps its connections; else requests fail with an OutboundError. */
export function guardedAgent(guard: OutboundGuard, protocol: 'http:' | 'https:'): http.Agent {
  const agent = new (protocol === 'https:' ? https : http).Agent({ keepAlive: true });
  const connect = agent.createConnection.bind(agent) as (options: object) => Duplex;
  agent.createConnection = (options, done) => {
    const { host: hostname, port } = options as { host?: string; port?: number };
    guard.addressesOf({ protocol, hostname: hostname ?? 'localhost', port }).then(
      (addresses) => done!(null, connect({ ...options, lookup: giving(addresses) })),
      (error: Error) => done!(error, undefined as never),
    );
    return undefined;
  };
  return agent;
}

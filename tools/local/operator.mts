import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppDefinition, ServiceClient } from '@switchboard/service-kit';
import { localOperatorKey } from './secrets.mts';
import { prefixOf } from './variables.mts';
import { stateDir } from './workspace.mts';

/** Who asks: somebody who may do all, by the name under which it is remembered. */
export const operatorNamed = (id: string) => ({ kind: 'staff' as const, id, roles: ['operator'], scopes: ['*'] });

/** Speaks to services as the operator whose private key (a JWK) this is. */
export async function clientWith(key: string, urls: Readonly<Record<string, string>>): Promise<ServiceClient> {
  // What was just built cannot be imported earlier.
  const { ServiceClient, ServiceIdentity } = await import('@switchboard/service-kit');
  const { Registry } = await import('prom-client');
  const jwk = JSON.parse(key) as { kty: string };
  const identity = new ServiceIdentity('operator', { private: new Map([['operator', jwk]]), public: { keys: [] } });
  return new ServiceClient(identity, new Map(Object.entries(urls)), new Registry());
}

/** Asks a service with the key of the environment or, where that is not known, with the one of the local installation. */
export async function askAsOperator<T>(
  service: string,
  url: string,
  call: (client: ServiceClient) => Promise<T>,
): Promise<T> {
  const { OPERATOR_PRIVATE_KEY: own, OPERATOR_PRIVATE_KEY_FILE: file } = process.env;
  const local = join(stateDir, 'start');
  const keys = [
    ...(own ? [own] : file ? [readFileSync(file, 'utf8')] : []),
    ...(existsSync(join(local, 'secrets.json')) ? [localOperatorKey(local)] : []),
  ];
  for (const key of keys) {
    try {
      return await call(await clientWith(key, { [service]: url }));
    } catch (error) {
      if ((error as { status?: number }).status !== 401 || key === keys.at(-1)) throw error;
    }
  }
  throw new Error("There is no operator's key: set OPERATOR_PRIVATE_KEY, or run `npm start` here once.");
}

/** Where a service answers: as <SERVICE>_URL says, else its port on this machine. */
export async function addressOf(service: string): Promise<string> {
  const prefix = prefixOf(service);
  const { [`${prefix}_URL`]: url, [`${prefix}_PORT`]: port } = process.env;
  if (url) return url;
  const exported = Object.values((await import(`@switchboard/${service}`)) as Record<string, AppDefinition>);
  return `http://127.0.0.1:${port ?? exported.find(({ name }) => name === service)!.port}`;
}

/** @returns the exit code: 1 with the problem on standard error where the service has refused what it was asked */
export async function tellingProblems(url: string, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    const { problem, cause } = error as { problem?: unknown; cause?: { code?: string } };
    if (cause?.code === 'ECONNREFUSED') throw new Error(`Nothing answers at ${url}: is it running?`, { cause: error });
    if (!problem) throw error;
    console.error(JSON.stringify(problem, null, 2));
    return 1;
  }
}

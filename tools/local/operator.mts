import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppDefinition, ServiceClient } from '@switchboard/service-kit';
import { localOperatorKey } from './secrets.mts';
import { stateDir } from './workspace.mts';

// Needs the build: what was just built cannot be imported earlier.

/** Asks with the key of the environment or, where that is not known, with the one of the local installation. */
export async function askAsOperator<T>(
  service: string,
  url: string,
  call: (client: ServiceClient) => Promise<T>,
): Promise<T> {
  const { ServiceClient, ServiceIdentity } = await import('@switchboard/service-kit');
  const { Registry } = await import('prom-client');
  const { OPERATOR_PRIVATE_KEY: own, OPERATOR_PRIVATE_KEY_FILE: file } = process.env;
  const local = join(stateDir, 'start');
  const keys = [
    ...(own ? [own] : file ? [readFileSync(file, 'utf8')] : []),
    ...(existsSync(join(local, 'secrets.json')) ? [localOperatorKey(local)] : []),
  ];
  for (const key of keys) {
    const jwk = JSON.parse(key) as { kty: string };
    const identity = new ServiceIdentity('operator', { private: new Map([['operator', jwk]]), public: { keys: [] } });
    const client = new ServiceClient(identity, new Map([[service, url]]), new Registry());
    try {
      return await call(client);
    } catch (error) {
      if ((error as { status?: number }).status !== 401 || key === keys.at(-1)) throw error;
    }
  }
  throw new Error("There is no operator's key: set OPERATOR_PRIVATE_KEY, or run `npm start` here once.");
}

/** Where a service answers. */
export async function addressOf(service: string): Promise<string> {
  const prefix = service.toUpperCase().replaceAll('-', '_');
  const { [`${prefix}_URL`]: url, [`${prefix}_PORT`]: port } = process.env;
  if (url) return url;
  const exported = Object.values((await import(`@switchboard/${service}`)) as Record<string, AppDefinition>);
  return `http://127.0.0.1:${port ?? exported.find(({ name }) => name === service)!.port}`;
}

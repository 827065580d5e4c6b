import { createWriteStream, existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { RouteDefinition } from '@switchboard/contracts';
import type { AppDefinition, Download, ServiceClient } from '@switchboard/service-kit';
import { localOperatorKey } from '../local/secrets.mts';
import { root, stateDir } from '../local/workspace.mts';
import { build } from './build.mts';

const USAGE = `npm run call -- <route> [name=value …] [name:=json …]

  The names are those of the path, the query or the body; := gives a value as JSON. What is answered goes to standard output.
  --body <json>     the whole body     --key <idempotency key>, a fresh one without it
  --if-match <etag> of what you have seen: \`call\` says it on standard error beside an answer that has one
  --reason <text>   why you look at what people wrote or who they are
  --as <name>       who you are; the name of your account without it
  --url <address>   where the service answers, else <SERVICE>_URL, else its usual port on this machine
  --out <file>      where a file goes

The operator's key is OPERATOR_PRIVATE_KEY (\`npm run keys\` makes one), else that of the local installation.
`;

/** `npm run call -- chat-ai.usage.read from=… to=…`: asks a service as an operator. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      body: { type: 'string' },
      'if-match': { type: 'string' },
      key: { type: 'string' },
      reason: { type: 'string' },
      as: { type: 'string', default: userInfo().username },
      url: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const dotEnv = join(root, '.env');
  if (existsSync(dotEnv)) process.loadEnvFile(dotEnv);
  await build();
  // What was just built cannot be imported earlier.
  const { routes, serviceOf } = await import('@switchboard/contracts');
  const [name, ...given] = positionals;
  const kit = routes.filter((route) => serviceOf(route) === 'service-kit');
  const services = [...new Set(routes.map(serviceOf))].filter((service) => service !== 'service-kit');
  const callable = services.flatMap((service) => [
    ...routes.filter((route) => serviceOf(route) === service && !['public', 'webhook'].includes(route.permission)),
    ...kit.map((route) => ({ ...route, id: route.id.replace('service-kit', service) })),
  ]);
  const route = callable.find(({ id }) => id === name);
  if (!route) {
    const width = Math.max(...callable.map(({ id }) => id.length));
    console.log(USAGE + callable.map(({ id, summary }) => `\n  ${id.padEnd(width)}  ${summary}`).join(''));
    if (name) console.error(`\nThere is no route "${name}".`);
    return name ? 1 : 0;
  }
  const question = {
    ...sorted(route, given.map(readArgument)),
    ...(values.body && { body: JSON.parse(values.body) as unknown }),
    ...(values['if-match'] && { ifMatch: asEntityTag(values['if-match']) }),
    ...(values.reason && { reason: values.reason }),
    ...(route.idempotent && { idempotencyKey: values.key ?? crypto.randomUUID() }),
  };
  const actor = { kind: 'staff' as const, id: values.as, roles: ['operator'], scopes: ['*'] };
  const url = values.url ?? (await addressOf(serviceOf(route)));
  try {
    const answer = await ask(route, url, (client) => client.call(route, question as never, { actor }));
    await print(answer, values.out);
    if (route.etag) console.error(`ETag: "${(answer as unknown as Record<string, string | number>)[route.etag]}"`);
    return 0;
  } catch (error) {
    const { problem, cause } = error as { problem?: unknown; cause?: { code?: string } };
    if (cause?.code === 'ECONNREFUSED') throw new Error(`Nothing answers at ${url}: is it running?`, { cause: error });
    if (!problem) throw error;
    console.error(JSON.stringify(problem, null, 2));
    return 1;
  }
}

/** `3` → `"3"`, which a shell would take the quotes of; what is written as RFC 9110 wants it stays. */
const asEntityTag = (text: string) => (text === '*' || text.includes('"') ? text : `"${text}"`);

function readArgument(text: string): [name: string, value: unknown] {
  const [, name, json, value] = /^([\w-]+)(:?)=(.*)$/s.exec(text) ?? [];
  if (!name || value === undefined) throw new Error(`"${text}" is neither name=value nor name:=json.`);
  return [name, json ? (JSON.parse(value) as unknown) : value];
}

/** Puts each argument where the route reads it. */
function sorted({ params, query, body }: RouteDefinition, given: [string, unknown][]) {
  const within = (part: { shape: object } | undefined) => (name: string) => name in (part?.shape ?? {});
  const [ofPath, ofQuery] = [within(params), within(query)];
  const pick = (fits: (name: string) => boolean) => Object.fromEntries(given.filter(([name]) => fits(name)));
  const rest = pick((name) => !ofPath(name) && !ofQuery(name));
  if (!body && Object.keys(rest).length > 0) {
    const known = [...Object.keys(params?.shape ?? {}), ...Object.keys(query?.shape ?? {})];
    throw new Error(`It is asked with ${known.join(', ') || 'nothing'}, not with ${Object.keys(rest).join(', ')}.`);
  }
  return { params: pick(ofPath), query: pick(ofQuery), ...(body && { body: rest }) };
}

/** Asks with the key of the environment or, where that is not known, with the one of the local installation. */
export async function ask<T>(
  route: RouteDefinition,
  url: string,
  call: (client: ServiceClient) => Promise<T>,
): Promise<T> {
  const { ServiceClient, ServiceIdentity } = await import('@switchboard/service-kit');
  const { serviceOf } = await import('@switchboard/contracts');
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
    const client = new ServiceClient(identity, new Map([[serviceOf(route), url]]), new Registry());
    try {
      return await call(client);
    } catch (error) {
      if ((error as { status?: number }).status !== 401 || key === keys.at(-1)) throw error;
    }
  }
  throw new Error("There is no operator's key: set OPERATOR_PRIVATE_KEY, or run `npm start` here once.");
}

export async function addressOf(service: string): Promise<string> {
  const prefix = service.toUpperCase().replaceAll('-', '_');
  const { [`${prefix}_URL`]: url, [`${prefix}_PORT`]: port } = process.env;
  if (url) return url;
  const exported = Object.values((await import(`@switchboard/${service}`)) as Record<string, AppDefinition>);
  return `http://127.0.0.1:${port ?? exported.find(({ name }) => name === service)!.port}`;
}

async function print(answer: unknown, file: string | undefined): Promise<void> {
  if (answer === undefined) return;
  if (isDownload(answer)) {
    await pipeline(answer.body, file ? createWriteStream(file) : process.stdout, { end: file !== undefined });
  } else if (typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer) {
    for await (const event of answer as AsyncIterable<unknown>) console.log(JSON.stringify(event));
  } else {
    console.log(JSON.stringify(answer, null, 2));
  }
}

const isDownload = (answer: unknown): answer is Download =>
  typeof answer === 'object' && answer !== null && 'buffer' in answer;

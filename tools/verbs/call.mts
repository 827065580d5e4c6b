import { createWriteStream } from 'node:fs';
import { userInfo } from 'node:os';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import type { RouteDefinition } from '@switchboard/contracts';
import type { Download } from '@switchboard/service-kit';
import { addressOf, askAsOperator, operatorNamed, tellingProblems } from '../local/operator.mts';
import { loadDotEnv } from '../local/variables.mts';
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
  loadDotEnv();
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
    return name ? 2 : 0;
  }
  const question = {
    ...sorted(route, given.map(readArgument)),
    ...(values.body && { body: JSON.parse(values.body) as unknown }),
    ...(values['if-match'] && { ifMatch: asEntityTag(values['if-match']) }),
    ...(values.reason && { reason: values.reason }),
    ...(route.idempotent && { idempotencyKey: values.key ?? crypto.randomUUID() }),
  };
  const actor = operatorNamed(values.as);
  const service = serviceOf(route);
  const url = values.url ?? (await addressOf(service));
  return tellingProblems(url, async () => {
    const answer = await askAsOperator(service, url, (client) => client.call(route, question as never, { actor }));
    await print(answer, values.out);
    if (route.etag) console.error(`ETag: "${(answer as unknown as Record<string, string | number>)[route.etag]}"`);
  });
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

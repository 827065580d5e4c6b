import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ended } from '../local/processes.mts';
import { root } from '../local/workspace.mts';
import { runOnEachBroker } from '../verify/brokers.mts';
import { runUnderAnotherClock } from '../verify/clock.mts';
import { runFuzz } from '../verify/fuzz.mts';
import { build } from './build.mts';

interface Part {
  readonly what: string;
  /** Another verb in a short form; its own arguments come behind these. */
  readonly verb?: readonly string[];
  /** What is done in this process, when it is no verb. @returns the exit code */
  run?(args: string[]): Promise<number>;
}

/** What takes too long for `npm test`. A new part is a line here. */
const parts: Record<string, Part> = {
  soak: {
    what: 'two processes of each service, in three minutes in which days pass',
    verb: ['soak', '--minutes', '3'],
  },
  brokers: { what: 'what needs a broker, on each RabbitMQ that is here', run: runOnEachBroker },
  // One at a time: most of them start a whole installation.
  specs: { what: 'the long specs', verb: ['test', '.long.spec', '--maxWorkers=1'] },
  smoke: { what: 'a short play with real processes and one kill -9', verb: ['smoke'] },
  cluster: {
    what: 'the same with every service apart, twice, behind the gateway, by the variables of docker-compose.yml',
    verb: ['cluster', '--smoke'],
  },
  drill: { what: 'twenty rounds of faults under load', verb: ['drill', 'bus', '--rounds', '20', '--events', '20000'] },
  money: {
    what: 'purchases while everything fails around payments and the VPN, and all books compared',
    verb: ['drill', 'money', '--purchases', '300'],
  },
  shop: { what: 'a purchase by each provider, and the death of a server', verb: ['smoke', 'shop'] },
  sales: {
    what: 'from a payment to a link, measured briefly',
    verb: [
      ...['bench', 'shop', '--purchases', '60', '--notices', '600', '--burst', '60', '--people', '1000'],
      ...['--seconds', '2', '--repetitions', '1'],
    ],
  },
  deliveries: {
    what: 'answers over two bot-adapters that are killed again and again',
    verb: ['bench', 'deliveries', '--answers', '60'],
  },
  turn: {
    what: 'what a turn costs, measured briefly',
    verb: ['bench', 'turn', '--seconds', '5', '--repetitions', '1'],
  },
  bus: {
    what: 'how fast the backbone is, measured briefly',
    verb: ['bench', 'bus', '--events', '5000', '--repetitions', '1', '--only', 'batch', '--seconds', '5'],
  },
  gateway: {
    what: 'how fast the gateway is, beside a bare proxy, measured briefly',
    verb: ['bench', 'gateway', '--seconds', '3', '--repetitions', '1'],
  },
  analytics: {
    what: 'how fast events are kept and counted, measured briefly',
    verb: ['bench', 'analytics', '--events', '200000', '--stream', '20000', '--repetitions', '1'],
  },
  knowledge: { what: 'whether what people ask is found', verb: ['bench', 'knowledge'] },
  fuzz: { what: 'every route, asked what its document allows and what it does not', run: runFuzz },
  clock: {
    what: 'all specs on a leap day that ends, in another time zone, with a database two minutes ahead, and what they cover',
    run: runUnderAnotherClock,
  },
};

interface Result {
  ok: boolean;
  seconds: number;
}

/**
 * `npm run verify`: all parts, one after the other, with a table and a line of JSON at the end; `npm run verify -- clock …`: one of them,
 * with its own arguments.
 */
export async function main([name, ...args]: string[]): Promise<number> {
  if (name === '--part') return parts[args[0]!]!.run!(args.slice(1));
  if (name && !(name in parts)) {
    console.error(`There is no part "${name}" here:`);
    for (const [known, { what }] of Object.entries(parts)) console.error(`  ${known.padEnd(10)}  ${what}`);
    return 2;
  }
  await build();
  if (name) return runPart(name, args);
  const results: Record<string, Result> = {};
  for (const part of Object.keys(parts)) {
    console.log(`\n=== ${part}: ${parts[part]!.what}\n`);
    const began = performance.now();
    const ok = (await runPart(part, [])) === 0;
    results[part] = { ok, seconds: Math.round((performance.now() - began) / 1000) };
  }
  console.log();
  for (const [part, { ok, seconds }] of Object.entries(results))
    console.log(`${ok ? '✓' : '✗'} ${part.padEnd(10)} ${`${seconds} s`.padStart(7)}  ${parts[part]!.what}`);
  const ok = Object.values(results).every((result) => result.ok);
  console.log(JSON.stringify({ ok, parts: results }));
  return ok ? 0 : 1;
}

/** Each in a process of its own, which sets its environment and its end as it likes. */
async function runPart(name: string, args: string[]): Promise<number> {
  const verb = parts[name]!.verb ?? ['verify', '--part', name];
  const child = spawn(process.execPath, [join(root, 'tools', 'run.mjs'), ...verb, ...args], {
    cwd: root,
    // The channel ends with this process, however it ends, and the part with it.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await ended(child);
  return child.exitCode ?? 1;
}

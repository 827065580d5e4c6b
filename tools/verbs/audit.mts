import { createWriteStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ServiceClient } from '@switchboard/service-kit';
import type { AuditProof } from '../../apps/gateway/dist/src/audit/audit-chain.js';
import type { FileCheck } from '../../apps/gateway/dist/src/audit/audit-file-check.js';
import { addressOf, askAsOperator, operatorNamed } from '../local/operator.mts';
import { loadDotEnv } from '../local/variables.mts';
import { root } from '../local/workspace.mts';
import { build } from './build.mts';

const USAGE = `npm run audit -- verify                      has the gateway look at the whole log, hashes, signatures and their copies
npm run audit -- verify <file>               checks an export against <file>.proof.jsonl, or the proof of an entry; without the gateway
npm run audit -- export <file> [name=value …]   .jsonl or .csv, with its proof beside it; what the log is searched by narrows it down
npm run audit -- prove <entry> [<file>]      fetches the proof of an entry, as 3.17, and checks it
npm run audit -- copy                        makes copies of signatures again where they are lost, as far as these fit what is left
npm run audit -- keys                        the public keys of the log: note them where nobody of the installation can change them

  --key <id>       a key that you know; without it the check says which keys have signed, and you compare
  --proof <file>   of an export, where it stands elsewhere
  --url <address>  where the gateway answers, else GATEWAY_URL, else its usual port on this machine
  --as <name>      who you are
  --wait <minutes> for the gateway to look at the whole log; 30 unless given

The exit code is 0 when everything fits.
`;

const CLOCKS_DIFFER_MS = 10_000;

interface Options {
  readonly key: readonly string[];
  readonly proof?: string | undefined;
  readonly url?: string | undefined;
  readonly as: string;
  readonly wait: string;
}

/** `npm run audit -- verify`: whether the audit log is what it was. */
export async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      key: { type: 'string', multiple: true, default: [] },
      proof: { type: 'string' },
      url: { type: 'string' },
      as: { type: 'string', default: 'operator' },
      wait: { type: 'string', default: '30' },
    },
  });
  if (!isMinutes(values.wait)) {
    console.error(`--wait takes a number of minutes, and "${values.wait}" is none`);
    return 2;
  }
  loadDotEnv();
  const [act, ...rest] = positionals;
  if (act === 'verify' && rest[0]) return verifyFile(rest[0], values);
  if (act === 'verify') return verifyLog(values);
  if (act === 'export' && rest[0]) return exportLog(rest[0], rest.slice(1), values);
  if (act === 'prove' && rest[0]) return prove(rest[0], rest[1], values);
  if (act === 'copy') return copy(values);
  if (act === 'keys') return keys(values);
  console.log(USAGE);
  return act ? 2 : 0;
}

const isMinutes = (text: string): boolean => /^\d+(\.\d+)?$/.test(text);

/** What was just built cannot be imported earlier. */
async function checks(): Promise<typeof import('../../apps/gateway/dist/src/audit/audit-file-check.js')> {
  await build();
  return (await import(join(root, 'apps/gateway/dist/src/audit/audit-file-check.js'))) as never;
}

async function verifyFile(file: string, { key, proof }: Options): Promise<number> {
  const { checkExport, checkProof } = await checks();
  const proofFile = proof ?? proofOf(file);
  if (existsSync(proofFile)) return tell(await checkExport(file, proofFile), key);
  return tell(checkProof(JSON.parse(readFileSync(file, 'utf8')) as AuditProof), key);
}

async function verifyLog(options: Options): Promise<number> {
  await build();
  const { ReadAuditVerification, RequestAuditVerification } = await import('@switchboard/contracts');
  const { verificationId } = await asOperator(options, (client, actor) =>
    client.call(RequestAuditVerification, { idempotencyKey: crypto.randomUUID() }, actor),
  );
  const end = Date.now() + Number(options.wait) * 60_000;
  for (let pause = 200; ; pause = Math.min(2 * pause, 5000)) {
    const verification = await asOperator(options, (client, actor) =>
      client.call(ReadAuditVerification, { params: { verificationId } }, actor),
    );
    if (verification.endedAt) {
      const { entries, roots, found, findings } = verification;
      for (const { message } of findings) console.log(message);
      console.log(
        `${entries} entries, ${roots} signatures: ${found === 0 ? 'everything fits' : `${found} do not fit`}`,
      );
      return found === 0 ? 0 : 1;
    }
    if (!(Date.now() + pause < end)) {
      console.log(`The gateway still looks at the log: ask again later, or wait longer (--wait <minutes>)`);
      return 1;
    }
    await sleep(pause);
  }
}

async function copy(options: Options): Promise<number> {
  await build();
  const { CopyAuditSignatures } = await import('@switchboard/contracts');
  await asOperator(options, (client, actor) =>
    client.call(CopyAuditSignatures, { idempotencyKey: crypto.randomUUID() }, actor),
  );
  console.log('The gateway makes them now; npm run audit -- verify says what is still missing');
  return 0;
}

async function exportLog(file: string, given: readonly string[], options: Options): Promise<number> {
  await build();
  const { ExportAuditEntries, ProveAuditExport } = await import('@switchboard/contracts');
  const filter = Object.fromEntries(given.map((argument) => argument.split(/=(.*)/s).slice(0, 2)));
  // The period of an export has to be over, by the clock of the gateway as well.
  const query = { to: new Date(Date.now() - CLOCKS_DIFFER_MS).toISOString(), ...filter } as { to: string };
  const format = file.endsWith('.csv') ? 'csv' : 'jsonl';
  await asOperator(options, async (client, actor) => {
    const data = await client.call(ExportAuditEntries, { query: { ...query, format } }, actor);
    await pipeline(data.body, createWriteStream(file));
    const proof = await client.call(ProveAuditExport, { query }, actor);
    await pipeline(proof.body, createWriteStream(proofOf(file)));
  });
  console.log(`Written: ${file} and ${proofOf(file)}`);
  return verifyFile(file, { ...options, proof: undefined });
}

async function prove(entryId: string, file: string | undefined, options: Options): Promise<number> {
  const { checkProof } = await checks();
  const { ProveAuditEntry } = await import('@switchboard/contracts');
  const proof = await asOperator(options, (client, actor) =>
    client.call(ProveAuditEntry, { params: { entryId } }, actor),
  );
  const text = JSON.stringify(proof, null, 2);
  if (file) writeFileSync(file, text);
  else console.log(text);
  return tell(checkProof(JSON.parse(text) as AuditProof), options.key);
}

async function keys(options: Options): Promise<number> {
  await build();
  const { ListAuditKeys } = await import('@switchboard/contracts');
  const answer = await asOperator(options, (client, actor) => client.call(ListAuditKeys, {}, actor));
  for (const { keyId, publicKey, since } of answer.keys)
    console.log(`${keyId}  since ${since.toISOString()}  ${JSON.stringify(publicKey)}`);
  return 0;
}

function tell({ entries, unsigned, mistakes, keyIds }: FileCheck, known: readonly string[]): number {
  const strangers = known.length > 0 ? keyIds.filter((keyId) => !known.includes(keyId)) : [];
  for (const mistake of mistakes) console.log(mistake);
  for (const keyId of strangers) console.log(`it was signed by ${keyId}, which is none of the keys that you know`);
  const fits = mistakes.length === 0 && strangers.length === 0;
  console.log(`${entries} entries: ${fits ? 'everything fits' : 'not everything fits'}`);
  if (unsigned > 0) console.log(`${unsigned} of them are younger than the last signature of the log`);
  if (known.length === 0)
    console.log(`Signed by ${keyIds.join(', ') || 'nobody'}: compare it with the keys that you have noted`);
  return fits ? 0 : 1;
}

const proofOf = (file: string) => `${file}.proof.jsonl`;

async function asOperator<T>(
  { url, as }: Options,
  call: (client: ServiceClient, options: { actor: ReturnType<typeof operatorNamed> }) => Promise<T>,
): Promise<T> {
  const actor = operatorNamed(as);
  return askAsOperator('gateway', url ?? (await addressOf('gateway')), (client) => call(client, { actor }));
}

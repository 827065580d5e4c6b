import { BaseResolver, createConfig, lintDocument, makeDocumentFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';
import { generate } from 'orval';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from '../local/processes.mts';
import { root } from '../local/workspace.mts';

/** Rules of Redocly that the document does not follow. */
const NOT_FOLLOWED = {
  // The gateway names itself when it serves the document; in the repository nobody knows where that will be.
  'no-empty-servers': 'off',
  // The names of tags are those of the resources, and each operation says what it does.
  'tag-description': 'off',
} as const;

const TSC = join(root, 'node_modules', 'typescript', 'bin', 'tsc');

/** What programs that are not ours have against an OpenAPI document, in sentences. */
export async function complaintsAbout(file: string): Promise<string[]> {
  const text = readFileSync(file, 'utf8');
  const { valid, errors } = await new Validator().validate(JSON.parse(text) as Record<string, unknown>);
  // What is none is of no use to the others.
  if (!valid) return [`It is no OpenAPI document: ${JSON.stringify(errors).slice(0, 1000)}`];
  return [...(await lint(text, file)), ...(await foreignClient(file))];
}

async function lint(text: string, file: string): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended-strict'], rules: NOT_FOLLOWED });
  const document = makeDocumentFromString(text, file);
  const found = await lintDocument({ document, externalRefResolver: new BaseResolver(), config });
  return found.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]?.pointer ?? ''})`);
}

/** A second generator makes a client of the document, and a strict compiler takes it. */
async function foreignClient(file: string): Promise<string[]> {
  // Within the workspace, so that the compiler finds the packages.
  const folder = mkdtempSync(join(root, 'node_modules', '.foreign-client-'));
  try {
    const output = { target: join(folder, 'client.ts'), client: 'fetch', mode: 'single' } as const;
    await generate({ input: { target: resolve(file) }, output }, root);
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: true, types: [] },
      ...{ target: 'es2024', lib: ['es2024', 'dom', 'dom.iterable'], module: 'esnext', moduleResolution: 'bundler' },
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['client.ts'] }));
    const { code, output: said } = await run(process.execPath, [TSC, '-p', folder], { cwd: root });
    return code === 0 ? [] : [`orval's client does not compile: ${said.trim().slice(0, 1000)}`];
  } catch (error) {
    return [`orval makes no client of it: ${error instanceof Error ? error.message : String(error)}`];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const complaints = await complaintsAbout(process.argv[2] ?? join(root, 'docs/openapi/switchboard.json'));
  for (const complaint of complaints) console.log(complaint);
  process.exitCode = complaints.length > 0 ? 1 : 0;
}

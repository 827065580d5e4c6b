import { createClient } from '@hey-api/openapi-ts';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Document } from './documents.mts';

const FOLDER = 'libs/api-client/src/generated';

/** The typed client of all that the gateway serves, as it is checked in. */
export async function apiClient(openapi: object): Promise<Document[]> {
  const output = mkdtempSync(join(tmpdir(), 'switchboard-client-'));
  try {
    await createClient({
      input: openapi as never,
      output: { path: output, entryFile: false },
      logs: { level: 'silent' },
      plugins: [
        { name: '@hey-api/client-fetch', throwOnError: true },
        { name: '@hey-api/sdk', auth: false },
        { name: '@tanstack/react-query', mutationOptions: false },
      ],
    });
    const files = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    return files.sort().map((file) => ({
      path: `${FOLDER}/${file.replaceAll('\\', '/')}`,
      text: readFileSync(join(output, file), 'utf8'),
    }));
  } finally {
    rmSync(output, { recursive: true, force: true });
  }
}

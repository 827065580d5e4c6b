import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { prefixOf, sharedConfig, type AppDefinition } from '@switchboard/service-kit';
import { z } from 'zod';

const root = join(__dirname, '..');

/** Every service of the workspace, as it defines itself. */
export async function definedApps(): Promise<AppDefinition[]> {
  const files = globSync('apps/*/src/*.app.ts', { cwd: root }).sort();
  return Promise.all(
    files.map(async (file) => {
      const exported = Object.values((await import(join(root, file))) as Record<string, AppDefinition>);
      if (exported.length !== 1) throw new Error(`${file} exports more than the definition`);
      return exported[0]!;
    }),
  );
}

/** What all services read, with where the others answer and what the OpenTelemetry SDK reads by itself. */
export function sharedVariables(apps: readonly AppDefinition[]): Record<string, z.ZodType> {
  const addresses = Object.fromEntries(apps.map(({ name }) => [`${prefixOf(name)}_URL`, z.any()]));
  return { ...sharedConfig.shape, ...addresses, OTEL_EXPORTER_OTLP_ENDPOINT: z.any(), OTEL_SERVICE_NAME: z.any() };
}

/** Those of the sandbox, read from its source: it imports nothing of the services, and starts when it is imported. */
export function sandboxVariables(): string[] {
  const source = readFileSync(join(root, 'apps/sandbox/src/main.ts'), 'utf8');
  return [...source.matchAll(/^ {2}(SANDBOX_[A-Z_]+): z/gm)].map(([, name]) => name!);
}

/** `NAME_FILE` stands for `NAME`, unless it is a variable itself. */
export const withoutFile = (name: string, known: Record<string, unknown>) =>
  name in known ? name : name.replace(/_FILE$/, '');

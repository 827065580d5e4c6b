import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { root } from '../local/workspace.mts';

/** `npm run migration -- chat-ai create-prompt`: an empty migration of that service, named so that TypeORM runs it last. */
export async function main([service, name]: string[]) {
  if (!service || !name) throw new Error('Usage: npm run migration -- <service> <name-in-kebab-case>');
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) throw new Error(`"${name}" is not kebab-case (like create-prompt).`);
  const app = join(root, 'apps', service);
  if (!existsSync(join(app, 'project.json'))) throw new Error(`There is no service apps/${service}.`);
  const timestamp = Date.now();
  const file = join(app, 'migrations', `${timestamp}-${name}.ts`);
  mkdirSync(join(app, 'migrations'), { recursive: true });
  writeFileSync(file, migration(name, timestamp));
  console.log(
    `Written: ${relative(root, file)}. Fill in up() and down(), name the class where the service lists its migrations (${relative(root, listOf(app, service))}), and say in its data map what new columns hold.`,
  );
}

/** `defineApp({ migrations })` stands in the app's file, or in the module where the app is put together from parts. */
function listOf(app: string, service: string): string {
  const files = [`${service}.app.ts`, `${service}.module.ts`].map((file) => join(app, 'src', file));
  return files.find((file) => existsSync(file) && readFileSync(file, 'utf8').includes('migrations:')) ?? files[0]!;
}

/** TypeORM orders by the digits at the end of the name. */
function migration(name: string, timestamp: number): string {
  const className = `${name.replace(/(^|-)(\w)/g, (_, _dash, letter: string) => letter.toUpperCase())}${timestamp}`;
  return `import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(\`\`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(\`\`);
  }
}
`;
}

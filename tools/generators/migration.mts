import { globSync } from 'node:fs';
import { root } from '../local/workspace.mts';
import type { Changes } from './changes.mts';
import { pascal } from './names.mts';
import { valueOf, withElement, withImport } from './source-edits.mts';

export interface NewMigration {
  readonly service: string;
  /** `create-refunds` */
  readonly name: string;
  /** Milliseconds since 1970: TypeORM runs migrations in the order of the digits at the end of their names. */
  readonly createdAt: number;
  /** Statements of `up` and `down`, and what they need from service-kit. */
  readonly up: string;
  readonly down: string;
  readonly imports?: readonly string[];
}

/** Writes a migration and lists it where the app is defined. */
export function addMigration(changes: Changes, { service, name, createdAt, ...work }: NewMigration): void {
  const className = `${pascal(name)}${createdAt}`;
  const file = `${createdAt}-${name}`;
  changes.create(`apps/${service}/migrations/${file}.ts`, migration(className, work));
  changes.edit(definitionOf(changes, service), (app) =>
    withElement(withImport(app, `{ ${className} }`, `../migrations/${file}`), valueOf('migrations'), className),
  );
}

/** The file in which an app is defined: a service into which others are plugged does that in its module. */
export function definitionOf(changes: Changes, service: string): string {
  const files = globSync(`apps/${service}/src/*.{app,module}.ts`, { cwd: root }).sort();
  const definition = [`apps/${service}/src/${service}.app.ts`, ...files].find(
    (file) => changes.has(file) && /\bmigrations: \[/.test(changes.read(file)),
  );
  if (!definition) throw new Error(`No file of apps/${service}/src lists the migrations of the service.`);
  return definition;
}

function migration(className: string, { up, down, imports = [] }: Pick<NewMigration, 'up' | 'down' | 'imports'>) {
  const kit = imports.length > 0 ? `import { ${imports.join(', ')} } from '@switchboard/service-kit';\n` : '';
  return `${kit}import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(db: QueryRunner): Promise<void> {
    ${up}
  }

  async down(db: QueryRunner): Promise<void> {
    ${down}
  }
}
`;
}

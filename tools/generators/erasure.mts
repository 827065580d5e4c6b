import { globSync } from 'node:fs';
import { root } from '../local/workspace.mts';
import type { Changes } from './changes.mts';
import { addEvent, constantOf, isDefined, personErasedBy } from './event.mts';
import { addLayer, addModule } from './service.mts';

/** Has a service erase persons by its data map, as every service does that keeps anything of them. */
export function addErasure(changes: Changes, service: string): void {
  const folder = `apps/${service}/src/erasure`;
  const modules = globSync(`apps/${service}/src/**/*.module.ts`, { cwd: root });
  const erases = modules.some((file) => changes.read(file).includes('PersonErasureModule.saying('));
  if (erases || changes.has(`${folder}/erasure.module.ts`)) return;
  const event = personErasedBy(service);
  if (!isDefined(changes, event)) addEvent(changes, event);
  changes.create(`${folder}/erasure.module.ts`, module(constantOf(event)));
  addModule(changes, service, 'erasure');
  addLayer(changes, service, 'erasure');
}

const module = (event: string) => `import { Module } from '@nestjs/common';
import { ${event} } from '@switchboard/contracts';
import { PersonErasureModule } from '@switchboard/service-kit';

/** Erases persons by the data map. What that cannot say, files for instance, is a step: \`Erasure.add\`. */
@Module({ imports: [PersonErasureModule.saying(${event})] })
export class ErasureModule {}
`;

import { events, publishedSchema, signals } from '@switchboard/contracts';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../local/workspace.mts';
import { asyncApi } from './asyncapi.mts';
import { dataMapPage } from './data-map.mts';
import { readApps, readEventMap } from './event-map.mts';
import { eventTable } from './event-table.mts';

export interface Document {
  /** From the root of the workspace. */
  readonly path: string;
  readonly text: string;
}

/** Every document that is written from the code. Needs the build. */
export async function documents(): Promise<Document[]> {
  const map = await readEventMap();
  const { version } = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
  return [
    { path: 'docs/asyncapi.yaml', text: asyncApi(map, version) },
    { path: 'docs/events.md', text: eventTable(map) },
    { path: 'docs/data-map.md', text: dataMapPage(await readApps()) },
    ...newSnapshots(),
  ];
}

/** What was published once is kept as it was: the specs of the contracts hold today's schemas against it. */
function newSnapshots(): Document[] {
  return [...events, ...signals]
    .map((definition) => ({
      path: `libs/contracts/snapshots/${definition.type}.json`,
      text: JSON.stringify(publishedSchema(definition)),
    }))
    .filter(({ path }) => !existsSync(join(root, path)));
}

import { storageVariables } from '@switchboard/service-kit';
import { z } from 'zod';

/** Where backups are copied to: a disk of another machine, or a bucket elsewhere. */
export const backupsVariables = storageVariables(
  'GATEWAY_OFF_SITE',
  z.string().optional().describe('A folder that lies elsewhere, to which backups are copied.'),
  'A bucket that lies elsewhere, to which backups are copied.',
);

const config = z.object(backupsVariables);
export type BackupsConfig = z.output<typeof config>;

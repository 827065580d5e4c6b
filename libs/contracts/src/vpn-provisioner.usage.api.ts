import { z } from 'zod';
import { Instant, pageOf, PageQuery } from './api.shapes';
import { defineRoute } from './define-route';
import { BotId } from './shapes';
import { UsageAnomalyKind } from './vpn-provisioner.events';

const UsageAnomaly = z
  .object({
    id: z.uuid(),
    accessId: z.uuid(),
    userId: z.uuid(),
    botId: BotId,
    kind: UsageAnomalyKind,
    day: z.iso.date(),
    value: z.int().describe('Networks, devices, or bytes.'),
    usual: z.int().describe('What it is compared with.'),
    detectedAt: Instant,
  })
  .meta({ id: 'vpn-provisioner.UsageAnomaly' });

export const ListUsageAnomalies = defineRoute({
  id: 'vpn-provisioner.usage-anomalies.list',
  method: 'GET',
  path: '/vpn/usage-anomalies',
  summary: 'Accesses that are used in an unusual way, the latest first.',
  permission: 'servers:read',
  bots: 'filtered',
  query: PageQuery.extend({
    botId: BotId.optional(),
    kind: UsageAnomalyKind.optional(),
    userId: z.uuid().optional(),
  }),
  answer: pageOf(UsageAnomaly),
});

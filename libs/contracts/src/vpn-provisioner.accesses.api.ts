import { z } from 'zod';
import { Instant } from './api.shapes';
import { defineRoute } from './define-route';
import { SubscriptionStatus } from './payments.shapes';
import { BotId } from './shapes';
import { RegionId } from './vpn-provisioner.events';
import { AccessState } from './vpn-provisioner.me.api';

const PersonAccess = z
  .object({
    id: z.uuid(),
    subscriptionId: z.uuid(),
    userId: z.uuid(),
    botId: BotId,
    status: SubscriptionStatus,
    state: AccessState,
    region: RegionId.nullable(),
    servedUntil: Instant,
    limitBytes: z.int().nullable(),
    usedBytes: z.int(),
    deviceLimit: z.int().nullable(),
    grantedAt: Instant.nullable(),
    owedSince: Instant.nullable().describe('Since when something is owed that is not there yet.'),
    panelUser: z.string().describe('What panels call the person.'),
    keys: z.array(
      z.object({
        serverId: z.uuid(),
        server: z.string(),
        region: RegionId,
        state: z.enum(['preparing', 'serving', 'leaving']),
        confirmed: z.boolean().describe('The panel holds what it has to.'),
        error: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'vpn-provisioner.PersonAccess' });

export const ListPersonAccesses = defineRoute({
  id: 'vpn-provisioner.accesses.list',
  method: 'GET',
  path: '/vpn/accesses',
  summary: 'What a person is owed, and by which servers it is served.',
  permission: 'servers:read',
  bots: 'filtered',
  query: z.object({ userId: z.uuid() }),
  answer: z.object({ data: z.array(PersonAccess) }),
});

export const ReissueAccess = defineRoute({
  id: 'vpn-provisioner.access-keys.reissue',
  method: 'POST',
  path: '/vpn/accesses/{accessId}/reissue',
  summary: 'Lets a person in by new credentials: whoever else knew the old ones is out.',
  permission: 'access-keys:reissue',
  bots: 'filtered',
  params: z.object({ accessId: z.uuid() }),
  idempotent: true,
  answer: PersonAccess,
  problems: { 'vpn-provisioner.access_not_found': 404 },
});

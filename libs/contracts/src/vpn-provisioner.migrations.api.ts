import { z } from 'zod';
import { Instant, PageQuery, pageOf, queryList } from './api.shapes';
import { defineRoute } from './define-route';

export const ServerMigrationState = z
  .enum(['planned', 'running', 'paused', 'done', 'rolling-back', 'rolled-back', 'cancelled'])
  .meta({ id: 'vpn-provisioner.MigrationState' });

const Target = z.object({ serverId: z.uuid(), people: z.int().describe('How many of them go there.') });

const Migration = z
  .object({
    id: z.uuid(),
    kind: z.enum(['failover', 'planned']).describe('A failover begins by itself when a server is down.'),
    fromServerId: z.uuid(),
    toServerIds: z.array(z.uuid()).nullable().describe('Null: wherever there is room.'),
    people: z.int().nullable().describe('How many at most; null: all.'),
    reason: z.string().nullable(),
    state: ServerMigrationState,
    createdBy: z.string(),
    createdAt: Instant,
    endedAt: Instant.nullable(),
    progress: z.object({
      total: z.int(),
      waiting: z.int().describe('No room was found yet.'),
      preparing: z.int().describe('Being made on the new server.'),
      moved: z.int(),
      rolledBack: z.int(),
      dropped: z.int().describe('Need not be moved any more.'),
    }),
    revision: z.int(),
  })
  .meta({ id: 'vpn-provisioner.Migration' });

const WhichMigration = z.object({ migrationId: z.uuid() });
const NotFound = { 'vpn-provisioner.migration_not_found': 404 } as const;

const plan = {
  fromServerId: z.uuid(),
  toServerIds: z.array(z.uuid()).min(1).max(50).nullable().default(null),
  people: z.int().min(1).nullable().default(null),
};

export const PreviewMigration = defineRoute({
  id: 'vpn-provisioner.migration-previews.read',
  method: 'GET',
  path: '/vpn/migration-preview',
  summary: 'Where people of a server would go as things are now, and how many would find no room.',
  permission: 'servers:read',
  query: z.object({
    fromServerId: z.uuid(),
    toServerIds: queryList(z.uuid()).optional().describe('Without it wherever there is room.'),
    people: z.coerce.number<number>().int().min(1).optional().describe('All without it.'),
  }),
  answer: z.object({ people: z.int(), targets: z.array(Target), withoutRoom: z.int() }),
  problems: { 'vpn-provisioner.server_not_found': 404, 'vpn-provisioner.migration_targets_refused': 422 },
});

export const PlanMigration = defineRoute({
  id: 'vpn-provisioner.migrations.plan',
  method: 'POST',
  path: '/vpn/migrations',
  summary: 'Plans to move people of a server to others. Nobody is moved until it is started.',
  permission: 'servers:write',
  idempotent: true,
  body: z.object({ ...plan, reason: z.string().trim().min(1).max(500).nullable().default(null) }),
  answer: Migration,
  status: 201,
  problems: { 'vpn-provisioner.server_not_found': 404, 'vpn-provisioner.migration_targets_refused': 422 },
});

export const ListMigrations = defineRoute({
  id: 'vpn-provisioner.migrations.list',
  method: 'GET',
  path: '/vpn/migrations',
  summary: 'Planned migrations and failovers, the latest first.',
  permission: 'servers:read',
  query: PageQuery.extend({ serverId: z.uuid().optional(), state: ServerMigrationState.optional() }),
  answer: pageOf(Migration),
});

export const ReadMigration = defineRoute({
  id: 'vpn-provisioner.migrations.read',
  method: 'GET',
  path: '/vpn/migrations/{migrationId}',
  summary: 'One migration, and how far it is.',
  permission: 'servers:read',
  params: WhichMigration,
  answer: Migration,
  etag: 'revision',
  problems: NotFound,
});

export const ChangeMigration = defineRoute({
  id: 'vpn-provisioner.migrations.change',
  method: 'PATCH',
  path: '/vpn/migrations/{migrationId}',
  summary: 'Starts a migration, pauses it, lets it go on, rolls it back, or gives up a plan.',
  permission: 'servers:write',
  params: WhichMigration,
  body: z.object({ state: z.enum(['running', 'paused', 'rolling-back', 'cancelled']) }),
  answer: Migration,
  etag: 'revision',
  ifMatch: true,
  problems: {
    ...NotFound,
    'vpn-provisioner.migration_state_refused': 409,
    'vpn-provisioner.migration_in_the_way': 409,
  },
});

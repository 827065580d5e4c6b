/**
 * The roles that come with the platform, and what each may do: data, from which the table `roles` is filled at every start. A scope is
 * `resource:action`, `resource:*` or `*`; with `!` in front it forbids. What is not named is not allowed.
 */
export const BUILT_IN_ROLES: Readonly<Record<string, readonly string[]>> = {
  owner: ['*'],
  /** Everything but what could lock the owner out or needs a second person who is not an administrator. */
  admin: ['*', '!owners:write', '!audit:export', '!pii-exports:approve'],
  support: [
    ...['people:read', 'people:write', 'people:reveal', 'people:restrict'],
    ...['bots:read', 'prompts:read', 'knowledge:read', 'conversations:read', 'conversations:write'],
    ...['desk:read', 'desk:write'],
    ...['orders:read', 'subscriptions:read', 'subscriptions:extend', 'catalogue:read', 'promotions:read'],
    ...['refunds:read', 'refunds:request', 'servers:read', 'access-keys:reissue'],
    ...['goods:read', 'stock:write', 'orders:fulfil'],
    ...['pets:read', 'pets:grant', 'ledger:read', 'ledger:request', 'rooms:read', 'images:read'],
    ...['analytics:read', 'privacy:open', 'deliveries:read', 'partners:read', 'payouts:read', 'broadcasts:read'],
  ],
  'desk-lead': [
    ...['desk:read', 'desk:write', 'desk:manage', 'people:read', 'bots:read', 'knowledge:read'],
    ...['conversations:read', 'conversations:write', 'staff:read', 'analytics:read'],
  ],
  moderator: [
    ...['people:read', 'people:restrict', 'people:restrict-month', 'conversations:read', 'pets:read'],
    ...['images:read', 'images:write', 'rooms:read', 'rooms:write', 'analytics:read'],
  ],
  economist: [
    ...['orders:read', 'pets:read', 'ledger:read', 'ledger:request', 'economy:write', 'economy:read'],
    ...['catalogue:read', 'catalogue:write', 'subscriptions:read', 'refunds:read'],
    ...['goods:read', 'goods:write', 'stock:write'],
    ...['promotions:read', 'promotions:write', 'experiments:read', 'experiments:write', 'analytics:read', 'usage:read'],
    ...['alerts:read', 'shop-terms:read', 'shop-terms:write', 'partners:read', 'partners:write', 'payouts:read'],
    ...['payouts:write', 'broadcasts:read', 'broadcasts:write', 'broadcasts:send'],
  ],
  analyst: [
    ...['analytics:read', 'analytics:write', 'analytics:export', 'experiments:read', 'experiments:write'],
    ...['bots:read', 'prompts:read', 'knowledge:read', 'usage:read', 'promotions:read', 'economy:read'],
    ...['catalogue:read', 'orders:read', 'subscriptions:read', 'goods:read'],
    ...['alerts:read', 'alerts:write'],
  ],
  editor: [
    ...['bots:read', 'bots:write', 'prompts:read', 'prompts:write', 'knowledge:read', 'knowledge:write'],
    ...['promotions:draft', 'practices:read', 'practices:write', 'analytics:read'],
    ...['broadcasts:read', 'broadcasts:write', 'broadcasts:send', 'channels:connect'],
  ],
  developer: [
    ...['bots:read', 'prompts:read', 'knowledge:read', 'servers:read', 'usage:read'],
    ...['keys:read', 'keys:write', 'webhooks:read', 'webhooks:write', 'experiments:read', 'experiments:write'],
    ...['dead-letters:read', 'dead-letters:write', 'updates:read', 'updates:replay', 'system:read', 'backups:read'],
    ...['analytics:read', 'alerts:read', 'alerts:write'],
  ],
  auditor: [
    ...[
      'audit:read',
      'audit:export',
      'staff:read',
      'keys:read',
      'keys:any-team',
      'webhooks:read',
      'bots:read',
      'prompts:read',
    ],
    ...['knowledge:read', 'people:read', 'orders:read', 'ledger:read', 'refunds:read', 'experiments:read'],
    ...['catalogue:read', 'subscriptions:read', 'promotions:read', 'goods:read'],
    ...['analytics:read', 'alerts:read', 'privacy:read', 'system:read', 'backups:read', 'approvals:read'],
    ...['shop-terms:read', 'partners:read', 'payouts:read'],
  ],
};

/** What every person may do: with their own things, to which row security holds them. */
export const PERSON_SCOPES: readonly string[] = ['me:read', 'me:write'];

/** What no key may do, whatever it was given: be a person, or somebody's account, or make keys and staff. */
export const NOT_FOR_KEYS: readonly string[] = ['!me:*', '!account:*', '!staff:write', '!keys:write', '!owners:write'];

/** What every member of staff may do, whatever their roles: with their own account. A person's things are that person's, also for an owner. */
export const STAFF_SCOPES: readonly string[] = ['account:read', 'account:write', '!me:*'];

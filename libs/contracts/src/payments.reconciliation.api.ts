import { z } from 'zod';
import { Instant, pageOf, PageQuery, queryList } from './api.shapes';
import { defineRoute } from './define-route';
import { Currency } from './money';
import { openWord } from './open-word';
import { PaymentProviderName } from './payments.shapes';
import { BotId } from './shapes';

// For staff: whether what providers say they have taken is what the ledger says.

const State = openWord(['running', 'fits', 'differs', 'failed'], {
  id: 'payments.ReconciliationState',
  description: 'What came of comparing the books of a day.',
});

const Sums = z.record(Currency, z.int()).meta({ id: 'payments.Sums', description: 'By currency.' });

const Reconciliation = z
  .object({
    ...{ id: z.uuid(), botId: BotId, provider: PaymentProviderName, day: z.iso.date(), state: State },
    compared: z.int().describe('Payments that the provider told of.'),
    thereMinor: Sums.describe('What the provider says it has taken.'),
    hereMinor: Sums.describe('What the ledger says.'),
    missing: z.int().describe('Paid there and unknown here; asked for again.'),
    unconfirmed: z.int().describe('Paid here and unknown there.'),
    different: z.int().describe('Known to both, with other amounts.'),
    unknownOrders: z.int().describe('Paid there for orders that are not here, as after an older backup was restored.'),
    finishedAt: Instant.nullable(),
  })
  .meta({ id: 'payments.Reconciliation' });

const Finding = z
  .object({
    kind: openWord(['missing', 'unconfirmed', 'different', 'unknown-order'], {
      id: 'payments.FindingKind',
      description: 'In what the books of a provider and the ledger differ.',
    }),
    takingId: z.string(),
    externalId: z.string().nullable(),
    orderId: z.uuid().nullable(),
    thereMinor: z.int().nullable(),
    hereMinor: z.int().nullable(),
    currency: Currency,
  })
  .meta({ id: 'payments.Finding' });

export const ListReconciliations = defineRoute({
  id: 'payments.reconciliations.list',
  method: 'GET',
  path: '/reconciliations',
  summary: 'How the books of each day fit, the latest first.',
  permission: 'ledger:read',
  bots: 'filtered',
  query: PageQuery.extend({
    botId: BotId.optional(),
    provider: PaymentProviderName.optional(),
    state: queryList(State).optional(),
  }),
  answer: pageOf(Reconciliation),
});

export const ReadReconciliation = defineRoute({
  id: 'payments.reconciliations.read',
  method: 'GET',
  path: '/reconciliations/{reconciliationId}',
  summary: 'What does not fit of a day.',
  permission: 'ledger:read',
  bots: 'filtered',
  params: z.object({ reconciliationId: z.uuid() }),
  answer: Reconciliation.extend({ findings: z.array(Finding) }),
  problems: { 'payments.reconciliation_not_found': 404 },
});

export const RunReconciliation = defineRoute({
  id: 'payments.reconciliations.run',
  method: 'POST',
  path: '/reconciliations',
  summary: 'Compares the books of a day now.',
  permission: 'ledger:request',
  bots: 'body.botId',
  idempotent: true,
  body: z.object({ botId: BotId, provider: PaymentProviderName, day: z.iso.date() }),
  problems: { 'payments.provider_not_offered': 422 },
});

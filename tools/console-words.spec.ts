import {
  AlertSeverity,
  CorrectBalance,
  events,
  ExtendSubscription,
  FAILED_OUTCOMES,
  FEATURES,
  GIGABYTE,
  givablePermissions,
  REFUND_LIMITS,
  SetPartner,
  uiEvents,
} from '@switchboard/contracts';
import { globSync, readFileSync } from 'node:fs';
import { isUrgent } from '../apps/console/src/alerts/severities';
import { eventNames } from '../apps/console/src/boards/event-names';
import { failedOutcomes } from '../apps/console/src/experiments/failed-outcomes';
import { correctedAlone, daysGivenAlone, givesMuch, refundedAlone } from '../apps/console/src/shop/approval-limits';
import { balanceCauses } from '../apps/console/src/me/money/balance-causes';
import { knownFeatures } from '../apps/console/src/shop/known-features';
import { permissionNames } from '../apps/console/src/staff-names/permission-names';

/** The console has its own lists of these, so that it need not carry the contracts. */
it.each(['en', 'ru'] as const)(
  'the steps of a funnel that the console has texts for, in %s, are events that are said',
  (language) => {
    const said = [...events, ...uiEvents].map(({ type }) => type.replace(/\.v\d+$/, ''));
    expect(Object.keys(eventNames[language]).filter((name) => !said.includes(name))).toEqual([]);
  },
);

it.each(['en', 'ru'] as const)('whatever staff and keys can be given is said in words, in %s', (language) => {
  expect(Object.keys(permissionNames[language])).toEqual(givablePermissions);
});

it('of alerts, only those that wake somebody are marked as urgent', () => {
  expect(AlertSeverity.known.filter(isUrgent)).toEqual(['critical']);
});

it('an experiment counts the failures that all other numbers count', () => {
  expect(failedOutcomes).toEqual(FAILED_OUTCOMES);
});

it('what needs a second member of staff is said beforehand, as the contracts have it', () => {
  expect(refundedAlone).toEqual(REFUND_LIMITS);
  const days = (days: number) => ExtendSubscription.approval({ body: { days } } as never);
  expect([days(daysGivenAlone), days(daysGivenAlone + 1)]).toEqual([false, true]);
  for (const [currency, alone] of [...Object.entries(correctedAlone), ['KZT', 0] as const]) {
    const corrected = (changeMinor: number) => CorrectBalance.approval({ body: { changeMinor, currency } });
    expect([currency, corrected(-alone), corrected(-alone - 1)]).toEqual([currency, false, true]);
  }
  for (const percents of [[50], [51], [30, 15, 5], [30, 15, 6]])
    expect([percents, givesMuch(percents)]).toEqual([percents, SetPartner.approval({ body: { percents } })]);
});

it('the features that a form has words for are those that services ask for', () => {
  expect(Object.keys(knownFeatures).sort()).toEqual(Object.values(FEATURES).sort());
  expect(knownFeatures[FEATURES.vpnTraffic]).toBe(GIGABYTE);
});

it.each(['en', 'ru'] as const)('whatever changes a balance is said in words, in %s', (language) => {
  const services = globSync('apps/payments/src/**/*.service.ts').map((file) => readFileSync(file, 'utf8'));
  const booked = services.flatMap((text) =>
    [...text.matchAll(/\.book\(tx, \{[^;]*?\breason: '([^']+)'/g)].map(([, reason]) => reason!),
  );
  expect(booked).toContain('set aside');
  // What providers take for themselves is on nobody's balance.
  const known = [...new Set(booked)].filter((reason) => reason !== 'fee');
  expect(Object.keys(balanceCauses[language]).sort()).toEqual(known.sort());
});

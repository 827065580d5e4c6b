import { AlertSeverity, events, FAILED_OUTCOMES, givablePermissions, uiEvents } from '@switchboard/contracts';
import { isUrgent } from '../apps/console/src/alerts/severities';
import { eventNames } from '../apps/console/src/boards/event-names';
import { failedOutcomes } from '../apps/console/src/experiments/failed-outcomes';
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

import { layerProblems, tableProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** The folders of `src`, from the bottom to the top. */
const LAYERS = [
  'stats',
  'rollups',
  'events',
  'consents',
  'ui-events',
  'archive',
  'experiments',
  'backup',
  'alerts',
  'retention',
  'anomalies',
  'metrics',
  'churn',
  'surveys',
  'own-statistics',
  'boards',
  'exports',
  'monitoring',
  'demo',
];

const sources = join(__dirname, '..', 'src');

it('the layers of analytics import only what stands below them', () => {
  expect(layerProblems(sources, LAYERS)).toEqual([]);
});

it('the features of analytics ask each other for what is in their tables', () => {
  const problems = tableProblems(sources, LAYERS, {
    // What reports are made of.
    readByAll: ['events', 'measures', 'active_people', 'people'],
    allowed: {
      'events/event-store.service.ts consents':
        'whether an event may be kept is decided by the statement that keeps it, or a withdrawal could come between',
      'rollups/rollups.service.ts events': 'counts anew from the events what was counted as they came',
      'demo/demo.service.ts alerts': 'takes back all that the demo has made, in one transaction',
      'demo/demo.service.ts events': 'takes back all that the demo has made, in one transaction',
      'demo/demo.service.ts quarantined_events': 'takes back all that the demo has made, in one transaction',
      'demo/demo.service.ts experiments': 'takes back all that the demo has made, in one transaction',
    },
  });
  expect(problems).toEqual([]);
});

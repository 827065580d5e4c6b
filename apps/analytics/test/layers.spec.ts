import { layerProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** The folders of `src`, from the bottom to the top. */
const LAYERS = [
  'files',
  'stats',
  'rollups',
  'events',
  'consents',
  'ui-events',
  'archive',
  'backup',
  'experiments',
  'alerts',
  'anomalies',
  'retention',
  'metrics',
  'churn',
  'surveys',
  'own-statistics',
  'boards',
  'exports',
  'monitoring',
  'demo',
];

it('the layers of analytics import only what stands below them', () => {
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS)).toEqual([]);
});

import { layerProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** From the bottom to the top. */
const LAYERS = ['audio', 'engines', 'accounting', 'speech', 'transcriptions', 'models', 'retention', 'erasure'];

it('the layers of tts-worker import only what stands below them', () => {
  const allowed = { 'retry-policy.ts': 'speech and transcriptions try again alike, by the errors of engines' };
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS, allowed)).toEqual([]);
});

import { layerProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** From the bottom to the top. */
const LAYERS = [
  'documents',
  'models',
  'accounting',
  'assistants',
  'prompts',
  'knowledge',
  'labels',
  'attachments',
  'conversations',
  'desk',
  'unanswered',
  'tools',
  'guards',
  'answer-cache',
  'turns',
  'suggestions',
  'try-outs',
  'retention',
  'erasure',
  'demo',
];

it('the layers of chat-ai import only what stands below them', () => {
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS)).toEqual([]);
});

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
  'attachments',
  'conversations',
  'unanswered',
  'tools',
  'turns',
  'try-outs',
  'retention',
  'erasure',
  'demo',
];

it('the layers of chat-ai import only what stands below them', () => {
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS)).toEqual([]);
});

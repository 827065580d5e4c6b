import { layerProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** The folders of `src`, from the bottom to the top. */
const LAYERS = [
  ...['audit', 'bots', 'limits', 'proof-of-work', 'sessions', 'api-keys', 'access', 'staff', 'approvals', 'webhooks'],
  ...['pages', 'edge', 'mail', 'people', 'sign-in', 'staff-sso', 'demo', 'browser-errors'],
];

it('the layers of gateway import only what stands below them', () => {
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS)).toEqual([]);
});

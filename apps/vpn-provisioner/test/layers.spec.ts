import { layerProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** The folders of `src`, from the bottom to the top. */
const LAYERS = [
  ...[
    'clouds',
    'panels',
    'servers',
    'placement',
    'traffic',
    'accesses',
    'drift',
    'health',
    'migrations',
    'own-accesses',
  ],
  ...['devices', 'usage', 'links', 'server-templates', 'forecast'],
];

it('the layers of vpn-provisioner import only what stands below them', () => {
  expect(layerProblems(join(__dirname, '..', 'src'), LAYERS)).toEqual([]);
});

import { layerProblems, tableProblems } from '@switchboard/testing';
import { join } from 'node:path';

/** The folders of `src`, from the bottom to the top. */
const LAYERS = [
  ...['audit', 'bots', 'limits', 'proof-of-work', 'sessions', 'api-keys', 'access', 'mail', 'staff', 'approvals'],
  ...['webhooks', 'pages', 'edge', 'people', 'sign-in', 'staff-sso', 'demo', 'browser-errors', 'backups'],
];

const sources = join(__dirname, '..', 'src');

it('the layers of gateway import only what stands below them', () => {
  expect(layerProblems(sources, LAYERS)).toEqual([]);
});

it('the features of gateway ask each other for what is in their tables', () => {
  const problems = tableProblems(sources, LAYERS, {
    allowed: {
      'access/principals.service.ts staff': 'who calls, and what they may, is one statement of each request',
      'staff/staff.service.ts grants': 'staff are listed with their grants, page by page',
      'sign-in/sign-in-links.ts identities':
        'links to a person’s addresses are forgotten with the person, whom they do not name',
      'demo/demo.service.ts users': 'leaves people of the demo as they are who are there already, or were erased',
    },
  });
  expect(problems).toEqual([]);
});

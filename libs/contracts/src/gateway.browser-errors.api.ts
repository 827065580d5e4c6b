import { z } from 'zod';
import { defineRoute } from './define-route';

export const ReportBrowserError = defineRoute({
  id: 'gateway.browser-errors.report',
  method: 'POST',
  path: '/browser-errors',
  summary:
    'By which our own pages tell of an error in them. Texts are cut, and what could be personal in them is left out.',
  // Pages fail also before anybody has signed in.
  permission: 'public',
  rate: 'reports',
  body: z.object({
    app: z.enum(['console', 'cabinet']),
    kind: z
      .enum(['error', 'rejection', 'render'])
      .describe('Thrown, a promise nobody waited for, or while something was drawn.'),
    name: z.string().max(200).describe('`TypeError`'),
    message: z.string().max(4000),
    stack: z.string().max(20_000).optional().describe('As the browser writes it.'),
    page: z.string().max(2000).describe('The path of the page.'),
  }),
});

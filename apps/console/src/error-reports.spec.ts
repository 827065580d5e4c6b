/** @jest-environment jsdom */
import { reportError, reportUncaughtErrors } from './error-reports';

describe('errors of the page', () => {
  const sent: { path: string; report: Record<string, string> }[] = [];

  beforeAll(() => {
    // The edge to the gateway, whose own spec says what becomes of a report.
    window.fetch = (path, init) => {
      sent.push({ path: String(path), report: JSON.parse(init!.body as string) as Record<string, string> });
      return Promise.reject(new TypeError('Failed to fetch'));
    };
    globalThis.fetch = window.fetch;
    reportUncaughtErrors();
  });
  beforeEach(() => void (sent.length = 0));

  const thrown = (error: unknown) => window.dispatchEvent(Object.assign(new Event('error'), { error }));
  const rejected = (reason: unknown) =>
    window.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason }));

  it('that nobody has caught are reported, each once', () => {
    window.history.replaceState(null, '', '/me/sessions?q=secret');
    for (let i = 0; i < 3; i++) thrown(new RangeError('one too many'));
    rejected(new TypeError('x is undefined'));
    expect(sent.map(({ path, report: { stack, ...report } }) => [path, report, typeof stack])).toEqual([
      [
        '/v1/browser-errors',
        { app: 'cabinet', kind: 'error', name: 'RangeError', message: 'one too many', page: '/me/sessions' },
        'string',
      ],
      [
        '/v1/browser-errors',
        { app: 'cabinet', kind: 'rejection', name: 'TypeError', message: 'x is undefined', page: '/me/sessions' },
        'string',
      ],
    ]);
  });

  it('that are answers of the API, or of a network that is away, are not', () => {
    rejected({ type: '/problems/forbidden', status: 403 });
    rejected(new TypeError('Failed to fetch'));
    rejected(Object.assign(new Error('gone'), { name: 'AbortError' }));
    thrown(undefined);
    expect(sent).toEqual([]);
  });

  it('are reported a few times only, however many there are', () => {
    for (let i = 0; i < 50; i++) reportError('render', new Error(`error ${i}`));
    expect(sent.length).toBeLessThan(10);
  });
});

import type { GatewayBrowserErrorsReportData } from '@switchboard/api-client';

type Report = GatewayBrowserErrorsReportData['body'];

/** A page that fails in a loop tells of it so often, and of each error once. */
const MOST = 10;

/** Errors of a network that is away, and of requests that nobody waits for any more, are no errors of the page. */
const NOT_OURS = /^(Failed to fetch|Load failed|NetworkError when attempting)/;

const told = new Set<string>();

/** Tells the gateway of an error, which writes it into its log. Whatever comes of that changes nothing here. */
export function reportError(kind: Report['kind'], error: unknown): void {
  // Problem documents are answers, and are in the log of whoever gave them.
  if (!(error instanceof Error) || error.name === 'AbortError' || NOT_OURS.test(error.message)) return;
  const key = `${error.name} ${error.message}`;
  if (told.size >= MOST || told.has(key)) return;
  told.add(key);
  const { pathname } = window.location;
  const report: Report = {
    app: pathname === '/me' || pathname.startsWith('/me/') ? 'cabinet' : 'console',
    kind,
    name: error.name.slice(0, 200),
    message: error.message.slice(0, 4000),
    ...(error.stack && { stack: error.stack.slice(0, 20_000) }),
    page: pathname.slice(0, 2000),
  };
  // Not by the client of the pages, which may be what has failed; it goes on when the page is left.
  fetch('/v1/browser-errors', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(report),
    keepalive: true,
  }).catch(() => undefined);
}

/** Tells of everything that nobody has caught. What React catches is told of by its root. */
export function reportUncaughtErrors(): void {
  window.addEventListener('error', ({ error }) => reportError('error', error));
  window.addEventListener('unhandledrejection', ({ reason }) => reportError('rejection', reason));
}

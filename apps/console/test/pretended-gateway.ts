import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Browser, chromium, type Page, type Request, type Route } from 'playwright-core';

/** What Vite has made of the console. */
const dist = process.env['CONSOLE_DIST'] ?? join(__dirname, '..', 'dist');
const TYPES: Record<string, string> = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };

/** Nothing listens there: every request of the page is answered here. Of this host a browser believes that it is secure. */
const SITE = 'http://localhost:1';

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export class Refusal {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly more: object = {},
  ) {}
}

/** An answer, what makes one of the request, or a refusal. */
type Answer = object | ((asked: Asked) => object | Promise<object>);

export const STAFF_ID = '0190a000-0000-7000-8000-000000000001';
export const COLLEAGUE_ID = '0190a000-0000-7000-8000-000000000002';
const THEN = '2026-05-04T10:00:00.000Z';
const member = {
  email: 'ada@example.com',
  state: 'active',
  grants: [],
  factors: ['totp'],
  createdAt: THEN,
  revision: 1,
};
const signedIn = { ...member, signedInAt: THEN };

/** The one page of a list. */
export const listOf = (...data: object[]) => ({ data, page: { next: null, prev: null } });

/** The session of a colleague who may do nothing else. */
export const signedInWith = (...scopes: string[]) => ({
  staff: { id: STAFF_ID, roles: ['support'], scopes, bots: [], amr: ['pwd'], provenAt: THEN },
  person: null,
});

/** The console in a browser before a gateway that answers what a spec says, so that also what goes wrong can be seen. */
export class PretendedGateway {
  readonly asked: Asked[] = [];
  private readonly answers = new Map<string, Answer>();

  private constructor(readonly page: Page) {
    this.answer({
      'GET /v1/session': {
        staff: { id: STAFF_ID, roles: ['owner'], scopes: ['*'], bots: [], amr: ['pwd'], provenAt: THEN },
        person: null,
      },
      'GET /v1/account': {
        member: { ...signedIn, id: STAFF_ID, name: 'Ada Lind' },
        ...{ recoveryCodesLeft: 10, sessions: [] },
      },
      'GET /v1/bots': listOf({
        ...{ id: 'books', name: 'Books', state: 'active', describedBy: 'gateway', mistakes: [], channel: 'telegram' },
        ...{ hidesFile: false, changedAt: THEN, revision: '1' },
      }),
      'GET /v1/staff': listOf(
        { ...signedIn, id: STAFF_ID, name: 'Ada Lind' },
        { ...signedIn, id: COLLEAGUE_ID, name: 'Grace Holm' },
      ),
      'GET /v1/demo': { isThere: false },
      'GET /v1/approvals': listOf(),
      'GET /v1/contacts': listOf(),
    });
  }

  static async open(browser: Browser, { locale = 'en-GB' } = {}): Promise<PretendedGateway> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale, baseURL: SITE });
    context.setDefaultTimeout(8000);
    const gateway = new PretendedGateway(await context.newPage());
    await context.route('**/*', (route, request) => gateway.serve(route, request));
    return gateway;
  }

  /** @param answers by method and path, as in `GET /v1/people/*`; they win over earlier ones */
  answer(answers: Readonly<Record<string, Answer>>): void {
    for (const [route, answer] of Object.entries(answers)) this.answers.set(route, answer);
  }

  askedFor(route: string): Asked[] {
    const pattern = patternOf(route);
    return this.asked.filter(({ method, url }) => pattern.test(`${method} ${url.pathname}`));
  }

  private async serve(route: Route, request: Request): Promise<void> {
    const url = new URL(request.url());
    if (!url.pathname.startsWith('/v1/')) return this.serveFile(route, url.pathname);
    const asked = { method: request.method(), url, headers: request.headers(), body: request.postData() };
    this.asked.push(asked);
    const [, found] =
      [...this.answers].reverse().find(([known]) => patternOf(known).test(`${asked.method} ${url.pathname}`)) ?? [];
    const answer = typeof found === 'function' ? await found(asked) : (found ?? new Refusal(404, 'not_found'));
    if (answer instanceof Refusal) {
      const { status, code, more } = answer;
      const problem = { title: code, detail: `refused: ${code}`, status, code, ...more };
      return route.fulfill({ status, contentType: 'application/problem+json', body: JSON.stringify(problem) });
    }
    return route.fulfill({ status: 200, contentType: 'application/json', body: JSON.stringify(answer) });
  }

  private async serveFile(route: Route, path: string): Promise<void> {
    const [, name] = /^\/console\/assets\/([\w.-]+)$/.exec(path) ?? [];
    const file = name ? join(dist, 'assets', name) : join(dist, 'index.html');
    return route.fulfill({ contentType: TYPES[extname(file)] ?? 'text/html', body: await readFile(file) });
  }

  /** Waits until the page says so. */
  says = (words: string | RegExp): Promise<void> => this.page.getByText(words).first().waitFor();

  press = (name: string | RegExp): Promise<void> => this.page.getByRole('button', { name }).first().click();

  text = (): Promise<string> => this.page.locator('body').innerText();

  /** The one that is open, on top of others. */
  dialog = () => this.page.locator('[role="dialog"], [role="alertdialog"]').last();

  close = () => this.page.context().close();
}

const missing = process.env['CHROMIUM_MISSING'];

/** Facts about pages; where there is no browser they are skipped, but in CI. */
export const describePages = missing && process.env['CI'] !== 'true' ? describe.skip : describe;

/** One browser for the facts of a file; what is opened for a fact is closed after it. */
export function browserForFacts(): (options?: { locale?: string }) => Promise<PretendedGateway> {
  let browser: Browser;
  const opened: PretendedGateway[] = [];
  beforeAll(async () => {
    const executablePath = process.env['CHROMIUM_PATH'];
    if (!executablePath) throw new Error('CHROMIUM_PATH is not set: run specs with `npm test -- <path>`');
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });
  afterEach(() => Promise.all(opened.splice(0).map((gateway) => gateway.close())));
  afterAll(() => browser?.close());
  return async (options) => {
    const gateway = await PretendedGateway.open(browser, options);
    opened.push(gateway);
    return gateway;
  };
}

const patternOf = (route: string) => new RegExp(`^${route.replaceAll('*', '[^/]+')}$`);

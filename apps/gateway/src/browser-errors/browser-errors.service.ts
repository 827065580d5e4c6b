import { Inject, Injectable } from '@nestjs/common';
import type { ReportBrowserError } from '@switchboard/contracts';
import { Clock, LOG, type Log, type RequestOf, withoutTokens } from '@switchboard/service-kit';
import { Counter, Registry } from 'prom-client';
import { deviceOf } from '../sessions/device';

type Reported = RequestOf<typeof ReportBrowserError>['body'];

const MESSAGE_LENGTH = 300;
const PAGE_LENGTH = 200;
const FRAMES = 30;
/** Anybody may report, from many addresses: so many a minute are written, and the rest is counted. */
const MOST_A_MINUTE = 60;
const MINUTE_MS = 60_000;

/** Writes errors of our pages into the log, from where they reach the server that collects errors. */
@Injectable()
export class BrowserErrorsService {
  private readonly counter: Counter<'app' | 'outcome'>;
  private minute = 0;
  private written = 0;

  constructor(
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
    registry: Registry,
  ) {
    this.counter = new Counter({
      name: 'gateway_browser_errors_total',
      help: 'Errors that pages told of: logged, or dropped because there were too many within a minute.',
      labelNames: ['app', 'outcome'],
      registers: [registry],
    });
  }

  report({ app, kind, name, message, stack = '', page }: Reported, userAgent: string | undefined): void {
    const isLogged = this.hasRoom();
    this.counter.inc({ app, outcome: isLogged ? 'logged' : 'dropped' });
    if (!isLogged) return;
    const error = new Error(withoutPersons(message).slice(0, MESSAGE_LENGTH));
    error.name = /^[\w$.]{1,60}$/.test(name) ? name : 'Error';
    error.stack = [`${error.name}: ${error.message}`, ...framesIn(stack)].join('\n');
    const place = withoutPersons(page.split(/[?#]/, 1)[0]!).slice(0, PAGE_LENGTH);
    this.log.error({ err: error, app, kind, page: place, browser: deviceOf(userAgent) }, 'a page failed in a browser');
  }

  private hasRoom(): boolean {
    const minute = Math.floor(this.clock.now().getTime() / MINUTE_MS);
    if (minute !== this.minute) this.written = 0;
    this.minute = minute;
    return this.written++ < MOST_A_MINUTE;
  }
}

/** Text of an error without what says of whom it was: texts in quotes, addresses, ids and long numbers. */
const withoutPersons = (text: string): string =>
  withoutTokens(text)
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`|«[^»]*»|“[^”]*”/g, '"…"')
    .replaceAll(/[^\s@"<>]+@[^\s@"<>]+/g, '[address]')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}/gi, '[id]')
    .replaceAll(/\+?\d[\d\s().-]{4,}\d/g, '[number]')
    .replaceAll(/[?#][^\s)"]*/g, '');

/** As browsers of Chromium write a frame, and as Firefox and Safari do. */
const FRAMES_WRITTEN = [
  /^\s*at (?:(?<name>.+?) \()?(?<file>[^()\s]+):(?<line>\d{1,7}):(?<column>\d{1,7})\)?$/,
  /^(?<name>[^@]*)@(?<file>\S+):(?<line>\d{1,7}):(?<column>\d{1,7})$/,
];

/** Which function, in which file and where: all that a stack has to say. The first line repeats the message. */
function framesIn(stack: string): string[] {
  const frames = stack.split('\n').flatMap((text) => {
    const { name, file, line, column } =
      FRAMES_WRITTEN.map((pattern) => pattern.exec(text)?.groups).find(Boolean) ?? {};
    if (!file) return [];
    const called = /^[\w$.<>[\] ]{1,80}$/.test(name ?? '') ? name : '<anonymous>';
    return [`    at ${called} (${plainFile(file)}:${line}:${column})`];
  });
  return frames.slice(0, FRAMES);
}

/** Ours by their path; of anything else, such as an extension of the browser, only what it is. */
function plainFile(file: string): string {
  const url = URL.parse(file);
  if (!url) return 'unknown';
  return url.protocol === 'https:' || url.protocol === 'http:'
    ? withoutPersons(url.pathname)
    : url.protocol.slice(0, -1);
}

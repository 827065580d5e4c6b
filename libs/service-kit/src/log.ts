import type { LoggerService } from '@nestjs/common';
import { context, trace } from '@opentelemetry/api';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import type { ReportedError } from './error-reporter';
import { requestContext } from './http/request-context';
import { withoutWords } from './openai-errors';
import { withoutTokens } from './redaction';

export type Log = Logger;

/** Injection token of the service's log. */
export const LOG = Symbol('log');

/** Fields that must never be printed, wherever they appear. Message text is personal: it is logged nowhere. */
const SECRETS = ['token', 'authorization', 'password', 'secret', 'apiKey', 'api_key', 'text', 'caption', 'envelope'];

export interface LogOptions {
  readonly level: string;
  readonly format: 'json' | 'pretty';
  /** Is told of every error that is written. */
  readonly reporter?: { report(error: ReportedError): void } | undefined;
}

/** @param out where lines go instead of standard output */
export function createLog(options: LogOptions, out?: DestinationStream): Log {
  const { reporter } = options;
  const settings: LoggerOptions = {
    level: options.level,
    ...(reporter && {
      hooks: {
        logMethod(args, method, level) {
          if (level >= ERROR) reporter.report(reportOf(args, this.bindings()));
          method.apply(this, args);
        },
      },
    }),
    redact: {
      paths: SECRETS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`, `*.*.*.${field}`]),
      censor: '[redacted]',
    },
    formatters: { level: (level) => ({ level }) },
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => {
      const span = trace.getSpanContext(context.active());
      const request = requestContext();
      return {
        ...(span && { trace_id: span.traceId, span_id: span.spanId }),
        ...(request && { request_id: request.requestId }),
      };
    },
    serializers: { err: describeError },
  };
  if (options.format === 'pretty') {
    return pino({
      ...settings,
      transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname', translateTime: 'HH:MM:ss' } },
    });
  }
  return out ? pino(settings, out) : pino(settings);
}

/** Of pino. */
const ERROR = 50;

function reportOf([facts, message]: unknown[], { service }: Record<string, unknown>): ReportedError {
  const { err, ...rest } = (typeof facts === 'object' ? facts : { message: facts }) as Record<string, unknown>;
  const text = typeof message === 'string' ? message : String(facts);
  return {
    service: String(service ?? 'unknown'),
    message: text,
    error: err ?? new Error(text),
    facts: rest,
    span: trace.getSpanContext(context.active()),
  };
}

/** Type, message and stack only: SDK errors carry requests and responses with keys and message text in them. */
function describeError(thrown: unknown): unknown {
  const error = withoutWords(thrown);
  if (!(error instanceof Error)) return error;
  const { code, status } = error as { code?: unknown; status?: unknown };
  return {
    type: error.name,
    message: withoutTokens(error.message),
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
    stack: error.stack && withoutTokens(error.stack),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** Nest's own messages, through the service's log. */
export class NestLog implements LoggerService {
  constructor(private readonly out: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    // Nest tells of every route and module at start: of use only when debugging.
    this.write('debug', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(level: 'error' | 'warn' | 'debug' | 'trace', message: unknown, rest: unknown[]): void {
    const logger = rest.at(-1);
    const facts = message instanceof Error ? { err: message } : {};
    this.out[level](
      { ...facts, ...(typeof logger === 'string' && { logger }) },
      message instanceof Error ? message.message : String(message),
    );
  }
}

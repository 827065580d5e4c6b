import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { ExpressInstrumentation } from '@opentelemetry/instrumentation-express';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { NodeSDK, type tracing } from '@opentelemetry/sdk-node';
import { withoutMailAddresses, withoutTokens } from './redaction';

/**
 * Takes secrets and addresses of mail out of all that leaves the process: names, attributes and exceptions of spans, whoever made
 * them. An address with a bot's token in it stands in several attributes, which change with the conventions, and in errors.
 */
class RedactingExporter implements tracing.SpanExporter {
  constructor(private readonly out: tracing.SpanExporter) {}

  export(spans: tracing.ReadableSpan[], done: Parameters<tracing.SpanExporter['export']>[1]): void {
    this.out.export(spans.map(redacted), done);
  }

  forceFlush(): Promise<void> {
    return this.out.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.out.shutdown();
  }
}

const redacted = (span: tracing.ReadableSpan): tracing.ReadableSpan =>
  Object.create(span, {
    name: { value: shown(span.name) },
    attributes: { value: withoutSecrets(span.attributes) },
    status: { value: { ...span.status, message: span.status.message && shown(span.status.message) } },
    events: { value: span.events.map((event) => ({ ...event, attributes: withoutSecrets(event.attributes) })) },
    links: { value: span.links.map((link) => ({ ...link, attributes: withoutSecrets(link.attributes) })) },
  }) as tracing.ReadableSpan;

/** Servers of mail quote whom they refuse. */
const shown = (text: string): string => withoutMailAddresses(withoutTokens(text));

function withoutSecrets(attributes: Attributes | undefined): Attributes {
  const entries = Object.entries(attributes ?? {}).map(([key, value]) => [key, redactedValue(value)] as const);
  return Object.fromEntries(entries);
}

function redactedValue(value: AttributeValue | undefined): AttributeValue | undefined {
  if (typeof value === 'string') return shown(value);
  if (!Array.isArray(value)) return value;
  return value.map((each) => (typeof each === 'string' ? shown(each) : each)) as AttributeValue;
}

/**
 * Traces of the whole process, sent where OTEL_EXPORTER_OTLP_ENDPOINT says. To be loaded before anything else, because
 * it wraps http and pg as they are loaded: `node --require @switchboard/service-kit/tracing dist/src/main.js`.
 */
if (process.env['OTEL_EXPORTER_OTLP_ENDPOINT']) {
  const sdk = new NodeSDK({
    traceExporter: new RedactingExporter(new OTLPTraceExporter()),
    instrumentations: [
      new HttpInstrumentation({ ignoreIncomingRequestHook: ({ url }) => /^\/(health|metrics)/.test(url ?? '') }),
      new ExpressInstrumentation(),
      new PgInstrumentation({ requireParentSpan: true }),
    ],
  });
  sdk.start();
  process.once('beforeExit', () => void sdk.shutdown());
}

import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { EventOf } from '@switchboard/contracts';
import { until } from '@switchboard/testing';
import { openBackboneDatabase, OrderPlaced, run } from '../test/backbone';
import { PermanentError } from './errors';
import { Consumer, Handles } from './handles.decorator';
import { MemoryTransport } from './memory.transport';

describe('a trace', () => {
  const exporter = new InMemorySpanExporter();

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }));
  });
  afterAll(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });

  it('goes on across outbox, transport and handler', async () => {
    const files = await openBackboneDatabase();
    let seen: EventOf<typeof OrderPlaced> | undefined;
    @Consumer('traced')
    class TracedHandlers {
      @Handles(OrderPlaced)
      placed(event: EventOf<typeof OrderPlaced>) {
        seen = event;
        trace.getTracer('test').startSpan('inside the handler').end();
      }
    }
    const transport = new MemoryTransport();
    const app = await run(await files.open(), files.database.url, transport, {
      consumers: [{ controller: TracedHandlers }],
    });
    const request = trace.getTracer('test').startSpan('the request');
    await context.with(trace.setSpan(context.active(), request), () =>
      app.db.transaction((tx) => app.bus.outbox.add(tx, OrderPlaced({ orderId: 'o1', n: 1 }))),
    );
    request.end();
    await until(() => seen && exporter.getFinishedSpans().length >= 3, { what: 'the spans' });
    const span = (name: string) => exporter.getFinishedSpans().find((finished) => finished.name === name)!;
    const process = span(`process ${OrderPlaced.type}`);
    expect(process.spanContext().traceId).toBe(request.spanContext().traceId);
    expect(process.parentSpanContext?.spanId).toBe(request.spanContext().spanId);
    expect(span('inside the handler').parentSpanContext?.spanId).toBe(process.spanContext().spanId);
    expect(seen!.traceparent).toContain(request.spanContext().traceId);
    await app.stop();
    await transport.close();
    await files.database.drop();
  });

  it('holds what went wrong in a handler as it may be recorded', async () => {
    const files = await openBackboneDatabase();
    exporter.reset();
    @Consumer('failing')
    class FailingHandlers {
      @Handles(OrderPlaced)
      placed() {
        throw new PermanentError('planted words');
      }
    }
    const transport = new MemoryTransport();
    const app = await run(await files.open(), files.database.url, transport, {
      ...{ consumers: [{ controller: FailingHandlers }], asRecorded: () => new Error('without words') },
    });
    await app.db.transaction((tx) => app.bus.outbox.add(tx, OrderPlaced({ orderId: 'o1', n: 1 })));
    const failed = () => exporter.getFinishedSpans().flatMap(({ events }) => events);
    await until(() => failed().length > 0, { what: 'the error' });
    expect(failed()[0]!.attributes).toMatchObject({ 'exception.message': 'without words' });
    expect(JSON.stringify(failed())).not.toMatch(/planted/);
    await app.stop();
    await transport.close();
    await files.database.drop();
  });
});

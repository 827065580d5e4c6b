import type { SignalDefinition } from '@switchboard/contracts';
import type { z } from 'zod';
import type { Transport } from './transport';

/** Says things that may be lost: text as it is typed, progress, presence. */
export class Signals {
  constructor(private readonly transport: Transport) {}

  send<Schema extends z.ZodObject>(signal: SignalDefinition<string, Schema>, data: z.input<Schema>): void {
    this.transport.signal(signal.type, JSON.stringify(data));
  }
}

import type { Decrypted, SignalDefinition } from '@switchboard/contracts';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { decrypted, type EventCipher, opaque, seal } from './event-cipher';
import type { Transport } from './transport';

/** What the personal fields of a signal were encrypted for; beside its data, where no contract has a field of this name. */
const Seal = z.object({ id: z.string(), sealedfields: z.string() });
const Body = z.looseObject({ $sealed: Seal.optional() });

/** Says things that may be lost: text as it is typed, progress, presence. */
export class Signals {
  constructor(
    private readonly transport: Transport,
    private readonly cipher: EventCipher,
    private readonly warn: (message: string, error?: unknown) => void,
  ) {}

  /** Says what the schema knows, and nothing else that `data` may hold; what does not fit is dropped with a warning. */
  send<Schema extends z.ZodObject>(
    { type, schema, personal }: SignalDefinition<string, Schema>,
    data: Decrypted<z.input<Schema>>,
  ): void {
    const parsed = schema.safeParse(data);
    if (!parsed.success) return this.warn(`a signal ${type} was not said, because it does not fit`, parsed.error);
    const id = uuidv7();
    const { data: sealed, sealedfields } = seal(parsed.data, { id, personal, cipher: this.cipher });
    const body = sealedfields === undefined ? sealed : { ...sealed, $sealed: { id, sealedfields } };
    this.transport.signal(type, JSON.stringify(body));
  }
}

/** Reads the body of a signal with its schema. Throws what the schema or the cipher throws. */
export function readSignal(
  body: string,
  { definition, decrypt }: { definition: SignalDefinition; decrypt: boolean },
  cipher: EventCipher,
): unknown {
  const { $sealed, ...data } = Body.parse(JSON.parse(body));
  if (!$sealed) return definition.schema.parse(data);
  return definition.schema.parse(decrypt ? decrypted(data, $sealed, cipher) : opaque(data, $sealed));
}

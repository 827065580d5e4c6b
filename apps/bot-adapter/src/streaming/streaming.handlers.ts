import { Consumer, OnSignal } from '@switchboard/bus';
import { type SignalOf, ReplyTyped } from '@switchboard/contracts';
import { Previews } from './previews.service';

@Consumer('streaming')
export class StreamingHandlers {
  constructor(private readonly previews: Previews) {}

  @OnSignal(ReplyTyped, { decrypt: true })
  typed(signal: SignalOf<typeof ReplyTyped>): Promise<void> {
    return this.previews.hear(signal);
  }
}

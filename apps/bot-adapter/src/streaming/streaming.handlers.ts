import { Consumer, OnSignal } from '@switchboard/bus';
import { ReplyTyped, type SignalOf } from '@switchboard/contracts';
import { Previews } from './previews.service';

@Consumer('streaming')
export class StreamingHandlers {
  constructor(private readonly previews: Previews) {}

  @OnSignal(ReplyTyped)
  typed(signal: SignalOf<typeof ReplyTyped>): Promise<void> {
    return this.previews.hear(signal);
  }
}

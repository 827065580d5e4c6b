import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, NoticeSendRequested } from '@switchboard/contracts';
import { EntityManager } from 'typeorm';
import { NoticesService } from './notices.service';

@Consumer('notices')
export class NoticesHandlers {
  constructor(private readonly notices: NoticesService) {}

  @Handles(NoticeSendRequested)
  requested({ data }: EventOf<typeof NoticeSendRequested>, tx: EntityManager): Promise<void> {
    return this.notices.send(tx, data);
  }
}

import { Controller } from '@nestjs/common';
import {
  ChangeBroadcast,
  CountSegment,
  CreateBroadcast,
  DiscardBroadcast,
  ListBroadcasts,
  PauseBroadcast,
  ReadBroadcast,
  ResumeBroadcast,
  SendBroadcast,
  StopBroadcast,
  UnscheduleBroadcast,
} from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { BroadcastsService } from './broadcasts.service';

@Controller()
export class BroadcastsController {
  constructor(private readonly broadcasts: BroadcastsService) {}

  @Implements(ListBroadcasts)
  list(request: RequestOf<typeof ListBroadcasts>): Promise<AnswerOf<typeof ListBroadcasts>> {
    return this.broadcasts.list(request);
  }

  @Implements(CreateBroadcast)
  create(request: RequestOf<typeof CreateBroadcast>, tx: EntityManager): Promise<AnswerOf<typeof CreateBroadcast>> {
    return this.broadcasts.create(tx, request);
  }

  @Implements(CountSegment)
  count(request: RequestOf<typeof CountSegment>): Promise<AnswerOf<typeof CountSegment>> {
    return this.broadcasts.count(request);
  }

  @Implements(ReadBroadcast)
  read(request: RequestOf<typeof ReadBroadcast>): Promise<AnswerOf<typeof ReadBroadcast>> {
    return this.broadcasts.read(request);
  }

  @Implements(ChangeBroadcast)
  change(request: RequestOf<typeof ChangeBroadcast>): Promise<AnswerOf<typeof ChangeBroadcast>> {
    return this.broadcasts.change(request);
  }

  @Implements(DiscardBroadcast)
  discard(request: RequestOf<typeof DiscardBroadcast>): Promise<void> {
    return this.broadcasts.discard(request);
  }

  @Implements(SendBroadcast)
  send(request: RequestOf<typeof SendBroadcast>): Promise<AnswerOf<typeof SendBroadcast>> {
    return this.broadcasts.send(request);
  }

  @Implements(UnscheduleBroadcast)
  unschedule(request: RequestOf<typeof UnscheduleBroadcast>): Promise<AnswerOf<typeof UnscheduleBroadcast>> {
    return this.broadcasts.unschedule(request);
  }

  @Implements(PauseBroadcast)
  pause(request: RequestOf<typeof PauseBroadcast>): Promise<AnswerOf<typeof PauseBroadcast>> {
    return this.broadcasts.pause(request);
  }

  @Implements(ResumeBroadcast)
  resume(request: RequestOf<typeof ResumeBroadcast>): Promise<AnswerOf<typeof ResumeBroadcast>> {
    return this.broadcasts.resume(request);
  }

  @Implements(StopBroadcast)
  stop(request: RequestOf<typeof StopBroadcast>): Promise<AnswerOf<typeof StopBroadcast>> {
    return this.broadcasts.stop(request);
  }
}

import { type DynamicModule, Inject, Injectable, Module } from '@nestjs/common';
import { Consumer, Handles, Outbox } from '@switchboard/bus';
import { ErasureRequested, type EventDraft, type EventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { ErasePerson, ErasePersonAgain, Erasure } from './erasure';
import { type JobRun, type PayloadOf, Runs } from './jobs';

/** Makes the event of a service that says that a person was erased. */
type PersonErasedEvent = (data: PayloadOf<typeof ErasePerson>) => EventDraft;

const PERSON_ERASED = Symbol('the event of an erased person');

@Consumer('erasure')
class ErasureHandlers {
  constructor(private readonly erasure: Erasure) {}

  @Handles(ErasureRequested)
  requested({ data }: EventOf<typeof ErasureRequested>, tx: EntityManager): Promise<void> {
    return this.erasure.request(tx, data);
  }
}

@Injectable()
class ErasureJobs {
  constructor(
    private readonly erasure: Erasure,
    private readonly outbox: Outbox,
    @Inject(PERSON_ERASED) private readonly personErased: PersonErasedEvent,
  ) {}

  @Runs(ErasePerson)
  erase(asked: PayloadOf<typeof ErasePerson>, { signal }: JobRun): Promise<void> {
    return this.erasure.erase(asked, signal, (tx) => this.outbox.add(tx, this.personErased(asked)));
  }

  @Runs(ErasePersonAgain)
  eraseAgain(asked: PayloadOf<typeof ErasePersonAgain>, { signal }: JobRun): Promise<void> {
    return this.erasure.eraseAgain(asked, signal);
  }
}

/** Erases persons from a service as soon as somebody asks for it, by its data map and by the steps that were added to `Erasure`. */
@Module({})
export class PersonErasureModule {
  /** @param event what the service says when it is done, in the same transaction */
  static saying(event: PersonErasedEvent): DynamicModule {
    return {
      module: PersonErasureModule,
      controllers: [ErasureHandlers],
      providers: [ErasureJobs, { provide: PERSON_ERASED, useValue: event }],
    };
  }
}

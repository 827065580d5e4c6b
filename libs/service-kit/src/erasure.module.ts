import { type DynamicModule, Inject, Injectable, type INestApplication, Module } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { Consumer, Handles, Outbox } from '@switchboard/bus';
import { ErasureRequested, type EventDraft, type EventOf } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import type { AppDefinition } from './define-app';
import { ErasePerson, ErasePersonAgain, Erasure } from './erasure';
import { type JobRun, type PayloadOf, Runs } from './jobs';

/** The event by which a service says that a person was erased: see `definePersonErased`. */
interface PersonErasedEvent {
  (data: PayloadOf<typeof ErasePerson>): EventDraft;
  readonly type: string;
}

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
  erase(asked: PayloadOf<typeof ErasePerson>, run: JobRun): Promise<void> {
    return this.erasure.erase(asked, run, (tx) => this.outbox.add(tx, this.personErased(asked)));
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

/** Refuses to start a service that would keep what belongs to persons who were erased everywhere else. */
export function assertErasesPersons({ name, dataMap = {} }: AppDefinition, nest: INestApplication): void {
  const personal = Object.entries(dataMap).flatMap(([table, { person }]) => (person ? [table] : []));
  const event = nest
    .get(DiscoveryService, { strict: false })
    .getProviders()
    .find(({ token }) => token === PERSON_ERASED)?.instance as PersonErasedEvent | undefined;
  const own = `definePersonErased('${name}')`;
  if (!event && personal.length > 0) {
    throw new Error(
      `${name}: by its data map ${personal.join(', ')} hold what belongs to persons, and nothing erases it: ` +
        `import PersonErasureModule.saying(…) with the event of ${own}`,
    );
  }
  if (event && event.type !== `${name}.person.erased.v1`)
    throw new Error(`${name} says ${event.type} of persons it has erased: it is ${own} that it has to say`);
}

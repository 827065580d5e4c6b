import { Controller } from '@nestjs/common';
import {
  FindContacts,
  ListContacts,
  ListPersonDeliveries,
  ReadPersonContacts,
  ReadPersonProfile,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { PeopleService } from './people.service';

/** People, for staff. */
@Controller()
export class PeopleController {
  constructor(
    private readonly cursors: Cursors,
    private readonly people: PeopleService,
  ) {}

  @Implements(ListContacts)
  async list(request: RequestOf<typeof ListContacts>): Promise<AnswerOf<typeof ListContacts>> {
    const { query, actor } = request;
    const position = this.cursors.position(request);
    const rows = await this.people.list(query.botId, actor, position, query.limit + 1);
    return this.cursors.page(request, rows, ({ contactId }) => [contactId]);
  }

  @Implements(FindContacts)
  find({ body, actor }: RequestOf<typeof FindContacts>): Promise<AnswerOf<typeof FindContacts>> {
    return this.people.find(body, actor);
  }

  @Implements(ReadPersonContacts)
  contacts({ params, actor }: RequestOf<typeof ReadPersonContacts>): Promise<AnswerOf<typeof ReadPersonContacts>> {
    return this.people.contactsOf(params.userId, actor);
  }

  @Implements(ReadPersonProfile)
  async profile({ params, actor }: RequestOf<typeof ReadPersonProfile>): Promise<AnswerOf<typeof ReadPersonProfile>> {
    return { profiles: await this.people.profilesOf(params.userId, actor) };
  }

  @Implements(ListPersonDeliveries)
  async deliveries(request: RequestOf<typeof ListPersonDeliveries>): Promise<AnswerOf<typeof ListPersonDeliveries>> {
    const { params, query, actor } = request;
    const position = this.cursors.position(request);
    const rows = await this.people.deliveriesOf(params.userId, actor, query.state, position, query.limit + 1);
    return this.cursors.page(request, rows, ({ seq }) => [seq]);
  }
}

import { Controller } from '@nestjs/common';
import {
  ExportConversation,
  ListConversations,
  ListMessages,
  ListTurns,
  ReadConversation,
  SearchMessages,
} from '@switchboard/contracts';
import { type AnswerOf, Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { Readable } from 'node:stream';
import { ConversationFactsService } from './conversation-facts.service';
import { TranscriptsService } from './transcripts.service';

/** Conversations for staff: what is known of them, and, with a reason, what was said. */
@Controller()
export class ConversationsController {
  constructor(
    private readonly cursors: Cursors,
    private readonly facts: ConversationFactsService,
    private readonly transcripts: TranscriptsService,
  ) {}

  @Implements(ListConversations)
  list(request: RequestOf<typeof ListConversations>): Promise<AnswerOf<typeof ListConversations>> {
    return this.facts.list(request);
  }

  @Implements(ReadConversation)
  read({ params, actor }: RequestOf<typeof ReadConversation>): Promise<AnswerOf<typeof ReadConversation>> {
    return this.facts.read(params.conversationId, actor);
  }

  @Implements(ListTurns)
  turns(request: RequestOf<typeof ListTurns>): Promise<AnswerOf<typeof ListTurns>> {
    return this.facts.turns(request);
  }

  @Implements(ListMessages)
  async messages(request: RequestOf<typeof ListMessages>): Promise<AnswerOf<typeof ListMessages>> {
    const { params, query, actor } = request;
    const { id } = await this.facts.find(params.conversationId, actor);
    const rows = await this.transcripts.messages(id, this.cursors.position(request), query.limit + 1);
    return this.cursors.page(request, rows, ({ position }) => [position]);
  }

  @Implements(ExportConversation)
  async export({
    params,
    query,
    actor,
  }: RequestOf<typeof ExportConversation>): Promise<AnswerOf<typeof ExportConversation>> {
    const conversation = await this.facts.find(params.conversationId, actor);
    return { body: Readable.from(this.transcripts.text(conversation, query.locale, query.zone)) };
  }

  @Implements(SearchMessages)
  async search(request: RequestOf<typeof SearchMessages>): Promise<AnswerOf<typeof SearchMessages>> {
    const { body, query, actor } = request;
    if (body.conversationId) await this.facts.find(body.conversationId, actor);
    // What is looked for belongs to the list, so a cursor of another search is none of this one.
    const asked = { ...request, query: { ...query, ...body, limit: 1 } };
    const before = this.cursors.position(asked)?.key[0] as number | undefined;
    const place = { ...body, bots: actor.bots };
    const { upTo, ...found } = await this.transcripts.search(place, body.text, { before, limit: query.limit });
    const rows = found.left > 0 && upTo !== undefined ? [upTo, upTo] : [];
    return { ...found, next: this.cursors.page(asked, rows, (position) => [position]).page.next };
  }
}

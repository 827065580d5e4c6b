import { Injectable } from '@nestjs/common';
import type {
  Actor,
  ChangeCannedAnswer,
  ChangeMacro,
  ListCannedAnswers,
  ListDeskTags,
  ListMacros,
} from '@switchboard/contracts';
import { type AnswerOf, Clock, DomainError, type IfMatch, type RequestOf } from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { AssistantsService } from '../assistants/assistants.service';
import { AnswersService } from './answers.service';
import { DeskFeed } from './desk-feed';
import { staffIdOf } from './staff-id';
import type { Ticket } from './ticket.entity';
import { type Changing, TicketsService } from './tickets.service';

type CannedAnswer = AnswerOf<typeof ListCannedAnswers>['data'][number];
type Macro = AnswerOf<typeof ListMacros>['data'][number];
type Tag = AnswerOf<typeof ListDeskTags>['tags'][number];
type CannedAnswerFields = RequestOf<typeof ChangeCannedAnswer>['body'];
type MacroFields = RequestOf<typeof ChangeMacro>['body'];
type Step = Macro['steps'][number];

class NameTaken extends DomainError {
  constructor(name: string) {
    super('chat-ai.name_taken', 'The shop has one of this name already', 409, { name });
  }
}

class CannedAnswerNotFound extends DomainError {
  constructor(cannedAnswerId: string) {
    super('chat-ai.canned_answer_not_found', 'There is no such answer', 404, { cannedAnswerId });
  }
}

class MacroNotFound extends DomainError {
  constructor(macroId: string) {
    super('chat-ai.macro_not_found', 'There is no such macro', 404, { macroId });
  }
}

const CANNED = 'id, brand_id AS "brandId", shortcut, texts, changed_at AS "changedAt", revision';
const MACRO = 'id, brand_id AS "brandId", name, steps, changed_at AS "changedAt", revision';

/** Whose it is, and who may see it. */
interface Ours {
  readonly id: string;
  readonly actor: Actor;
}

/** What makes a desk quick: answers that are written once, several steps at once, and the words by which conversations are sorted. */
@Injectable()
export class DeskToolsService {
  constructor(
    private readonly assistants: AssistantsService,
    private readonly tickets: TicketsService,
    private readonly answers: AnswersService,
    private readonly feed: DeskFeed,
    private readonly clock: Clock,
  ) {}

  cannedAnswers(tx: EntityManager, brandId: string): Promise<CannedAnswer[]> {
    return tx.query(`SELECT ${CANNED} FROM canned_answers WHERE brand_id = $1 ORDER BY lower(shortcut)`, [brandId]);
  }

  /** @throws BotNotFound, NameTaken */
  async createCannedAnswer(
    tx: EntityManager,
    brandId: string,
    { shortcut, texts }: CannedAnswerFields,
  ): Promise<CannedAnswer> {
    this.assistants.require(brandId);
    const [made] = await tx.query<CannedAnswer[]>(
      `INSERT INTO canned_answers (id, brand_id, shortcut, texts, changed_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING ${CANNED}`,
      [uuidv7(), brandId, shortcut, JSON.stringify(texts), this.clock.now()],
    );
    if (!made) throw new NameTaken(shortcut);
    return made;
  }

  /** @throws CannedAnswerNotFound, NameTaken, HttpProblem 412 */
  async changeCannedAnswer(
    tx: EntityManager,
    ours: Ours,
    { shortcut, texts }: CannedAnswerFields,
    seen: IfMatch,
  ): Promise<CannedAnswer> {
    const { brandId, revision } = await this.cannedAnswer(tx, ours);
    seen.check(revision);
    const others = await this.cannedAnswers(tx, brandId);
    if (others.some((other) => other.id !== ours.id && isSame(other.shortcut, shortcut))) throw new NameTaken(shortcut);
    const [[changed]] = await tx.query<[[CannedAnswer], number]>(
      `UPDATE canned_answers SET shortcut = $2, texts = $3, changed_at = $4, revision = revision + 1 WHERE id = $1 RETURNING ${CANNED}`,
      [ours.id, shortcut, JSON.stringify(texts), this.clock.now()],
    );
    return changed;
  }

  /** @throws CannedAnswerNotFound */
  async removeCannedAnswer(tx: EntityManager, ours: Ours): Promise<void> {
    await this.cannedAnswer(tx, ours);
    await tx.query('DELETE FROM canned_answers WHERE id = $1', [ours.id]);
  }

  macros(tx: EntityManager, brandId: string): Promise<Macro[]> {
    return tx.query(`SELECT ${MACRO} FROM desk_macros WHERE brand_id = $1 ORDER BY lower(name)`, [brandId]);
  }

  /** @throws BotNotFound, NameTaken, CannedAnswerNotFound, TagNotFound */
  async createMacro(tx: EntityManager, brandId: string, { name, steps }: MacroFields): Promise<Macro> {
    this.assistants.require(brandId);
    await this.checkSteps(tx, brandId, steps);
    const [made] = await tx.query<Macro[]>(
      `INSERT INTO desk_macros (id, brand_id, name, steps, changed_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT DO NOTHING RETURNING ${MACRO}`,
      [uuidv7(), brandId, name, JSON.stringify(steps), this.clock.now()],
    );
    if (!made) throw new NameTaken(name);
    return made;
  }

  /** @throws MacroNotFound, NameTaken, CannedAnswerNotFound, TagNotFound, HttpProblem 412 */
  async changeMacro(tx: EntityManager, ours: Ours, { name, steps }: MacroFields, seen: IfMatch): Promise<Macro> {
    const { brandId, revision } = await this.macro(tx, ours);
    seen.check(revision);
    await this.checkSteps(tx, brandId, steps);
    const others = await this.macros(tx, brandId);
    if (others.some((other) => other.id !== ours.id && isSame(other.name, name))) throw new NameTaken(name);
    const [[changed]] = await tx.query<[[Macro], number]>(
      `UPDATE desk_macros SET name = $2, steps = $3, changed_at = $4, revision = revision + 1 WHERE id = $1 RETURNING ${MACRO}`,
      [ours.id, name, JSON.stringify(steps), this.clock.now()],
    );
    return changed;
  }

  /** @throws MacroNotFound */
  async removeMacro(tx: EntityManager, ours: Ours): Promise<void> {
    await this.macro(tx, ours);
    await tx.query('DELETE FROM desk_macros WHERE id = $1', [ours.id]);
  }

  /**
   * All steps of a macro, in one transaction. An answer takes the ticket, as an answer that was typed does.
   * @param clientId of the first answer; those after it have ids made from it
   */
  async apply(tx: EntityManager, changing: Changing, macroId: string, clientId: string): Promise<Pick<Ticket, 'id'>> {
    const locked = await this.tickets.lock(tx, changing);
    this.tickets.checkFree(locked.ticket, staffIdOf(changing.actor));
    changing.seen?.check(locked.ticket.revision);
    const { brandId, steps } = await this.macro(tx, { id: macroId, actor: changing.actor });
    if (brandId !== locked.ticket.brandId) throw new MacroNotFound(macroId);
    const { ticketId, actor } = changing;
    for (const step of steps) await this.do(tx, { ticketId, actor }, step, clientId);
    return locked.ticket;
  }

  tags(tx: EntityManager, brandId: string): Promise<Tag[]> {
    return tx.query('SELECT name, colour FROM desk_tags WHERE brand_id = $1 ORDER BY position', [brandId]);
  }

  /** One that goes is taken from all conversations. @throws BotNotFound */
  async setTags(tx: EntityManager, brandId: string, tags: readonly Tag[]): Promise<Tag[]> {
    this.assistants.require(brandId);
    const names = tags.map(({ name }) => name);
    await tx.query('DELETE FROM desk_tags WHERE brand_id = $1', [brandId]);
    for (const [position, { name, colour }] of tags.entries()) {
      await tx.query('INSERT INTO desk_tags (brand_id, name, colour, position) VALUES ($1, $2, $3, $4)', [
        ...[brandId, name, colour, position],
      ]);
    }
    await tx.query(
      `DELETE FROM conversation_tags USING conversations c
       WHERE c.id = conversation_id AND coalesce(c.brand_id, c.bot_id) = $1 AND tag <> ALL ($2)`,
      [brandId, names],
    );
    await this.feed.add(tx, { brandId, botId: brandId, topic: 'ticket' });
    return this.tags(tx, brandId);
  }

  private async do(tx: EntityManager, changing: Changing, step: Step, clientId: string): Promise<void> {
    switch (step.kind) {
      case 'answer': {
        const locked = await this.tickets.lock(tx, changing);
        const { brandId, language } = locked.ticket;
        const canned = (await this.cannedAnswers(tx, brandId)).find(({ id }) => id === step.cannedAnswerId);
        if (!canned) throw new CannedAnswerNotFound(step.cannedAnswerId);
        const [first] = canned.texts;
        const { text } = canned.texts.find(({ locale }) => locale === language) ?? first!;
        const staffId = staffIdOf(changing.actor);
        const ofAnswer = uuidv5(canned.id, clientId);
        await this.answers.send(tx, locked, { clientId: ofAnswer, text, staffId, author: 'staff' });
        return;
      }
      case 'tag': {
        const locked = await this.tickets.lock(tx, changing);
        const had = await this.tagsOf(tx, locked.conversation.id);
        const kept = had.filter((tag) => !step.remove.includes(tag));
        await this.answers.setTags(tx, locked, [...kept, ...step.add]);
        return;
      }
      case 'assign':
        await this.tickets.assign(tx, changing, step);
        return;
      case 'snooze':
        await this.tickets.snooze(tx, changing, new Date(this.clock.now().getTime() + step.hours * 3_600_000));
        return;
      case 'close':
        await this.tickets.handBack(tx, changing, { close: true, ask: step.ask });
    }
  }

  private async tagsOf(tx: EntityManager, conversationId: string): Promise<string[]> {
    const rows = await tx.query<{ tag: string }[]>('SELECT tag FROM conversation_tags WHERE conversation_id = $1', [
      conversationId,
    ]);
    return rows.map(({ tag }) => tag);
  }

  private async checkSteps(tx: EntityManager, brandId: string, steps: readonly Step[]): Promise<void> {
    const [canned, tags] = [await this.cannedAnswers(tx, brandId), await this.tags(tx, brandId)];
    for (const step of steps) {
      if (step.kind === 'answer' && !canned.some(({ id }) => id === step.cannedAnswerId))
        throw new CannedAnswerNotFound(step.cannedAnswerId);
      if (step.kind === 'tag') this.answers.checkTags(step.add, tags);
    }
  }

  private async cannedAnswer(tx: EntityManager, { id, actor }: Ours): Promise<CannedAnswer> {
    const [found] = await tx.query<CannedAnswer[]>(`SELECT ${CANNED} FROM canned_answers WHERE id = $1 FOR UPDATE`, [
      id,
    ]);
    if (!found || !maySee(actor, found)) throw new CannedAnswerNotFound(id);
    return found;
  }

  private async macro(tx: EntityManager, { id, actor }: Ours): Promise<Macro> {
    const [found] = await tx.query<Macro[]>(`SELECT ${MACRO} FROM desk_macros WHERE id = $1 FOR UPDATE`, [id]);
    if (!found || !maySee(actor, found)) throw new MacroNotFound(id);
    return found;
  }
}

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

const maySee = ({ bots }: Actor, { brandId }: { readonly brandId: string }) => !bots || bots.includes(brandId);

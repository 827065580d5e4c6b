import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
  FieldCipher,
  type JobOptions,
  type JobRun,
  Jobs,
  LOG,
  type Log,
  type PayloadOf,
  Runs,
  Scheduled,
  ServiceClient,
  Slot,
  UpstreamHttpError,
} from '@switchboard/service-kit';
import { DataSource, type EntityManager, LessThan } from 'typeorm';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ShopSection } from '../../../bots/bot-sections';
import { ChannelsService } from '../../../channels/channels.service';
import { Delivery } from '../../../deliveries/delivery.entity';
import { Conversation, ScreenPlace } from '../../../dialogs/conversation';
import type { Product } from '../../../dialogs/product';
import { ProductRouter } from '../../../dialogs/product-router.service';
import type { ScreenButton } from '../../../dialogs/screen';
import { ScreensService } from '../../../dialogs/screens.service';
import { daysAfter, KEPT_DAYS } from '../../../kept-days';
import { MembershipsJobs } from '../membership/memberships.jobs';
import { StaffNoticesService } from '../notices/staff-notices.service';
import { refusalText } from '../pages/checkout.pages';
import {
  type Asking,
  type Drawn,
  LookAgain,
  type Page,
  PageRefused,
  paragraphs,
  Reader,
  rows,
  to,
} from '../pages/page';
import { isPage, OPEN_TO_ALL, type PageName, PAGES } from '../pages/pages';
import { VPN_SHOP } from '../shop-name';
import { ShopOrder } from './shop-order.entity';

const ShowPage = defineJob(
  'show-shop-page',
  z.object({
    /** Of this showing: it is shown once, however often the job is run. */
    showingId: z.uuid(),
    place: ScreenPlace,
    page: z.string(),
    key: z.string().min(16).max(255).describe('By which what is changed is changed once.'),
    data: z.string().describe('Encrypted: a person may have typed some of it.'),
    greets: z.boolean().default(false).describe('The person is greeted first.'),
    progress: z
      .int()
      .default(0)
      .describe('Of their dialog, when it was asked for: one that they begin meanwhile goes on.'),
    looks: z.int().default(0).describe('How often it was looked whether what takes a moment is there.'),
  }),
);
type ShowPage = PayloadOf<typeof ShowPage>;
const ForgetOrders = defineJob('forget-shop-orders', Slot);

const CAUSES = '5c2a6a52-3f6b-4d5e-9a39-0b6e0f0f7f21';
const DATA = 'show-shop-page.data';
const TIMEOUT_MS = 5000;
/** All that one page asks for together. */
const LOAD_WITHIN_MS = 8000;
/** In all processes: the other jobs send the messages that people wait for, also while what a page asks for is slow. */
const AT_ONCE = 4;
/** A person waits: what fails is shown with a button to try again. */
const ATTEMPTS = 2;
/** Faster than that nobody sees that something was loading. */
const LOADING_AFTER_MS = 1000;
/** Before each further look: what takes a moment is mostly there within a second. Between these no job waits. */
const LOOK_AGAIN_MS = [150, 250, 400, 700, 1000, 1500];
const waitedFor = (looks: number) => LOOK_AGAIN_MS.slice(0, looks).reduce((sum, ms) => sum + ms, 0);

/** Screens of which other services have the contents: asked for after the update was taken, and shown in the place of what was pressed. */
@Injectable()
export class ShopPagesJobs {
  constructor(
    private readonly db: DataSource,
    private readonly jobs: Jobs,
    private readonly services: ServiceClient,
    private readonly screens: ScreensService,
    private readonly router: ProductRouter,
    private readonly channels: ChannelsService,
    private readonly bots: BotsRegistry,
    private readonly memberships: MembershipsJobs,
    private readonly staff: StaffNoticesService,
    private readonly cipher: FieldCipher,
    private readonly clock: Clock,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Shows a page after `tx` commits.
   * @param key the same for each press of the same button
   * @param showingId asked for again with the same one, it is shown once
   */
  async show(
    tx: EntityManager,
    place: ScreenPlace,
    page: PageName,
    data: unknown = {},
    {
      key = uuidv7(),
      showingId = uuidv7(),
      greets = false,
    }: { key?: string; showingId?: string; greets?: boolean } = {},
  ): Promise<void> {
    const sealed = this.cipher.encrypt(JSON.stringify(data), DATA, place.chatId);
    const progress = await this.screens.progressOf(tx, place);
    await this.add(tx, { showingId, place, page, key, data: sealed, greets, progress, looks: 0 });
  }

  /** The same, unasked: once for each `cause`. */
  showOnce(tx: EntityManager, place: ScreenPlace, page: PageName, data: unknown, cause: string): Promise<void> {
    return this.show(tx, place, page, data, { showingId: uuidv5(`${page} ${cause}`, CAUSES) });
  }

  /** Where an order is shown that is to be paid, it is shown anew. */
  async refreshOrder(tx: EntityManager, orderId: string, cause: string): Promise<void> {
    const shown = await tx.findOneBy(ShopOrder, { orderId });
    if (!shown) return;
    const { chatId, userId, messageId } = shown;
    await this.showOnce(tx, { chatId, userId, messageId }, 'order', { orderId }, `${orderId} ${cause}`);
  }

  @Runs(ShowPage)
  async run(payload: ShowPage, run: JobRun): Promise<void> {
    const { page: name } = payload;
    const product = this.router.find(VPN_SHOP);
    if (!product || !isPage(name)) return;
    await this.showNow(payload, name, product, run);
  }

  /** Shown after a month it is of no use: nobody pays so late. */
  @Scheduled('43 3 * * *', ForgetOrders, {
    purpose: 'Forgets where orders were shown that nobody has paid.',
    timeoutMs: 60_000,
  })
  async forgetOrders(): Promise<void> {
    const shownAt = LessThan(daysAfter(this.clock.now(), -KEPT_DAYS.content));
    await this.db.manager.delete(ShopOrder, { shownAt });
  }

  private async showNow(payload: ShowPage, name: PageName, product: Product, run: JobRun): Promise<void> {
    const { showingId, place, looks, key, progress, greets } = payload;
    const before = await this.screens.reopen(this.db.manager, place, product);
    // What is shown already is not asked for again: that it takes a moment would be said after it.
    if (!before || (await this.db.manager.existsBy(Delivery, { causeId: showingId }))) return;
    const data: unknown = PAGES[name].data.parse(JSON.parse(this.cipher.decrypt(payload.data, DATA, place.chatId)));
    const asked = { name, data, key, looks };
    const loading = this.showLoading(before, looks);
    const drawn = await this.load(before, asked, run).finally(() => loading.end());
    await this.db.transaction(async (tx) => {
      if (drawn instanceof LookAgain) return this.lookAgain(tx, payload, drawn);
      const conversation = await this.screens.reopen(tx, place, product, { causeId: showingId, isLocked: true });
      if (!conversation) return;
      const isOvertaken = drawn.asks !== undefined && (await this.screens.progressOf(tx, place)) !== progress;
      const { asks, orderId, text, ...more } = isOvertaken ? overtaken(asked, conversation) : drawn;
      const greeting =
        greets && conversation.say('start', { name: conversation.person.name, bot: conversation.bot.name });
      const screen = { ...more, text: paragraphs(greeting, text) };
      await this.remember(tx, place, orderId);
      // Whoever has gone on to another page is not brought back to one that was still looked for.
      await this.jobs.remove(tx, lookKey(payload));
      if (asks) await conversation.ask(asks.step, screen, asks.data);
      else await conversation.show(screen);
    });
  }

  /** The page as it is drawn, why it is not there, that nobody answers, or what is to be looked at again. */
  private async load(
    conversation: Conversation,
    asked: Asked,
    { signal, isLastAttempt }: JobRun,
  ): Promise<Drawn | LookAgain> {
    const { name, data, looks } = asked;
    const page: Page = PAGES[name];
    const reader = Reader.of(conversation, this.clock.now());
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(LOAD_WITHIN_MS)]);
    try {
      const missing = OPEN_TO_ALL.has(name) ? undefined : await until(deadline, this.memberships.missing(conversation));
      if (missing) return join(missing.url, asked, reader);
      const asking = await this.askingFor(conversation, asked, deadline);
      return page.draw((await until(deadline, page.load(asking, data as never))) as never, reader);
    } catch (error) {
      if (signal.aborted) throw error;
      if (error instanceof LookAgain) return error;
      if (isUnderWay(error) && looks < LOOK_AGAIN_MS.length) return new LookAgain(name, data);
      const code = codeOf(error);
      if (code !== undefined) return refused(code, reader);
      this.log.warn({ err: error, page: name, bot: conversation.bot.id }, 'a page of the shop could not be loaded');
      // What is no failure of another service is one of ours.
      if (!isUpstream(error) && !isLastAttempt) throw error;
      return away(asked, reader);
    }
  }

  private async lookAgain(tx: EntityManager, payload: ShowPage, { page, data }: LookAgain): Promise<void> {
    const { looks, place } = payload;
    const sealed = this.cipher.encrypt(JSON.stringify(data), DATA, place.chatId);
    const next = { ...payload, page, data: sealed, looks: looks + 1 };
    await this.add(tx, next, { delayMs: LOOK_AGAIN_MS[looks]!, key: lookKey(payload) });
  }

  /** Those of a chat one after the other, so that what was pressed last is what is seen. */
  private async add(tx: EntityManager, payload: ShowPage, options: JobOptions = {}): Promise<void> {
    await this.jobs.add(tx, ShowPage, payload, {
      ...{ queue: `shop-pages:${payload.place.chatId}`, atOnce: AT_ONCE, maxAttempts: ATTEMPTS },
      ...options,
    });
  }

  private async askingFor(
    { bot, chat, context }: Conversation,
    { key, looks }: Asked,
    signal: AbortSignal,
  ): Promise<Asking> {
    const actor: Actor = { kind: 'person', id: context.contact.userId, roles: [], scopes: ['me:read', 'me:write'] };
    const callFor = (whom: { actor?: Actor }) =>
      ((route, input, options) =>
        this.services.call(route as never, input as never, {
          ...(options as object),
          ...{ ...whom, signal, timeoutMs: TIMEOUT_MS },
        })) as ServiceClient['call'];
    const settings = this.bots.section(bot.id, 'shop', ShopSection)!;
    const listeners = {
      staff: await this.staff.areReached(this.db.manager, bot),
      assistant: bot.products.includes('assistant'),
    };
    return {
      botId: bot.id,
      locale: chat.locale,
      settings,
      listeners,
      key,
      mayLookAgain: looks < LOOK_AGAIN_MS.length,
      call: callFor({ actor }),
      callAsService: callFor({}),
    };
  }

  /** Says that it takes a moment, once it does. */
  private showLoading(conversation: Conversation, looks: number): { end(): Promise<void> } {
    let shown: Promise<void> = Promise.resolve();
    if (waitedFor(looks - 1) >= LOADING_AFTER_MS) return { end: () => shown };
    const { place, product, bot, context } = conversation;
    const timer = setTimeout(
      () => {
        shown = (
          place.messageId === undefined
            ? (this.channels.find(bot.id)?.showActivity(context.address, 'typing') ?? Promise.resolve())
            : this.db.transaction(async (tx) => {
                const present = await this.screens.reopen(tx, place, product, { isLocked: true });
                await present?.show({ text: present.say('loading') });
              })
        ).catch(() => undefined);
      },
      LOADING_AFTER_MS - waitedFor(looks),
    );
    return {
      end: () => {
        clearTimeout(timer);
        return shown;
      },
    };
  }

  /** Which order a message shows; that of a message that shows something else by now is forgotten. */
  private async remember(
    tx: EntityManager,
    { chatId, userId, messageId }: ScreenPlace,
    orderId: string | undefined,
  ): Promise<void> {
    if (messageId === undefined) return;
    await tx.delete(ShopOrder, { chatId, messageId });
    if (orderId === undefined) return;
    const row = { orderId, userId, chatId, messageId, shownAt: this.clock.now() };
    await tx.upsert(ShopOrder, row, ['orderId']);
  }
}

/** A page as it was asked for. */
interface Asked {
  readonly name: PageName;
  readonly data: unknown;
  readonly key: string;
  readonly looks: number;
}

const lookKey = ({ showingId, place: { chatId, messageId } }: ShowPage) =>
  `shop-look:${chatId}:${messageId ?? showingId}`;

/** Why not, where another service has said so. What is about us or about a moment is no reason. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof PageRefused) return error.code;
  if (!(error instanceof UpstreamHttpError) || error.status >= 500 || error.status === 429) return undefined;
  const { code } = error.problem ?? {};
  // The press was for something else before: that was done, or may have been.
  return code?.includes('.') || code === 'idempotency_key_reused' ? code : undefined;
}

/** The same press is being dealt with. */
const isUnderWay = (error: unknown): boolean =>
  error instanceof UpstreamHttpError && error.problem?.code === 'request_in_progress';

const isUpstream = (error: unknown): boolean =>
  error instanceof UpstreamHttpError ||
  (error instanceof Error &&
    /^(Upstream|AbortError|TimeoutError)|fetch failed|not known where/.test(`${error.name} ${error.message}`));

function refused(code: string, reader: Reader): Drawn {
  return { text: refusalText(code, reader), buttons: rows([to(reader.say('back'), 'home')]) };
}

function away(asked: Asked, { say }: Reader): Drawn {
  return {
    text: say('away'),
    buttons: rows([again(say('again'), asked)], [to(say('back'), 'home')]),
  };
}

function join(url: string, asked: Asked, { say }: Reader): Drawn {
  return {
    text: say('join.text'),
    buttons: rows([{ label: say('join.open'), url }], [again(say('join.done'), asked)], [to(say('home.help'), 'help')]),
  };
}

/** The answer to the question of a page would go to a dialog that was begun meanwhile. */
function overtaken(asked: Asked, conversation: Conversation): Drawn {
  return {
    text: conversation.say('overtaken'),
    buttons: rows([again(conversation.say('goOn'), asked)], [to(conversation.say('back'), 'home')]),
  };
}

/** With the key of the press: what that may have done after all is not done again. */
function again(label: string, { name: page, data, key }: Asked): ScreenButton {
  // What a person has typed of themselves is not kept with a button: it is asked for again.
  const { email, details: _details, ...kept } = (data ?? {}) as Record<string, unknown>;
  const asked = { ...kept, ...(email !== undefined && { asksEmail: true }) };
  return { label, action: 'again', data: { page, data: asked, key } };
}

/** Rejects when the time is over, also where work does not look at it. */
async function until<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  let give: () => void = () => undefined;
  const over = new Promise<never>((_, reject) => {
    give = () => reject(deadline.reason as Error);
    deadline.addEventListener('abort', give, { once: true });
  });
  try {
    return await Promise.race([work, over]);
  } finally {
    deadline.removeEventListener('abort', give);
  }
}

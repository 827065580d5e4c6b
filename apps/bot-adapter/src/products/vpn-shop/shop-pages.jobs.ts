import { Inject, Injectable } from '@nestjs/common';
import type { Actor } from '@switchboard/contracts';
import {
  BotsRegistry,
  Clock,
  defineJob,
  FieldCipher,
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
import { ShopSection } from '../../bots/bot-sections';
import { ChannelsService } from '../../channels/channels.service';
import { Conversation, ScreenPlace } from '../../dialogs/conversation';
import { ProductRouter } from '../../dialogs/product-router.service';
import type { ScreenButton } from '../../dialogs/screen';
import { ScreensService } from '../../dialogs/screens.service';
import { daysAfter, KEPT_DAYS } from '../../kept-days';
import { MembershipsJobs } from './membership/memberships.jobs';
import { StaffNoticesService } from './notices/staff-notices.service';
import { refusalText } from './pages/checkout.pages';
import { type Asking, type Drawn, type Page, PageRefused, paragraphs, Reader, rows, to } from './pages/page';
import { isPage, OPEN_TO_ALL, type PageName, PAGES } from './pages/pages';
import { VPN_SHOP } from './shop-name';
import { ShopOrder } from './shop-order.entity';
import { SupportQuestion } from './support/support-question.entity';

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
  }),
);
const ForgetOrders = defineJob('forget-shop-orders', Slot);

const CAUSES = '5c2a6a52-3f6b-4d5e-9a39-0b6e0f0f7f21';
const DATA = 'show-shop-page.data';
const TIMEOUT_MS = 5000;
/** A person waits: what fails is shown with a button to try again. */
const ATTEMPTS = 2;
/** Faster than that nobody sees that something was loading. */
const LOADING_AFTER_MS = 1000;

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
    const payload = { showingId, place, page, key, data: sealed, greets };
    // One after the other, so that what was pressed last is what is seen.
    await this.jobs.add(tx, ShowPage, payload, { queue: `shop:${place.chatId}`, maxAttempts: ATTEMPTS });
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
  async run(payload: PayloadOf<typeof ShowPage>, run: JobRun): Promise<void> {
    const { showingId, place, page: name, key, data: sealed, greets } = payload;
    const product = this.router.find(VPN_SHOP);
    const page = isPage(name) ? (PAGES[name] as Page) : undefined;
    const before = product && (await this.screens.reopen(this.db.manager, place, product));
    if (!page || !before) return;
    const data = page.data.parse(JSON.parse(this.cipher.decrypt(sealed, DATA, place.chatId)));
    const loading = this.showLoading(before);
    const draw = await this.load(before, name as PageName, page, data, key, run);
    await loading.end();
    await this.db.transaction(async (tx) => {
      const conversation = await this.screens.reopen(tx, place, product!, showingId);
      if (!conversation) return;
      const { asks, orderId, ...drawn } = draw(Reader.of(conversation, this.clock.now()));
      const greeting =
        greets && conversation.say('start', { name: conversation.person.name, bot: conversation.bot.name });
      const screen = { ...drawn, text: paragraphs(greeting, drawn.text) };
      await this.remember(tx, place, orderId);
      if (asks) await conversation.ask(asks.step, screen, asks.data);
      else await conversation.show(screen);
    });
  }

  /** Shown after a month it is of no use: nobody pays so late. */
  @Scheduled('43 3 * * *', ForgetOrders, {
    purpose: 'Forgets where orders were shown that nobody has paid, and who has asked the staff something.',
    timeoutMs: 60_000,
  })
  async forgetOrders(): Promise<void> {
    const old = LessThan(daysAfter(this.clock.now(), -KEPT_DAYS.content));
    await this.db.manager.delete(ShopOrder, { shownAt: old });
    await this.db.manager.delete(SupportQuestion, { askedAt: old });
  }

  /** What is to be drawn: the page, why not, or that nobody answers. */
  private async load(
    conversation: Conversation,
    name: PageName,
    page: Page,
    data: unknown,
    key: string,
    { signal, isLastAttempt }: JobRun,
  ): Promise<(reader: Reader) => Drawn> {
    try {
      const missing = OPEN_TO_ALL.has(name) ? undefined : await this.memberships.missing(conversation);
      if (missing) return (reader) => join(missing.url, name, data, key, reader);
      const loaded = await page.load(this.askingFor(conversation, key, signal), data as never);
      return (reader) => page.draw(loaded as never, reader);
    } catch (error) {
      if (signal.aborted) throw error;
      const code = codeOf(error);
      if (code !== undefined) return (reader) => refused(code, reader);
      this.log.warn({ err: error, page: name, bot: conversation.bot.id }, 'a page of the shop could not be loaded');
      // What is no failure of another service is one of ours.
      if (!isUpstream(error) && !isLastAttempt) throw error;
      return (reader) => away(name, data, key, reader);
    }
  }

  private askingFor({ bot, chat, context }: Conversation, key: string, signal: AbortSignal): Asking {
    const actor: Actor = { kind: 'person', id: context.contact.userId, roles: [], scopes: ['me:read', 'me:write'] };
    const callFor = (whom: { actor?: Actor }) =>
      ((route, input, options) =>
        this.services.call(route as never, input as never, {
          ...(options as object),
          ...{ ...whom, signal, timeoutMs: TIMEOUT_MS },
        })) as ServiceClient['call'];
    const settings = this.bots.section(bot.id, 'shop', ShopSection)!;
    const listeners = {
      staff: this.staff.sectionOf(bot.id) !== undefined,
      assistant: bot.products.includes('assistant'),
    };
    return {
      botId: bot.id,
      locale: chat.locale,
      settings,
      listeners,
      key,
      call: callFor({ actor }),
      callAsService: callFor({}),
    };
  }

  /** Says that it takes a moment, once it does. */
  private showLoading(conversation: Conversation): { end(): Promise<void> } {
    let shown: Promise<void> = Promise.resolve();
    const { place, product, bot, context } = conversation;
    const timer = setTimeout(() => {
      shown = (
        place.messageId === undefined
          ? (this.channels.find(bot.id)?.showActivity(context.address, 'typing') ?? Promise.resolve())
          : this.db.transaction(async (tx) => {
              const present = await this.screens.reopen(tx, place, product);
              await present?.show({ text: present.say('loading') });
            })
      ).catch(() => undefined);
    }, LOADING_AFTER_MS);
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

/** Why not, where another service has said so. What is about us or about a moment is no reason. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof PageRefused) return error.code;
  if (!(error instanceof UpstreamHttpError) || error.status >= 500 || error.status === 429) return undefined;
  return error.problem?.code.includes('.') ? error.problem.code : undefined;
}

const isUpstream = (error: unknown): boolean =>
  error instanceof UpstreamHttpError ||
  (error instanceof Error &&
    /^(Upstream|AbortError|TimeoutError)|fetch failed|not known where/.test(`${error.name} ${error.message}`));

function refused(code: string, reader: Reader): Drawn {
  return { text: refusalText(code, reader), buttons: rows([to(reader.say('back'), 'home')]) };
}

function away(page: PageName, data: unknown, key: string, { say }: Reader): Drawn {
  return {
    text: say('away'),
    buttons: rows([again(say('again'), page, data, key)], [to(say('back'), 'home')]),
  };
}

function join(url: string, page: PageName, data: unknown, key: string, { say }: Reader): Drawn {
  return {
    text: say('join.text'),
    buttons: rows(
      [{ label: say('join.open'), url }],
      [again(say('join.done'), page, data, key)],
      [to(say('home.help'), 'help')],
    ),
  };
}

/** With the key of the press: what that may have done after all is not done again. */
function again(label: string, page: PageName, data: unknown, key: string): ScreenButton {
  // What a person has typed of themselves is not kept with a button: it is asked for again.
  const { email: _email, details: _details, ...kept } = (data ?? {}) as Record<string, unknown>;
  return { label, action: 'again', data: { page, data: kept, key } };
}

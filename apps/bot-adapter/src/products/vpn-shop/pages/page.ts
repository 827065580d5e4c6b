import {
  formatMoney,
  GIGABYTE,
  type Locale,
  localized,
  type LocalizedText,
  type Money,
  type PlanPeriod,
} from '@switchboard/contracts';
import type { ServiceClient } from '@switchboard/service-kit';
import type { z } from 'zod';
import type { ShopSection } from '../../../bots/bot-sections';
import type { Conversation } from '../../../dialogs/conversation';
import type { Screen, ScreenButton } from '../../../dialogs/screen';
import type { Values } from '../../../texts/catalogue';

/** By what a page asks the other services, in the name of the person who looks at it. */
export interface Asking {
  readonly botId: string;
  readonly locale: Locale;
  readonly settings: ShopSection;
  /** Whom one can write to here. */
  readonly listeners: { readonly staff: boolean; readonly assistant: boolean };
  /** The same for each press of the same button, and for each try: what is changed by it is changed once. */
  readonly key: string;
  /** Whether what takes a moment may be looked at again, by LookAgain. */
  readonly mayLookAgain: boolean;
  readonly call: ServiceClient['call'];
  /** In the name of this service: for what staff see. */
  readonly callAsService: ServiceClient['call'];
}

/** A screen as a page draws it. */
export interface Drawn extends Screen {
  /** The next message of the person is the answer to it: it goes to this step of the product. */
  readonly asks?: { readonly step: string; readonly data: unknown };
  /** It shows an order that is to be paid: what becomes of that is shown in its place. */
  readonly orderId?: string;
}

/** What a button leads to: what it needs to know, what is asked of the other services, and how that looks. */
export interface Page {
  readonly data: z.ZodType;
  load(asking: Asking, data: never): Promise<unknown>;
  /** A pure function: the same for the same. */
  draw(loaded: never, reader: Reader): Drawn;
}

export const page = <Data extends z.ZodType, Loaded>(
  data: Data,
  load: (asking: Asking, data: z.output<Data>) => Promise<Loaded>,
  draw: (loaded: Loaded, reader: Reader) => Drawn,
): Page => ({ data, load, draw });

/** A page refuses something by a code of the other services' own, before it asks them. */
export class PageRefused extends Error {
  override readonly name = 'PageRefused';
  constructor(readonly code: string) {
    super(code);
  }
}

/** What a page is to show takes a moment: this page looks at it again, a little later. Whoever waits for it holds nothing up meanwhile. */
export class LookAgain extends Error {
  override readonly name = 'LookAgain';
  constructor(
    readonly page: string,
    readonly data: unknown,
  ) {
    super(page);
  }
}

/** Leads to a page. */
export const to = (label: string, name: string, data: unknown = {}): ScreenButton => ({ label, action: name, data });

const MOMENT_MS = 60_000;
const DAY_MS = 86_400_000;

/** How somebody reads: their language, and how things are written in it. */
export class Reader {
  constructor(
    readonly locale: Locale,
    readonly now: Date,
    private readonly timeZone: string,
    readonly say: (key: string | readonly string[], values?: Values) => string,
  ) {}

  static of(conversation: Conversation, now: Date): Reader {
    const { chat, bot } = conversation;
    return new Reader(chat.locale, now, bot.timeZone, (key, values) => conversation.say(key, values));
  }

  name(text: LocalizedText): string {
    return localized(text, this.locale);
  }

  money(money: Money): string {
    return formatMoney(money, this.locale);
  }

  day(at: Date): string {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: 'long', timeZone: this.timeZone }).format(at);
  }

  time(at: Date): string {
    return new Intl.DateTimeFormat(this.locale, { timeStyle: 'short', timeZone: this.timeZone }).format(at);
  }

  /** `de`, and `us-east` as well: the country. */
  region(id: string): string {
    return new Intl.DisplayNames(this.locale, { type: 'region' }).of(id.slice(0, 2).toUpperCase()) ?? id;
  }

  gigabytes(bytes: number): string {
    const digits = bytes < 10 * GIGABYTE ? 1 : 0;
    return new Intl.NumberFormat(this.locale, { maximumFractionDigits: digits }).format(bytes / GIGABYTE);
  }

  period({ count, unit }: PlanPeriod): string {
    return this.say(`period.${unit}`, { count });
  }

  /** Begun ones count. */
  daysUntil(at: Date): number {
    // What began a moment after this page was asked for does not last a day longer.
    return Math.max(0, Math.ceil((at.getTime() - this.now.getTime() - MOMENT_MS) / DAY_MS));
  }
}

/** By which others come here: as an address, or as what they can write. */
export const startLink = ({ url, startParameter }: { url: string | null; startParameter: string | null }): string =>
  url ?? `/start ${startParameter}`;

/** Those that there are, each on a line of its own. */
export const lines = (...all: readonly (string | false | null | undefined)[]): string =>
  all.filter((line): line is string => Boolean(line)).join('\n');

export const paragraphs = (...all: readonly (string | false | null | undefined)[]): string =>
  all.filter((part): part is string => Boolean(part)).join('\n\n');

/** Rows of buttons; what is not there leaves no gap. */
export const rows = (...all: readonly (readonly (ScreenButton | false | null | undefined)[])[]): ScreenButton[][] =>
  all.map((row) => row.filter((button): button is ScreenButton => Boolean(button))).filter((row) => row.length > 0);

import { Inject, Injectable } from '@nestjs/common';
import {
  BotDescription,
  type ChannelReport,
  CheckBot,
  CheckChannel,
  type FieldError,
  ReadBotDescriptions,
} from '@switchboard/contracts';
import { BotsRegistry, DomainError, InvalidFields, LOG, type Log, ServiceClient } from '@switchboard/service-kit';
import type { Description } from './bot.entity';
import { readersOf, type Secrets, secretsFor } from './bot-secrets.service';

/** A description that is not saved yet. */
export interface Draft {
  readonly id: string;
  readonly description: Description;
  readonly secrets: Secrets;
  readonly takenFrom?: Description | undefined;
}

export interface Checked {
  /** With pointers into the description. */
  readonly errors: readonly FieldError[];
  /** That services have looked for, set or not. */
  readonly secretNames: readonly string[];
  readonly unchecked: readonly string[];
}

/** Whoever reads what is to be changed cannot be asked about it. */
export class BotUnchecked extends DomainError {
  constructor(services: readonly string[]) {
    super('gateway.bot_unchecked', `It cannot be checked now: ${services.join(', ')} did not answer`, 503, {
      services,
    });
  }
}

const CHANNEL = 'channel.';
/** Somebody waits in front of a form. */
const ANSWER_WITHIN_MS = 5000;

/** Asks every service about a description before it is saved, so that what is saved can be used. */
@Injectable()
export class BotChecksService {
  constructor(
    private readonly client: ServiceClient,
    private readonly bots: BotsRegistry,
    @Inject(LOG) private readonly log: Log,
  ) {}

  /**
   * Returns the names of the secrets that services look for.
   * @param changed sections whose readers have to answer; the others need not be there for it
   * @param pointerTo where a field of the description, or a secret, is in the body of the request
   * @throws InvalidFields when anybody has something against it, BotUnchecked
   */
  async approve(
    draft: Draft,
    changed: readonly string[],
    pointerTo: (pointer: string, secret: string | undefined) => string,
  ): Promise<readonly string[]> {
    const { errors, secretNames, unchecked } = await this.check(draft);
    if (errors.length > 0) {
      const names = new Map([...secretNames, ...Object.keys(draft.secrets)].map((name) => [pointerOf(name), name]));
      throw new InvalidFields(
        errors.map((error) => ({ ...error, pointer: pointerTo(error.pointer, names.get(error.pointer)) })),
      );
    }
    const missing = unchecked.filter((service) => changed.some((section) => readersOf(section).includes(service)));
    if (missing.length > 0) throw new BotUnchecked(missing);
    return secretNames;
  }

  /** Asks the channel about credentials before they are saved. */
  inspect(botId: string, channel: Description, secrets: Secrets): Promise<ChannelReport> {
    const ofChannel = Object.entries(secrets).filter(([name]) => name.startsWith(CHANNEL));
    const named = Object.fromEntries(ofChannel.map(([name, value]) => [name.slice(CHANNEL.length), value]));
    return this.client.call(CheckChannel, { body: { botId, channel, secrets: named } });
  }

  async check(draft: Draft): Promise<Checked> {
    const own = this.bots.examine(draft);
    const services = ReadBotDescriptions.callers.filter((name) => this.client.addressOf(name) !== undefined);
    const answers = await Promise.all(services.map((service) => this.ask(service, draft)));
    const unchecked = services.filter((_, i) => !answers[i]);
    const given = answers.flatMap((answer) => answer ?? []);
    const read = given.flatMap(({ sections }) => sections);
    const isComplete = services.length > 0 && unchecked.length === 0;
    const all = [
      ...own.errors,
      ...given.flatMap(({ errors }) => errors),
      ...(isComplete ? unread(draft.description, read) : []),
    ];
    return {
      // Each service checks the base, too.
      errors: [
        ...new Map(all.map((error) => [JSON.stringify([error.pointer, error.code, error.detail]), error])).values(),
      ],
      secretNames: [...new Set(given.flatMap(({ secrets }) => secrets))].sort(),
      unchecked,
    };
  }

  private async ask(service: string, { id, description, secrets, takenFrom }: Draft) {
    const body = { id, description, secrets: secretsFor(service, secrets), ...(takenFrom && { takenFrom }) };
    try {
      return await this.client.call(CheckBot, { service, body }, { timeoutMs: ANSWER_WITHIN_MS });
    } catch (error) {
      this.log.warn({ err: error, bot: id, asked: service }, 'a service did not say what it has against a bot');
      return undefined;
    }
  }
}

export const pointerOf = (secretName: string) => `/${secretName.replaceAll('.', '/')}`;

/** A misspelt section would be nobody's mistake. */
function unread(description: Description, read: readonly string[]): FieldError[] {
  const known = [...Object.keys(BotDescription.shape), ...read];
  const strange = Object.keys(description).filter((field) => !known.includes(field));
  return strange.map((field) => ({
    pointer: `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`,
    code: 'unknown_section',
    detail: { en: 'no service reads this section', ru: 'этот раздел не читает ни один сервис' },
  }));
}

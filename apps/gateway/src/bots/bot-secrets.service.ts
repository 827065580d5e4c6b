import { Injectable } from '@nestjs/common';
import { type Actor, allows, BOT_SECTION_READERS, CHANNEL_TOKEN, type FieldError } from '@switchboard/contracts';
import { BlindIndex, Clock, FieldCipher, InvalidFields, MissingPermission } from '@switchboard/service-kit';
import { isDeepStrictEqual } from 'node:util';
import { type EntityManager, In, Not } from 'typeorm';
import { BotRow, type Description } from './bot.entity';
import { BotSecretRow } from './bot-secret.entity';

/** By their names, as `channel.token`. */
export type Secrets = Readonly<Record<string, string>>;
/** Null removes one. */
export type SecretChanges = Readonly<Record<string, string | null>>;

const PLACE = 'bot_secrets.value';
const rowOf = ({ botId, name }: Pick<BotSecretRow, 'botId' | 'name'>) => `${botId}/${name}`;

/** Of shorter secrets four characters would say too much. */
const LONG_ENOUGH_TO_SHOW = 16;
/** Fields that say which server is asked, and what is sent there. */
const SERVER = /(^|[a-z])(url|root|host|endpoint|server)$/i;
/** The kind of a channel says it as well, to whoever gives a secret. */
const isDestination = (field: string) => field === 'kind' || SERVER.test(field);

export const sectionOf = (secretName: string): string => secretName.slice(0, secretName.indexOf('.'));
export const readersOf = (section: string): readonly string[] => BOT_SECTION_READERS[section] ?? [];

/** Those whose sections a service reads. */
export const secretsFor = (service: string, secrets: Secrets): Record<string, string> =>
  Object.fromEntries(Object.entries(secrets).filter(([name]) => readersOf(sectionOf(name)).includes(service)));

/** What becomes of secrets by changes of some. */
export const changedSecrets = (set: Secrets, changes: SecretChanges): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ ...set, ...changes }).filter((entry): entry is [string, string] => entry[1] !== null),
  );

/** Tokens and keys of bots: who may set them, how they are kept, and where they may go. */
@Injectable()
export class BotSecretsService {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly index: BlindIndex,
    private readonly clock: Clock,
  ) {}

  /** By bot; without those whose key is missing here. */
  async all(manager: EntityManager): Promise<Map<string, Secrets>> {
    return this.values(await manager.find(BotSecretRow));
  }

  /** By bot, the names of those whose key is missing here: it goes on with what the services had. */
  async unreadable(manager: EntityManager): Promise<Map<string, string[]>> {
    const rows = await manager.find(BotSecretRow, { order: { botId: 'ASC', name: 'ASC' } });
    const missing = rows.filter(({ value }) => !this.cipher.isReadable(value));
    const byBot = Map.groupBy(missing, ({ botId }) => botId);
    return new Map([...byBot].map(([botId, secrets]) => [botId, secrets.map(({ name }) => name)]));
  }

  async of(manager: EntityManager, botId: string): Promise<Secrets> {
    return this.values(await manager.findBy(BotSecretRow, { botId })).get(botId) ?? {};
  }

  /** @throws MissingPermission, InvalidFields for a section that no service reads */
  requireRight({ scopes }: Actor, changes: SecretChanges): void {
    const names = Object.keys(changes);
    if (names.length > 0 && !allows(scopes, 'secrets:write')) throw new MissingPermission('secrets:write');
    const strange = names.filter((name) => readersOf(sectionOf(name)).length === 0);
    if (strange.length > 0) throw new InvalidFields(strange.map(readByNobody));
  }

  /**
   * Whoever may not read a secret must not be able to have it sent to a server of their own.
   * @throws InvalidFields when one that stays would go to another server than the one it was given for
   */
  requireSameDestination(staying: readonly string[], before: Description, after: Description): void {
    const astray = staying.filter(
      (name) => !isDeepStrictEqual(destinationOf(name, before), destinationOf(name, after)),
    );
    if (astray.length > 0) throw new InvalidFields(astray.map(neededAgain));
  }

  /**
   * Everything that people write goes to the servers that a bot names, and services reach what outsiders do not.
   * @throws MissingPermission when one changes and the actor may not set secrets
   */
  requireRightToDirect({ scopes }: Actor, before: Description, after: Description): void {
    if (allows(scopes, 'secrets:write')) return;
    if (!isDeepStrictEqual(serversOf(before), serversOf(after))) throw new MissingPermission('secrets:write');
  }

  /**
   * To be asked while changes of bots follow each other. What files have is known to the service of the channel.
   * @param pointer to the token in the body
   * @throws InvalidFields when another bot of the gateway has the token
   */
  async requireFreeToken(
    tx: EntityManager,
    botId: string,
    token: string | null | undefined,
    pointer: string,
  ): Promise<void> {
    if (!token) return;
    const same = await tx.findBy(BotSecretRow, {
      name: CHANNEL_TOKEN,
      digest: this.digestOf(token),
      botId: Not(botId),
    });
    const ids = same.map((secret) => secret.botId);
    const user = ids.length > 0 && (await tx.findOneBy(BotRow, { id: In(ids), state: Not('archived') }));
    if (user) throw new InvalidFields([tokenInUse(pointer, user.id)]);
  }

  async write(tx: EntityManager, botId: string, changes: SecretChanges, actor: Actor): Promise<void> {
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) await tx.delete(BotSecretRow, { botId, name });
      else {
        const secret: BotSecretRow = {
          ...{ botId, name, value: this.cipher.encrypt(value, PLACE, rowOf({ botId, name })) },
          ...{ digest: this.digestOf(value), last4: value.length >= LONG_ENOUGH_TO_SHOW ? value.slice(-4) : null },
          ...{ byKind: actor.kind, byId: actor.id, setAt: this.clock.now() },
        };
        await tx.upsert(BotSecretRow, secret, ['botId', 'name']);
      }
    }
  }

  private values(rows: readonly BotSecretRow[]): Map<string, Secrets> {
    const found = new Map<string, Secrets>();
    for (const row of rows) {
      const value = this.cipher.tryDecrypt(row.value, PLACE, rowOf(row));
      if (value !== undefined) found.set(row.botId, { ...found.get(row.botId), [row.name]: value });
    }
    return found;
  }

  private digestOf(value: string): string {
    return this.index.hash('bot secret', value);
  }
}

function destinationOf(secretName: string, description: Description): unknown {
  const path = secretName.split('.').slice(0, -1);
  const fields = path.reduce<unknown>((at, part) => (at as Description | null | undefined)?.[part], description);
  return Object.entries(fields ?? {})
    .filter(([field]) => isDestination(field))
    .sort();
}

/** By where they stand. Lists hold what people are shown, such as links. */
function serversOf(section: unknown, path = ''): Record<string, unknown> {
  if (typeof section !== 'object' || section === null || Array.isArray(section)) return {};
  return Object.assign(
    {},
    ...Object.entries(section).map(([field, value]: [string, unknown]) =>
      SERVER.test(field) && typeof value !== 'object'
        ? { [`${path}.${field}`]: value }
        : serversOf(value, `${path}.${field}`),
    ),
  ) as Record<string, unknown>;
}

const neededAgain = (name: string): FieldError => ({
  pointer: `/secrets/${name}`,
  code: 'secret_needed_again',
  detail: {
    en: 'would be sent to another server than the one it was given for: give it again',
    ru: 'ушёл бы не на тот сервер, для которого он задан: задайте его снова',
  },
});

const readByNobody = (name: string): FieldError => ({
  pointer: `/secrets/${name}`,
  code: 'unknown_section',
  detail: { en: 'no service reads this section', ru: 'этот раздел не читает ни один сервис' },
});

const tokenInUse = (pointer: string, bot: string): FieldError => ({
  pointer,
  code: 'token_in_use',
  params: { bot },
  detail: { en: `has the same token as ${bot}`, ru: `тот же токен, что у ${bot}` },
});

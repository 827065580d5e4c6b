import { constantOf, type NewEvent } from './event.mts';
import { specOf } from './feature.spec-template.mts';
import type { NewMigration } from './migration.mts';
import { aNoun, camel, pascal, snake, words } from './names.mts';
import { routesOf } from './route.mts';

export interface Feature {
  readonly service: string;
  /** `refunds`: names folder, table, resource and consumer group. */
  readonly plural: string;
  /** `refund`: names the row. */
  readonly singular: string;
  /** Whether an event may ask for one, besides the route that opens one. */
  readonly byEvent: boolean;
  /** Whether a row belongs to a person, or to the installation, as a price or a server does. */
  readonly personal: boolean;
  /** Milliseconds since 1970; TypeORM runs migrations in their order. */
  readonly createdAt: number;
}

/** The event that asks for a row, where there is one. */
export const requestOf = ({ service, singular, byEvent }: Feature): NewEvent | undefined =>
  byEvent ? { service, noun: singular, verb: 'open-requested' } : undefined;

const when = (condition: boolean, text: string) => (condition ? text : '');

/** The files of a feature, from the folder of its service; its migration apart. */
export function featureFiles(feature: Feature): Record<string, string> {
  const { plural, singular, byEvent } = feature;
  const folder = `src/${plural}`;
  return {
    [`${folder}/${plural}.module.ts`]: module(feature),
    [`${folder}/${plural}.controller.ts`]: controller(feature),
    ...(byEvent && { [`${folder}/${plural}.handlers.ts`]: handlers(feature) }),
    [`${folder}/${plural}.service.ts`]: service(feature),
    [`${folder}/${plural}.spec.ts`]: specOf(feature, vocabulary(feature)),
    [`${folder}/${singular}.entity.ts`]: entity(feature),
  };
}

/** The words that the templates are made of, for `refunds` of `payments`. */
export type Vocabulary = ReturnType<typeof vocabulary>;

function vocabulary(feature: Feature) {
  const { singular, plural } = feature;
  const request = requestOf(feature);
  return {
    Refund: pascal(singular),
    Refunds: pascal(plural),
    refund: camel(singular),
    refunds: camel(plural),
    refundId: `${camel(singular)}Id`,
    aRefund: aNoun(singular),
    table: snake(plural),
    notFound: `${feature.service}.${snake(singular)}_not_found`,
    Request: request ? constantOf(request) : undefined,
  };
}

/** What the data map says of the table. */
export const dataMapEntry = (feature: Feature) => `${vocabulary(feature).table}: {
  purpose: 'To know which ${words(feature.plural)} there are${feature.personal ? ', and whose' : ''}.',
  retention: 'Until it is removed.',
  ${
    feature.personal
      ? `erasure: 'delete row',
  person: 'user_id',
  columns: { title: 'In the words of the person; encrypted.' },`
      : `erasure: 'not personal',
  columns: { title: 'What it is called.' },`
  }
}`;

export function migrationOf(feature: Feature): NewMigration {
  const { service, plural, createdAt, personal } = feature;
  const { table } = vocabulary(feature);
  return {
    service,
    name: `create-${plural}`,
    createdAt,
    imports: personal ? ['personalTable'] : [],
    up: `await db.query(\`
      CREATE TABLE ${table} (
        id uuid PRIMARY KEY,${when(personal, '\n        user_id uuid NOT NULL,')}
        title text NOT NULL,
        revision integer NOT NULL,
        opened_at timestamptz NOT NULL
      )\`);${when(
        personal,
        `
    await personalTable(db, '${table}');
    await db.query('CREATE INDEX ${table}_of_user ON ${table} (user_id, id)');`,
      )}`,
    down: `await db.query('DROP TABLE ${table}');`,
  };
}

function module(feature: Feature) {
  const { Refunds } = vocabulary(feature);
  const handlers = feature.byEvent ? `import { ${Refunds}Handlers } from './${feature.plural}.handlers';\n` : '';
  return `import { Module } from '@nestjs/common';
import { ${Refunds}Controller } from './${feature.plural}.controller';
${handlers}import { ${Refunds}Service } from './${feature.plural}.service';

@Module({
  controllers: [${Refunds}Controller${feature.byEvent ? `, ${Refunds}Handlers` : ''}],
  providers: [${Refunds}Service],
  exports: [${Refunds}Service],
})
export class ${Refunds}Module {}
`;
}

function controller(feature: Feature) {
  const { Refunds, refunds, refundId } = vocabulary(feature);
  const { List, Open, Read, Change, Remove } = routesOf(feature);
  const { personal } = feature;
  /** In a transaction for whoever asks; what is nobody's is changed by the service itself. */
  const within = (call: string) =>
    personal ? `asActor(this.db, actor, (tx) => ${call})` : `this.db.transaction((tx) => ${call})`;
  const actor = when(personal, 'actor, ');
  const opening = `this.${refunds}.open(tx, { ${refundId}: uuidv7(), ...body })`;
  return `import { Controller } from '@nestjs/common';
import { ${[List, Open, Read, Change, Remove].sort().join(', ')} } from '@switchboard/contracts';
import { type AnswerOf, ${when(personal, 'asActor, ')}Cursors, Implements, type RequestOf } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { v7 as uuidv7 } from 'uuid';
import { ${Refunds}Service } from './${feature.plural}.service';

@Controller()
export class ${Refunds}Controller {
  constructor(
    private readonly db: DataSource,
    private readonly cursors: Cursors,
    private readonly ${refunds}: ${Refunds}Service,
  ) {}

  @Implements(${List})
  async list(request: RequestOf<typeof ${List}>): Promise<AnswerOf<typeof ${List}>> {
    const { ${actor}query } = request;
    const position = this.cursors.position(request);
    const rows = await ${within(`this.${refunds}.list(tx, ${when(personal, 'query.userId, ')}position, query.limit + 1)`)};
    return this.cursors.page(request, rows, ({ id }) => [id]);
  }

  @Implements(${Open})
  open({ ${actor}body }: RequestOf<typeof ${Open}>, tx: EntityManager): Promise<AnswerOf<typeof ${Open}>> {
    return ${personal ? `asActor(tx, actor, (tx) => ${opening})` : opening};
  }

  @Implements(${Read})
  read({ ${actor}params }: RequestOf<typeof ${Read}>): Promise<AnswerOf<typeof ${Read}>> {
    return ${within(`this.${refunds}.read(tx, params.${refundId})`)};
  }

  @Implements(${Change})
  change({ ${actor}params, body, ifMatch }: RequestOf<typeof ${Change}>): Promise<AnswerOf<typeof ${Change}>> {
    return ${within(`this.${refunds}.change(tx, params.${refundId}, body.title, ifMatch)`)};
  }

  @Implements(${Remove})
  remove({ ${actor}params }: RequestOf<typeof ${Remove}>): Promise<void> {
    return ${within(`this.${refunds}.remove(tx, params.${refundId})`)};
  }
}
`;
}

function handlers(feature: Feature) {
  const { Refunds, refunds, Request } = vocabulary(feature);
  const open = `this.${refunds}.open(tx, data)`;
  return `import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, ${Request} } from '@switchboard/contracts';
${when(feature.personal, "import { unlessErased } from '@switchboard/service-kit';\n")}import type { EntityManager } from 'typeorm';
import { ${Refunds}Service } from './${feature.plural}.service';

@Consumer('${feature.plural}')
export class ${Refunds}Handlers {
  constructor(private readonly ${refunds}: ${Refunds}Service) {}

  @Handles(${Request}${when(feature.personal, ', { decrypt: true }')})
  async requested({ data }: EventOf<typeof ${Request}>, tx: EntityManager): Promise<void> {
    await ${feature.personal ? `unlessErased(${open})` : open};
  }
}
`;
}

function service(feature: Feature) {
  const { Refund, Refunds, refund, refundId, aRefund, table, notFound } = vocabulary(feature);
  const { Read } = routesOf(feature);
  const { personal, byEvent } = feature;
  const Answer = personal ? `${Refund}Answer` : Refund;
  return `import { Injectable } from '@nestjs/common';
${when(personal, `import type { ${Read} } from '@switchboard/contracts';\n`)}import {
  ${when(personal, 'type AnswerOf, ')}Clock, DomainError, type IfMatch, ${when(personal, 'PersonalData, type PersonalRow, ')}type Position,
} from '@switchboard/service-kit';
import type { EntityManager } from 'typeorm';
import { ${Refund} } from './${feature.singular}.entity';

export class ${Refund}NotFound extends DomainError {
  constructor(${refundId}: string) {
    super('${notFound}', 'There is no such ${words(feature.singular)}', 404, { ${refundId} });
  }
}
${when(
  personal,
  `
/** With its words as values. */
type ${Answer} = AnswerOf<typeof ${Read}>;

/** By what the words of a row are encrypted. */
const placeOf = ({ id, userId }: Pick<${Refund}, 'id' | 'userId'>): PersonalRow => ({ table: '${table}', id, userId });
`,
)}
@Injectable()
export class ${Refunds}Service {
  constructor(${when(personal, 'private readonly personal: PersonalData, ')}private readonly clock: Clock) {}

  /** Opens ${aRefund}.${when(byEvent, ' One that is there already stays as it is: who asks may ask twice.')} */
  async open(
    tx: EntityManager,
    asked: { ${refundId}: string; ${when(personal, 'userId: string; ')}title: string },
  ): Promise<${Answer}> {
    const { ${refundId}: id, ${when(personal, 'userId, ')}title } = asked;
    ${when(personal, 'const sealed = await this.personal.encrypt(tx, placeOf({ id, userId }), { title });')}
    const ${refund} = tx.create(${Refund}, {
      id, ${personal ? 'userId, ...sealed' : 'title'}, revision: 1, openedAt: this.clock.now(),
    });
    ${
      byEvent
        ? `await tx.createQueryBuilder().insert().into(${Refund}).values(${refund}).orIgnore().execute();`
        : `await tx.insert(${Refund}, ${refund});`
    }
    return ${personal ? `{ ...${refund}, title }` : refund};
  }

  /** From a position on, in the order of their ids, which is that of time. */
  async list(
    tx: EntityManager,${when(personal, '\n    userId: string | undefined,')}
    position: Position | undefined,
    limit: number,
  ): Promise<${Answer}[]> {
    const backwards = position?.direction === 'prev';
    const query = tx.createQueryBuilder(${Refund}, '${refund}').limit(limit);
    ${when(personal, `if (userId) query.andWhere('${refund}.userId = :userId', { userId });`)}
    if (position) query.andWhere(\`${refund}.id \${backwards ? '<' : '>'} :from\`, { from: position.key[0] });
    ${personal ? 'const rows = await' : 'return'} query.orderBy('${refund}.id', backwards ? 'DESC' : 'ASC').getMany();
    ${when(
      personal,
      `const read = await this.personal.decryptAll(
      tx,
      rows.map((row) => ({ row: placeOf(row), values: { title: row.title } })),
    );
    return rows.map((row, i) => ({ ...row, title: read[i]!.title ?? null }));`,
    )}
  }

  async read(tx: EntityManager, ${refundId}: string): Promise<${Answer}> {
    const ${refund} = await tx.findOneBy(${Refund}, { id: ${refundId} });
    if (!${refund}) throw new ${Refund}NotFound(${refundId});
    ${
      personal
        ? `const { title } = await this.personal.decrypt(tx, placeOf(${refund}), { title: ${refund}.title });
    return { ...${refund}, title: title ?? null };`
        : `return ${refund};`
    }
  }

  /** @param seen the revisions that the caller knows: checked while the row is locked */
  async change(tx: EntityManager, ${refundId}: string, title: string, seen: IfMatch): Promise<${Answer}> {
    const ${refund} = await tx.findOne(${Refund}, { where: { id: ${refundId} }, lock: { mode: 'pessimistic_write' } });
    if (!${refund}) throw new ${Refund}NotFound(${refundId});
    seen.check(${refund}.revision);
    ${when(personal, `const sealed = await this.personal.encrypt(tx, placeOf(${refund}), { title });`)}
    const revision = ${refund}.revision + 1;
    await tx.update(${Refund}, { id: ${refundId} }, { ${personal ? '...sealed' : 'title'}, revision });
    return { ...${refund}, title, revision };
  }

  async remove(tx: EntityManager, ${refundId}: string): Promise<void> {
    await tx.delete(${Refund}, { id: ${refundId} });
  }
}
`;
}

function entity(feature: Feature) {
  const { Refund, table } = vocabulary(feature);
  const { personal } = feature;
  return `import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: '${table}' })
export class ${Refund} {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

${when(
  personal,
  `  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  /** Encrypted with the key of the person. */
`,
)}  @Column({ type: 'text' })
  title!: string;

  /** Grows with each change: the ETag. */
  @Column({ type: 'integer' })
  revision!: number;

  @Column({ name: 'opened_at', type: 'timestamptz' })
  openedAt!: Date;
}
`;
}

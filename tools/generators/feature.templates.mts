import { constantOf, type NewEvent } from './event.mts';
import { camel, pascal, snake, words } from './names.mts';
import { readRouteOf } from './route.mts';

export interface Feature {
  readonly service: string;
  /** `refunds`: names folder, table and consumer group. */
  readonly plural: string;
  /** `refund`: names the row. */
  readonly singular: string;
  /** Milliseconds since 1970; TypeORM runs migrations in their order. */
  readonly createdAt: number;
}

/** The event that asks for a row. */
export const requestOf = ({ service, singular }: Feature): NewEvent => ({
  service,
  noun: singular,
  verb: 'open-requested',
});

export const migrationOf = ({ plural, createdAt }: Feature) => ({
  file: `${createdAt}-create-${plural}`,
  className: `Create${pascal(plural)}${createdAt}`,
});

/** The files of a feature, from the folder of its service. */
export function featureFiles(feature: Feature): Record<string, string> {
  const { plural, singular } = feature;
  const folder = `src/${plural}`;
  return {
    [`${folder}/${plural}.module.ts`]: module(feature),
    [`${folder}/${plural}.controller.ts`]: controller(feature),
    [`${folder}/${plural}.handlers.ts`]: handlers(feature),
    [`${folder}/${plural}.service.ts`]: service(feature),
    [`${folder}/${plural}.spec.ts`]: spec(feature),
    [`${folder}/${singular}.entity.ts`]: entity(feature),
    [`migrations/${migrationOf(feature).file}.ts`]: migration(feature),
  };
}

/** The words that the templates are made of, for `refunds` of `payments`. */
function vocabulary(feature: Feature) {
  return {
    Refund: pascal(feature.singular),
    Refunds: pascal(feature.plural),
    refund: camel(feature.singular),
    refunds: camel(feature.plural),
    refundId: `${camel(feature.singular)}Id`,
    aRefund: `${/^[aeiou]/.test(feature.singular) ? 'an' : 'a'} ${words(feature.singular)}`,
    table: snake(feature.plural),
    Request: constantOf(requestOf(feature)),
  };
}

/** What the data map says of the table. */
export const dataMapEntry = (feature: Feature) => `${vocabulary(feature).table}: {
  purpose: 'To know which ${words(feature.plural)} were asked for.',
  retention: 'For good.',
  erasure: 'delete row',
  person: 'user_id',
  columns: {},
}`;

function module(feature: Feature) {
  const { Refunds } = vocabulary(feature);
  return `import { Module } from '@nestjs/common';
import { ${Refunds}Controller } from './${feature.plural}.controller';
import { ${Refunds}Handlers } from './${feature.plural}.handlers';
import { ${Refunds}Service } from './${feature.plural}.service';

@Module({ controllers: [${Refunds}Controller, ${Refunds}Handlers], providers: [${Refunds}Service] })
export class ${Refunds}Module {}
`;
}

function controller(feature: Feature) {
  const { Refunds, refunds, refundId } = vocabulary(feature);
  const Route = readRouteOf(feature);
  return `import { Controller } from '@nestjs/common';
import { ${Route} } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { ${Refunds}Service } from './${feature.plural}.service';

@Controller()
export class ${Refunds}Controller {
  constructor(private readonly ${refunds}: ${Refunds}Service) {}

  @Implements(${Route})
  read({ params }: RequestOf<typeof ${Route}>): Promise<AnswerOf<typeof ${Route}>> {
    return this.${refunds}.read(params.${refundId});
  }
}
`;
}

function handlers(feature: Feature) {
  const { Refunds, refunds, Request } = vocabulary(feature);
  return `import { Consumer, Handles } from '@switchboard/bus';
import { type EventOf, ${Request} } from '@switchboard/contracts';
import type { EntityManager } from 'typeorm';
import { ${Refunds}Service } from './${feature.plural}.service';

@Consumer('${feature.plural}')
export class ${Refunds}Handlers {
  constructor(private readonly ${refunds}: ${Refunds}Service) {}

  @Handles(${Request})
  requested({ data }: EventOf<typeof ${Request}>, tx: EntityManager) {
    return this.${refunds}.open(tx, data);
  }
}
`;
}

function service(feature: Feature) {
  const { Refund, Refunds, refund, refundId, aRefund, Request } = vocabulary(feature);
  return `import { Injectable } from '@nestjs/common';
import type { EventOf, ${Request} } from '@switchboard/contracts';
import { Clock, DomainError } from '@switchboard/service-kit';
import { DataSource, type EntityManager } from 'typeorm';
import { ${Refund} } from './${feature.singular}.entity';

export class ${Refund}NotFound extends DomainError {
  constructor(${refundId}: string) {
    super('${feature.service}.${snake(feature.singular)}_not_found', 'There is no such ${words(feature.singular)}', 404, { ${refundId} });
  }
}

@Injectable()
export class ${Refunds}Service {
  constructor(
    private readonly db: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Opens ${aRefund}. One that is there already stays as it is: people ask twice. */
  async open(tx: EntityManager, { ${refundId}, userId }: EventOf<typeof ${Request}>['data']): Promise<void> {
    const ${refund} = tx.create(${Refund}, { ${refundId}, userId, openedAt: this.clock.now() });
    await tx.createQueryBuilder().insert().into(${Refund}).values(${refund}).orIgnore().execute();
  }

  async read(${refundId}: string): Promise<${Refund}> {
    const ${refund} = await this.db.manager.findOneBy(${Refund}, { ${refundId} });
    if (!${refund}) throw new ${Refund}NotFound(${refundId});
    return ${refund};
  }
}
`;
}

function entity(feature: Feature) {
  const { Refund, refundId, table } = vocabulary(feature);
  return `import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity({ name: '${table}' })
export class ${Refund} {
  @PrimaryColumn({ name: '${snake(feature.singular)}_id', type: 'uuid' })
  ${refundId}!: string;

  @Column({ name: 'user_id', type: 'uuid' })
  userId!: string;

  @Column({ name: 'opened_at', type: 'timestamptz' })
  openedAt!: Date;
}
`;
}

function migration(feature: Feature) {
  const { table } = vocabulary(feature);
  const { className } = migrationOf(feature);
  return `import { personalTable } from '@switchboard/service-kit';
import type { MigrationInterface, QueryRunner } from 'typeorm';

export class ${className} implements MigrationInterface {
  readonly name = '${className}';

  async up(db: QueryRunner): Promise<void> {
    await db.query(\`
      CREATE TABLE ${table} (
        ${snake(feature.singular)}_id uuid PRIMARY KEY,
        user_id uuid NOT NULL,
        opened_at timestamptz NOT NULL
      )\`);
    await personalTable(db, '${table}');
    await db.query('CREATE INDEX ${table}_of_user ON ${table} (user_id)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE ${table}');
  }
}
`;
}

function spec(feature: Feature) {
  const { refundId, aRefund, Request } = vocabulary(feature);
  const app = `${camel(feature.service)}App`;
  const Route = readRouteOf(feature);
  return `import { ${[Request, Route].sort().join(', ')} } from '@switchboard/contracts';
import { startApp, type TestApp } from '@switchboard/testing';
import { v7 as uuidv7 } from 'uuid';
import { ${app} } from '../${feature.service}.app';

describe('${words(feature.plural)}', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startApp(${app});
  });
  afterAll(() => app.stop());

  const read = (${refundId}: string) => app.gateway.call(${Route}, { params: { ${refundId} } });

  it('${aRefund} that is asked for twice is opened once, when it was first asked for', async () => {
    const request = ${Request}({ ${refundId}: uuidv7(), userId: uuidv7() });
    const openedAt = app.clock.now();
    await app.probe.say(request);
    app.clock.advance(60_000);
    await app.probe.say(request);
    expect(await read(request.data.${refundId})).toEqual({ ...request.data, openedAt });
  });

  it('${aRefund} that nobody asked for is not found', async () => {
    const code = '${feature.service}.${snake(feature.singular)}_not_found';
    await expect(read(uuidv7())).rejects.toMatchObject({ status: 404, problem: { code } });
  });
});
`;
}

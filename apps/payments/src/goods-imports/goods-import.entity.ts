import type { ReadGoodsImport } from '@switchboard/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { z } from 'zod';

export type SkippedRow = z.output<(typeof ReadGoodsImport)['answer']>['skipped'][number];

/** A table of goods that staff have read in: first it is known what it would change, and then it may be done. */
@Entity({ name: 'goods_imports' })
export class GoodsImport {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text', { name: 'brand_id' })
  brandId!: string;

  @Column('text', { name: 'file_name' })
  fileName!: string;

  /** Whether its column of pieces is what was counted. */
  @Column('boolean', { name: 'sets_stock' })
  setsStock!: boolean;

  @Column('text')
  state!: 'checked' | 'running' | 'done' | 'failed';

  /** Rows. */
  @Column('integer')
  read!: number;

  @Column('integer')
  made!: number;

  @Column('integer')
  changed!: number;

  @Column('integer', { name: 'skipped_rows' })
  skippedRows!: number;

  /** The first of them, and why. */
  @Column('jsonb')
  skipped!: SkippedRow[];

  /** So many of the rows that are wanted are done. */
  @Column('integer')
  applied!: number;

  @Column('text')
  by!: string;

  @Column('timestamptz')
  at!: Date;

  @Column('timestamptz', { name: 'finished_at', nullable: true })
  finishedAt!: Date | null;

  @Column('integer')
  revision!: number;
}

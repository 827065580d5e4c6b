import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Whether the shop says that nothing can be served just now; one row, absent until it is needed first. */
@Entity({ name: 'maintenance' })
export class Maintenance {
  @PrimaryColumn('smallint')
  id!: 1;

  /** Staff have switched it on; only they switch it off again. */
  @Column('boolean', { name: 'by_staff' })
  byStaff!: boolean;

  /** No server can take anybody. */
  @Column('boolean')
  automatic!: boolean;

  @Column('timestamptz', { name: 'changed_at' })
  changedAt!: Date;

  @Column('integer')
  revision!: number;
}

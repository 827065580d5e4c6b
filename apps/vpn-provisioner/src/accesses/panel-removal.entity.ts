import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user of ours that has to go from a panel though nothing else is left of it here: of somebody who was erased, or an orphan. */
@Entity({ name: 'panel_removals' })
export class PanelRemoval {
  @PrimaryColumn('uuid', { name: 'server_id' })
  serverId!: string;

  @PrimaryColumn('text', { name: 'panel_user' })
  panelUser!: string;

  @Column('timestamptz', { name: 'due_at' })
  dueAt!: Date;

  @Column('integer')
  attempts!: number;
}

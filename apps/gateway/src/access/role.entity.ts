import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What somebody may do who has it. */
@Entity({ name: 'roles' })
export class Role {
  @PrimaryColumn('text')
  name!: string;

  /** `resource:action`, `resource:*` or `*`; with `!` in front what is forbidden whatever else allows it. */
  @Column('text', { array: true })
  scopes!: string[];

  /** Comes with the platform and is not changed. */
  @Column('boolean', { name: 'is_built_in' })
  isBuiltIn!: boolean;
}

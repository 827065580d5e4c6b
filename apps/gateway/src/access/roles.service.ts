import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BUILT_IN_ROLES } from './built-in-roles';
import { Role } from './role.entity';

/** The roles there are. */
@Injectable()
export class RolesService implements OnModuleInit {
  constructor(private readonly db: DataSource) {}

  list(): Promise<Role[]> {
    return this.db.manager.find(Role, { order: { isBuiltIn: 'DESC', name: 'ASC' } });
  }

  /** Those of the platform are as this version has them, whichever version started last. */
  async onModuleInit(): Promise<void> {
    await this.db.query(
      `INSERT INTO roles (name, scopes, is_built_in)
       SELECT role ->> 0, ARRAY(SELECT jsonb_array_elements_text(role -> 1)), true FROM jsonb_array_elements($1::jsonb) AS role
       ON CONFLICT (name) DO UPDATE SET scopes = excluded.scopes, is_built_in = true`,
      [JSON.stringify(Object.entries(BUILT_IN_ROLES))],
    );
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { AuditNames } from '../audit/audit-names';
import { ApiKey } from './api-key.entity';

/** Tells the audit log what the keys in it are called. */
@Injectable()
export class KeyNames {
  constructor(db: DataSource, names: AuditNames) {
    names.provide(['key', 'api-key'], async (ids) => {
      const keys = await db.manager.find(ApiKey, { where: { id: In(ids) }, select: { id: true, name: true } });
      return new Map(keys.map(({ id, name }) => [id, name]));
    });
  }
}

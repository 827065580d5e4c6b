import { Injectable } from '@nestjs/common';
import { FieldCipher } from '@switchboard/service-kit';
import { DataSource, In } from 'typeorm';
import { AuditNames } from '../audit/audit-names';
import { Staff } from './staff.entity';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Tells the audit log what the staff in it are called: by their names, or by their addresses until they have given one. */
@Injectable()
export class StaffNames {
  constructor(db: DataSource, cipher: FieldCipher, names: AuditNames) {
    names.provide(['staff'], async (ids) => {
      const where = { id: In(ids.filter((id) => UUID.test(id))) };
      const staff = await db.manager.find(Staff, { where, select: { id: true, name: true, email: true } });
      return new Map(
        staff.map(({ id, name, email }) => [
          id,
          cipher.tryDecrypt(name, 'staff.name', id) || (cipher.tryDecrypt(email, 'staff.email', id) ?? ''),
        ]),
      );
    });
  }
}

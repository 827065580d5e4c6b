import { Injectable } from '@nestjs/common';
import { DataSource, In } from 'typeorm';
import { AuditNames } from '../audit/audit-names';
import { StaffCipher } from './staff-cipher';
import { Staff } from './staff.entity';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Tells the audit log what the staff in it are called. */
@Injectable()
export class StaffNames {
  constructor(db: DataSource, cipher: StaffCipher, names: AuditNames) {
    names.provide(['staff'], async (ids) => {
      const where = { id: In(ids.filter((id) => UUID.test(id))) };
      const staff = await db.manager.find(Staff, { where, select: { id: true, name: true, email: true } });
      return new Map(staff.map((member) => [member.id, cipher.nameOf(member) ?? '']));
    });
  }
}

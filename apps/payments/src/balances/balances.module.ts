import { Module } from '@nestjs/common';
import { LedgerModule } from '../ledger/ledger.module';
import { BalancesController } from './balances.controller';
import { BalancesService } from './balances.service';

@Module({ imports: [LedgerModule], controllers: [BalancesController], providers: [BalancesService] })
export class BalancesModule {}

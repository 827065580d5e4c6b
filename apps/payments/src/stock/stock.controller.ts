import { Controller } from '@nestjs/common';
import { ChangeStock, ListStockMoves } from '@switchboard/contracts';
import { type AnswerOf, Implements, type RequestOf } from '@switchboard/service-kit';
import { EntityManager } from 'typeorm';
import { StockService } from './stock.service';

@Controller()
export class StockController {
  constructor(private readonly stock: StockService) {}

  @Implements(ChangeStock)
  change(request: RequestOf<typeof ChangeStock>, tx: EntityManager): Promise<AnswerOf<typeof ChangeStock>> {
    return this.stock.change(tx, request);
  }

  @Implements(ListStockMoves)
  list(request: RequestOf<typeof ListStockMoves>): Promise<AnswerOf<typeof ListStockMoves>> {
    return this.stock.moves(request);
  }
}

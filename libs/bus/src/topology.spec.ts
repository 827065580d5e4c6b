import { Controller, forwardRef, Get, Module } from '@nestjs/common';
import { defineEvent, defineSignal } from '@switchboard/contracts';
import { z } from 'zod';
import { Consumer, Handles, HandlesAll, HandlesBatch, OnSignal } from './handles.decorator';
import { topologyOf } from './topology';

const orderData = z.object({ orderId: z.uuid() });
const OrderPlaced = defineEvent('shop.order.placed.v1', orderData, { subject: 'orderId', summary: 'Placed.' });
const OrderPaid = defineEvent('shop.order.paid.v1', orderData, { subject: 'orderId', summary: 'Paid.' });
const OrderPacking = defineSignal('shop.order.packing.v1', orderData, 'Being packed.');

@Consumer('parcels', { ordered: true })
class ParcelsHandlers {
  @Handles(OrderPlaced)
  placed() {}

  @HandlesBatch(OrderPaid)
  paid() {}

  @OnSignal(OrderPacking)
  packing() {}
}

@Consumer('invoices')
class InvoicesHandlers {
  @Handles(OrderPaid)
  paid() {}
}

@Consumer('books')
class BooksHandlers {
  @HandlesAll()
  all() {}
}

@Controller()
class OrdersController {
  @Get()
  read() {}
}

@Module({ controllers: [ParcelsHandlers, OrdersController], imports: [forwardRef(() => ShopModule)] })
class ParcelsModule {}

@Module({})
class InvoicesModule {}

@Module({ imports: [ParcelsModule, { module: InvoicesModule, controllers: [InvoicesHandlers, BooksHandlers] }] })
class ShopModule {}

@Module({})
class SilentModule {}

class Undecided {
  @Handles(OrderPaid)
  paid() {}
}

@Module({ controllers: [Undecided] })
class UndecidedModule {}

describe('what a service hears', () => {
  it('is read from all modules it is made of', () => {
    expect(topologyOf(ShopModule)).toEqual({
      groups: [
        { name: 'parcels', ordered: true, events: [OrderPlaced, OrderPaid] },
        { name: 'invoices', ordered: false, events: [OrderPaid] },
        { name: 'books', ordered: false, events: [], all: true },
      ],
      signals: [OrderPacking],
    });
  });

  it('is nothing when no class listens', () => {
    expect(topologyOf(SilentModule)).toEqual({ groups: [], signals: [] });
  });

  it('cannot be told of a class without a group', () => {
    expect(() => topologyOf(UndecidedModule)).toThrow(
      "The class that hears shop.order.paid.v1 lacks @Consumer('group')",
    );
  });
});

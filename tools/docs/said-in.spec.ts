import { saidIn } from './said-in.mts';

const imports = `import { type EventOf, OrderPaid, OrderPlaced as Placed } from '@switchboard/contracts';\n`;

describe('what a source file says', () => {
  it.each([
    ['it calls it', 'outbox.add(tx, OrderPaid({ orderId }));', ['OrderPaid']],
    ['it calls it under another name', 'outbox.add(tx, Placed({ orderId }));', ['OrderPlaced']],
    ['it hands it on', 'say(tx, OrderPaid);', ['OrderPaid']],
    ['it hands on one of two', 'say(tx, late ? Placed : OrderPaid);', ['OrderPaid', 'OrderPlaced']],
    ['it keeps it in a table', 'const table = { paid: OrderPaid };', ['OrderPaid']],
    ['a decorator of another kind holds a call', '@Said(OrderPaid({ orderId })) class A {}', ['OrderPaid']],
  ])('is an event when %s', (_, code, said) => {
    expect([...saidIn(imports + code)].sort()).toEqual(said);
  });

  it.each([
    ['it imports it', ''],
    ['it hears it', 'class A { @Handles(OrderPaid) paid(event: EventOf<typeof OrderPaid>) {} }'],
    ['it hears many at once', 'class A { @HandlesBatch(OrderPaid) paid(events: EventOf<typeof OrderPaid>[]) {} }'],
    ['it names its type', "type Paid = EventOf<typeof OrderPaid>['data'];"],
    ['it reads its name', 'if (event.type === OrderPaid.type) count();'],
    ['it has a field of that name', 'const a = { OrderPaid: 1 }; use(a.OrderPaid);'],
  ])('is not an event when %s', (_, code) => {
    expect([...saidIn(imports + code)]).toEqual([]);
  });

  it('is nothing of ours when the constant comes from elsewhere', () => {
    expect([...saidIn(`import { OrderPaid } from './orders';\nOrderPaid({});`)]).toEqual([]);
  });
});

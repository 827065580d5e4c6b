import { RestrictPerson, ListPeople } from '@switchboard/contracts';
import { actorFor, type Principal } from './principal';

const staff = (grants: Principal['grants']): Principal => ({
  kind: 'staff',
  id: '018f6f6f-0000-7000-8000-000000000001',
  roles: [],
  grants,
  amr: ['pwd', 'otp'],
});

describe('somebody who may do more for one bot than for another', () => {
  const moderatorAndSupport = staff([
    { botId: 'a', scopes: ['people:read', 'people:restrict', 'people:restrict-month'] },
    { botId: 'b', scopes: ['people:read', 'people:restrict', 'people:write'] },
  ]);

  it('may do what both allow while it is not known which bot it is about', () => {
    const actor = actorFor(moderatorAndSupport, RestrictPerson, new Date());
    expect(actor).toMatchObject({ bots: ['a', 'b'], scopes: ['people:read', 'people:restrict'] });
  });

  it('may do what both allow also where one of them allows more than it names', () => {
    const ownerAndSupport = staff([
      { botId: 'a', scopes: ['*'] },
      { botId: 'b', scopes: ['people:read', 'people:restrict'] },
    ]);
    const actor = actorFor(ownerAndSupport, ListPeople, new Date());
    expect(actor).toMatchObject({ bots: ['a', 'b'], scopes: ['people:read', 'people:restrict'] });
  });

  it('may do what is allowed for the bot that stands in the address', () => {
    const actor = actorFor(moderatorAndSupport, ListPeople, new Date(), 'a');
    expect(actor).toMatchObject({ bots: ['a'], scopes: ['people:read', 'people:restrict', 'people:restrict-month'] });
  });

  it('may do everywhere what they may for all bots', () => {
    const more = staff([...moderatorAndSupport.grants, { botId: null, scopes: ['numbers:read'] }]);
    expect(actorFor(more, RestrictPerson, new Date()).scopes).toEqual([
      'numbers:read',
      'people:read',
      'people:restrict',
    ]);
  });
});

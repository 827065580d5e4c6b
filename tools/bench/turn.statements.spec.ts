import { statementsPerTurn } from './turn.statements.mts';

it('statements of a turn are counted without those that are made anyway', () => {
  const counted = { 'chat-ai': 330, 'relay chat_ai': 25 };
  const idle = { counted: { 'chat-ai': 6, 'relay chat_ai': 5 }, seconds: 2 };
  expect(statementsPerTurn(counted, { count: 20, seconds: 10 }, idle)).toEqual({ 'chat-ai': 15, 'relay chat_ai': 0 });
});

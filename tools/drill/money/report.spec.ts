import { FAULTS } from './books-check.mts';
import { type Done, judge, type Wrong } from './report.mts';

const done: Done = {
  ...{ purchases: 100, fulfilled: 80, refunds: 3, kills: 2, faults: 90, panelDeaths: 2, notifications: 120 },
};
const wrong = {
  ...Object.fromEntries(FAULTS.map((fault) => [fault, 0])),
  ...{ stuck: 0, crashed: 0, unsettled: 0, forgedTaken: 0 },
} as Wrong;

it('is content when enough was done and nothing is wrong', () => {
  expect(judge(done, wrong)).toEqual({ untried: [], ok: true });
});

it.each(Object.keys(wrong))('is not content with %s', (what) => {
  expect(judge(done, { ...wrong, [what]: 1 })).toEqual({ untried: [], ok: false });
});

it.each<keyof Done>(['refunds', 'kills', 'faults', 'panelDeaths', 'notifications'])(
  'says nothing without %s',
  (what) => {
    expect(judge({ ...done, [what]: 0 }, wrong)).toEqual({ untried: [what], ok: false });
  },
);

it('says nothing where hardly anybody was served', () => {
  expect(judge({ ...done, fulfilled: 1 }, wrong)).toEqual({ untried: ['fulfilled'], ok: false });
});

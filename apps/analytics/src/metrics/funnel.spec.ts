import fc from 'fast-check';
import { bestWay, type Fact } from '../../test/reference';
import { type Funnel, type FunnelRun, runFunnel } from './funnel';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

const funnel = (more: Partial<Funnel> = {}): Funnel => ({
  ...{ steps: ['open', 'choose', 'pay'], exclude: [], order: 'sequential', windowMs: DAY },
  ...{ from: 0, to: 10 * DAY, windowsEndBy: Infinity },
  ...more,
});

/** `open@5 pay@9`: in this order, at these seconds. */
const events = (text: string) =>
  text.split(' ').map((event) => {
    const [type, at] = event.split('@');
    return { type: type!, at: Number(at) * SECOND };
  });

const seconds = (run: FunnelRun | undefined) =>
  run?.kind === 'counted' ? run.times.map((time) => time / SECOND) : (run?.kind ?? 'not begun');

describe('a funnel', () => {
  it.each<[string, string, Partial<Funnel>, (number | string)[] | string]>([
    ['goes step by step', 'open@1 choose@3 pay@9', {}, [1, 3, 9]],
    ['ends where a step is missing', 'open@1 pay@9', {}, [1]],
    ['wants its steps in order', 'choose@1 open@2 pay@9', {}, [2]],
    ['has not begun without the first step', 'choose@1 pay@9', {}, 'not begun'],
    ['passes over what is between', 'open@1 open@2 choose@3 choose@4 pay@9', {}, [1, 3, 9]],
    ['joins steps of the same moment', 'open@5 choose@5 pay@5', {}, [5, 5, 5]],
    ['keeps the order of the same moment', 'choose@5 open@5 pay@5', {}, [5]],
    ['lets somebody begin again', `open@1 open@90000 choose@90001 pay@90002`, {}, [90000, 90001, 90002]],
    ['takes the way that ends first', 'open@1 choose@2 open@3 choose@4 pay@5', {}, [1, 2, 5]],
    ['ends with its window', 'open@0 choose@86400 pay@86401', {}, [0, 86400]],
    ['counts no start outside of the period', 'open@1 choose@3 pay@9', { from: 2 * SECOND }, 'not begun'],
    ['goes on after the period', 'open@1 choose@3 pay@9', { to: 2 * SECOND }, [1, 3, 9]],
    ['waits for its window', 'open@1 choose@3 pay@9', { windowsEndBy: DAY }, 'incomplete'],
    ['counts the start whose window is over', 'open@1 open@9 choose@10', { windowsEndBy: DAY + 5 * SECOND }, [1, 10]],
    ['takes one event for one step', 'open@1', { steps: ['open', 'open'] }, [1]],
    ['takes a step twice', 'open@1 open@4', { steps: ['open', 'open'] }, [1, 4]],
    ['is strict about its steps', 'open@1 open@2 choose@3 pay@4', { order: 'strict' }, [2, 3, 4]],
    ['is strict about a step between', 'open@1 choose@2 open@3 pay@4', { order: 'strict' }, [1, 2]],
    ['is not strict about others', 'open@1 look@2 choose@3 pay@4', { order: 'strict' }, [1, 3, 4]],
    ['takes any order', 'pay@1 open@2 choose@3', { order: 'any' }, [1, 2, 3]],
    ['takes any order within a window', 'pay@0 open@86401 choose@86402', { order: 'any' }, [86401, 86402]],
    ['leaves out who did what is excluded', 'open@1 cancel@2 choose@3', { exclude: ['cancel'] }, 'excluded'],
    ['does not mind what is excluded before', 'cancel@1 open@2 choose@3', { exclude: ['cancel'] }, [2, 3]],
    ['does not mind what is excluded after', 'open@1 choose@2 pay@3 cancel@4', { exclude: ['cancel'] }, [1, 2, 3]],
    ['minds it in the same moment', 'open@1 cancel@1 choose@1', { exclude: ['cancel'] }, 'excluded'],
  ])('%s: %s', (_, text, more, expected) => {
    expect(seconds(runFunnel(events(text), funnel(more)))).toEqual(expected);
  });

  it('finds the best of all ways, whatever happened', () => {
    const types = fc.constantFrom('a', 'b', 'c', 'x');
    const facts = fc.array(
      fc.record({ type: types, at: fc.integer({ min: 0, max: 12 }), receivedAt: fc.integer({ min: 0, max: 2 }) }),
      { maxLength: 9 },
    );
    const question = fc.record({
      steps: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 2, maxLength: 4 }),
      exclude: fc.constantFrom([], ['x'], ['c', 'x']),
      order: fc.constantFrom('sequential' as const, 'strict' as const, 'any' as const),
      windowMs: fc.integer({ min: 0, max: 9 }),
      from: fc.integer({ min: 0, max: 4 }),
      to: fc.integer({ min: 4, max: 13 }),
      windowsEndBy: fc.constantFrom(8, 14, Infinity),
    });
    fc.assert(
      fc.property(facts, question, (some, of) => {
        const all: Fact[] = some.map((fact, i) => ({ ...fact, id: String(i), userId: 'somebody' }));
        const inOrder = all.toSorted((a, b) => a.at - b.at || a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1));
        const run = runFunnel(inOrder, of);
        expect(run?.kind === 'counted' ? run.times : run?.kind).toEqual(bestWay(all, of));
      }),
      { numRuns: 500 },
    );
  });
});

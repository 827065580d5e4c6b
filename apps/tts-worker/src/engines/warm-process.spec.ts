import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EngineTimedOut, EngineUnavailable } from './engine-errors';
import { WarmProcess } from './warm-process';

const folder = mkdtempSync(join(tmpdir(), 'warm-process-'));
const file = join(folder, 'echo.cjs');
writeFileSync(
  file,
  `let seen = 0;
   process.on('disconnect', () => process.exit());
   process.on('message', async ({ crash, hang, block, say, secret }) => {
     if (crash) process.exit(3);
     if (hang) return;
     if (block) for (;;);
     process.send({ say, pid: process.pid, seen: ++seen, secret: process.env[secret] });
   });`,
);

type Answer = { say: unknown; pid: number; seen: number; secret?: string };
const never = new AbortController().signal;
const open: WarmProcess[] = [];

function aProcess(limits = {}): WarmProcess {
  const made = new WarmProcess('echo', file, { deadlineMs: 10_000, recycleAfter: 100, ...limits });
  open.push(made);
  return made;
}

const ask = (process: WarmProcess, question: object, signal = never) =>
  process.ask(question, signal) as Promise<Answer>;

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a process kept warm', () => {
  it('answers many questions in order and stays the same process', async () => {
    const echo = aProcess();
    const answers = await Promise.all([1, 2, 3, 4].map((say) => ask(echo, { say })));
    expect(answers.map(({ say, seen }) => [say, seen])).toEqual([1, 2, 3, 4].map((n) => [n, n]));
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(1);
  });

  it('a crash fails the question it happened in and not the next one', async () => {
    const echo = aProcess();
    const crashed = ask(echo, { crash: true });
    const next = ask(echo, { say: 'again' });
    await expect(crashed).rejects.toThrow(EngineUnavailable);
    await expect(crashed).rejects.toThrow('code 3');
    expect(await next).toMatchObject({ say: 'again', seen: 1 });
  });

  it.each(['hang', 'block'])(
    'a question that would %s is given up at the deadline, and the process with it',
    async (how) => {
      const echo = aProcess({ deadlineMs: 2_000 });
      const { pid } = await ask(echo, { say: 'hello' });
      await expect(ask(echo, { [how]: true })).rejects.toThrow(EngineTimedOut);
      const after = await ask(echo, { say: 'still here' });
      expect(after.pid).not.toBe(pid);
      expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    },
  );

  it('an aborted question ends at once with the reason, even while the process is blocked', async () => {
    const echo = aProcess();
    const abort = new AbortController();
    const asked = ask(echo, { block: true }, abort.signal);
    abort.abort(new Error('nobody listens any more'));
    await expect(asked).rejects.toThrow('nobody listens any more');
    expect(await ask(echo, { say: 1 })).toMatchObject({ say: 1 });
  });

  it('a question aborted in the queue leaves it without harming the one before', async () => {
    const echo = aProcess();
    const abort = new AbortController();
    const first = ask(echo, { say: 1 });
    const second = ask(echo, { crash: true }, abort.signal);
    abort.abort(new Error('too late'));
    await expect(second).rejects.toThrow('too late');
    const [one, third] = [await first, await ask(echo, { say: 3 })];
    expect([one.seen, third.seen]).toEqual([1, 2]);
  });

  it('is replaced after the given number of answers', async () => {
    const echo = aProcess({ recycleAfter: 2 });
    const pids: number[] = [];
    for (const say of [1, 2, 3, 4, 5]) pids.push((await ask(echo, { say })).pid);
    expect(pids[0]).toBe(pids[1]);
    expect(pids[2]).toBe(pids[3]);
    expect(new Set(pids).size).toBe(3);
  });

  it('a process killed while idle is started again', async () => {
    const echo = aProcess();
    const { pid } = await ask(echo, { say: 1 });
    process.kill(pid, 'SIGKILL');
    while (echo.pid === pid) await new Promise(setImmediate);
    expect((await ask(echo, { say: 2 })).seen).toBe(1);
  });

  it("sees none of the service's secrets", async () => {
    process.env['WARM_PROCESS_SECRET'] = 'sesame';
    const answer = await ask(aProcess(), { secret: 'WARM_PROCESS_SECRET' });
    delete process.env['WARM_PROCESS_SECRET'];
    expect(answer.secret).toBeUndefined();
  });

  it('closed, it fails what is under way and what comes after', async () => {
    const echo = aProcess();
    await ask(echo, { say: 1 });
    const underWay = ask(echo, { hang: true });
    const closed = expect(underWay).rejects.toThrow(EngineUnavailable);
    await new Promise(setImmediate);
    await echo.close();
    await closed;
    await expect(ask(echo, { say: 2 })).rejects.toThrow('echo is closed');
  });
});

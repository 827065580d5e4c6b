import type { Installation } from './installation';
import { Person } from './person';

const PEOPLE = 30;

/** What people can count on when few or many come. */
export function crowdStories(installation: () => Installation): void {
  it('each of many people at once gets each of their answers once, in order, and nobody else’s', async () => {
    const { sandbox } = installation();
    await sandbox.pace(100, 2);
    const people = await Promise.all(Array.from({ length: PEOPLE }, () => Person.meet(sandbox, 'en')));
    await Promise.all(
      people.map(async (person) => {
        for (const n of [1, 2]) {
          await person.say(`question ${n} of ${person.id}`);
          await person.reads(new RegExp(`you wrote: “question ${n} of ${person.id}”`), 60_000);
        }
      }),
    );
    for (const person of people) {
      const said = (await person.messages()).map(({ text }) => /“?question (\d) of (\d+)/.exec(text!)?.slice(1));
      expect(said).toEqual([1, 1, 2, 2].map((n) => [String(n), String(person.id)]));
    }
  });

  it('events go on as soon as they are said, and not when somebody looks for them', async () => {
    const { sandbox } = installation();
    const person = await Person.meet(sandbox, 'en');
    const took: number[] = [];
    for (const n of [1, 2, 3, 4]) {
      await sandbox.script(`Ping ${n}`, `Pong ${n}`);
      await person.say(`Ping ${n}`);
      await person.reads(new RegExp(`Pong ${n}`));
      const [ping, pong] = (await person.messages()).slice(-2);
      took.push(pong!.storedAt - ping!.storedAt);
    }
    // The way there and back has two events, each of which would wait for a look that comes once a second; the best of
    // some tries, because the machine may be busy.
    expect(Math.min(...took)).toBeLessThan(700);
  });
}

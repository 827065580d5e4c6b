import { Controller, Get, Module, type Type } from '@nestjs/common';
import { ReadAudio } from '@switchboard/contracts';
import { createTestDatabase, startApp, type TestDatabase } from '@switchboard/testing';
import { z } from 'zod';
import { notesApp, SubmitForm } from '../../test/notes.app';
import { defineApp } from '../define-app';
import { type AnswerOf, Implements, Public, type RequestOf } from './route.decorators';

const submit = { name: 'Anna', times: 1 };

@Controller()
class Forgotten {
  @Get('secrets')
  read() {
    return { secret: true };
  }
}

@Controller()
class OpenedByHand {
  @Public()
  @Get('pages/legal')
  read() {
    return { text: 'Read this.' };
  }
}

@Controller()
class Submits {
  @Implements(SubmitForm)
  submit(_: RequestOf<typeof SubmitForm>): AnswerOf<typeof SubmitForm> {
    return submit;
  }
}

@Controller()
class SubmitsToo {
  @Implements(SubmitForm)
  submitToo(): AnswerOf<typeof SubmitForm> {
    return submit;
  }
}

@Controller()
class Speaks {
  @Implements(ReadAudio)
  read(): never {
    throw new Error('not here');
  }
}

function serviceWith(...controllers: Type[]) {
  class Root {}
  Module({ controllers })(Root);
  return defineApp({ ...notesApp, module: Root, entities: [], migrations: [], config: z.object({}) });
}

describe('a service does not start', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it.each<[string, Type[], string]>([
    [
      'whose handler has no permission',
      [Forgotten],
      'Forgotten.read has no permission: give it a route with @Implements',
    ],
    ['that answers a route twice', [Submits, SubmitsToo], 'notes.forms.submit is answered by two handlers'],
    ['that answers for another', [Speaks], 'tts-worker.audio.read belongs to another service'],
  ])('%s', async (_, controllers, sentence) => {
    await expect(startApp(serviceWith(...controllers), { database })).rejects.toThrow(sentence);
  });

  it('that does not answer what the contracts say of it', async () => {
    const app = { ...serviceWith(Submits), name: 'tts-worker' };
    await expect(startApp(app, { database })).rejects.toThrow(
      /forms\.submit belongs to another[^]*tts-worker\.audio\.read is in the contracts, and no controller answers it/,
    );
  });

  it('but does with a handler that was opened by hand', async () => {
    const app = await startApp(serviceWith(OpenedByHand), { database });
    expect(await (await fetch(`${app.url}/pages/legal`)).json()).toEqual({ text: 'Read this.' });
    await app.stop({ keepDatabase: true });
  });
});

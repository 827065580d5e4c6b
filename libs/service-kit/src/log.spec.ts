import { APIError } from 'openai';
import { Writable } from 'node:stream';
import { createLog } from './log';

/** Everything a log prints, as one string. */
function captured(write: (log: ReturnType<typeof createLog>) => void): string {
  const lines: string[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (lines.push(chunk.toString()), done()) });
  const log = createLog({ level: 'info', format: 'json' }, sink);
  write(log);
  return lines.join('');
}

describe('logs', () => {
  it('print no secrets and no message text, wherever they stand', () => {
    const printed = captured((log) =>
      log.info(
        {
          token: 's3cret-1',
          bot: { apiKey: 's3cret-2' },
          a: { b: { password: 's3cret-3' } },
          update: { message: { text: 's3cret-4' } },
        },
        'hello',
      ),
    );
    expect(printed).toContain('hello');
    expect(printed).not.toContain('s3cret');
  });

  it('print nothing of what a server of models says about a request, which it quotes', () => {
    const body = {
      message: 's3cret words',
      type: 'invalid_request_error',
      param: 'messages',
      code: 's3cret words too',
    };
    const refused = APIError.generate(400, { error: body }, undefined, new Headers());
    const printed = captured((log) => log.warn({ err: new Error('a call failed', { cause: refused }) }, 'failed'));
    expect(printed).toContain('answered 400 (type invalid_request_error, param messages)');
    expect(printed).not.toContain('s3cret');
  });

  it('print of an error its kind, message and stack, not the request that an SDK hangs on it', () => {
    const error = Object.assign(
      new Error('call to https://api.telegram.org/bot123:AAsecret/sendMessage failed', {
        cause: new Error('ECONNRESET'),
      }),
      {
        code: 'ECONNRESET',
        request: { headers: { authorization: 's3cret' } },
      },
    );
    const printed = captured((log) => log.error({ err: error }, 'failed'));
    expect(printed).toContain('/bot[redacted]/sendMessage');
    expect(printed).toContain('"cause":{"type":"Error","message":"ECONNRESET"');
    expect(printed).not.toMatch(/AAsecret|s3cret/);
  });

  it("print no address of a person's VPN", () => {
    const token = 'AZaz09AZaz09AZaz09AZaz09AZaz';
    const printed = captured((log) => log.error({ err: new Error(`GET /s/${token}/mihomo failed`) }, 'failed'));
    expect(printed).toContain('/s/[redacted]/mihomo');
    expect(printed).not.toContain(token);
  });
});

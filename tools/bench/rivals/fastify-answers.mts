import Fastify from 'fastify';

/** What answers the same bytes to whoever asks for anything, without asking who it is. */
const { headers, body } = JSON.parse(process.env['ANSWER']!) as { headers: Record<string, string>; body: string };
const app = Fastify();
app.get('/s/:token', (_request, reply) => reply.headers(headers).send(body));
await app.listen({ port: Number(process.env['PORT']), host: '127.0.0.1' });
console.log('ready');

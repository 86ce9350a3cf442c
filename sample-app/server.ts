import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { acceptForms, formText } from '../sandbox/pages/request-fields';
import { sendPage } from '../sandbox/pages/html';
import { bannerFor, ENDED, type Banner } from './banner';
import { diaryPage, messagePage, signInPage } from './pages';
import { ServiceRefusedError, type Connection, type TerraConnect } from './terra-connect';
import { comesFromOurPages, PEOPLE, personOf, remember, type Person } from './visitor';

const SERVICE_AWAY =
  'Device connections are not available right now. Your diary is safe; try again in a minute.';

export function buildSampleApp(terraConnect: TerraConnect, address: { publicUrl: string }): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });
  acceptForms(server);

  server.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'POST' || comesFromOurPages(request, address.publicUrl)) return;
    return sendPage(
      reply,
      messagePage('Not accepted', `Open Pulse Diary at ${address.publicUrl} and try again.`),
      403,
    );
  });
  server.setErrorHandler((error, _request, reply) => {
    const refused = error instanceof ServiceRefusedError;
    const text = refused ? `The device service refused: ${error.message}` : SERVICE_AWAY;
    return sendPage(reply, messagePage('That did not work', text), refused ? 502 : 503);
  });
  server.setNotFoundHandler((_request, reply) =>
    sendPage(reply, messagePage('Not found', 'There is no such page in Pulse Diary.'), 404),
  );

  server.get<{ Querystring: { disconnected?: string } }>('/', async (request, reply) => {
    const person = personOf(request);
    if (!person) return sendPage(reply, signInPage(PEOPLE));
    const banner: Banner = { tone: 'quiet', text: 'The device was disconnected.' };
    return showDiary(terraConnect, reply, person, request.query.disconnected ? banner : null);
  });

  server.post('/sign-in', (request, reply) => {
    const person = PEOPLE.find(({ slug }) => slug === formText(request.body, 'person'));
    if (person) remember(reply, person);
    return reply.redirect('/', 303);
  });

  server.post('/connect', async (request, reply) => {
    const person = personOf(request);
    if (!person) return reply.redirect('/', 303);
    const session = await terraConnect.createSession(person.referenceId, `${address.publicUrl}/connected`);
    return reply.redirect(session.connectUrl, 303);
  });

  server.get<{ Querystring: { session_id?: string } }>('/connected', async (request, reply) => {
    const person = personOf(request);
    if (!person) return sendPage(reply, signInPage(PEOPLE));
    const banner = await bannerFor(terraConnect, person, request.query.session_id ?? '', request.url);
    return showDiary(terraConnect, reply, person, banner);
  });

  server.post<{ Params: { id: string } }>('/devices/:id/disconnect', async (request, reply) => {
    const person = personOf(request);
    if (!person) return reply.redirect('/', 303);
    const connection = await findConnection(terraConnect, request.params.id);
    // The id comes from the browser: without this check anybody could end anybody's connection.
    if (connection?.referenceId !== person.referenceId) {
      return sendPage(reply, messagePage('Not found', 'This device is not on your list.'), 404);
    }
    await terraConnect.disconnect(connection.id);
    return reply.redirect('/?disconnected=1', 303);
  });

  return server;
}

/** The page stands without the service, too: only the list of devices is replaced by a notice. */
async function showDiary(
  terraConnect: TerraConnect,
  reply: FastifyReply,
  person: Person,
  banner: Banner | null,
): Promise<FastifyReply> {
  const listed = await terraConnect.listConnections(person.referenceId).catch((error: unknown) => {
    if (error instanceof ServiceRefusedError) throw error;
    return null;
  });
  if (!listed) return sendPage(reply, diaryPage(person, [], { tone: 'bad', text: SERVICE_AWAY }), 503);
  const devices = listed.filter(({ status }) => !ENDED.includes(status));
  return sendPage(reply, diaryPage(person, devices, banner));
}

async function findConnection(terraConnect: TerraConnect, id: string): Promise<Connection | null> {
  try {
    return await terraConnect.getConnection(id);
  } catch (error) {
    if (error instanceof ServiceRefusedError && error.status < 500 && error.status !== 401) return null;
    throw error;
  }
}

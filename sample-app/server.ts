import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { sendPage } from '../sandbox/pages/html';
import { acceptForms, formText } from '../sandbox/pages/request-fields';
import { bannerFor, ENDED_STATUSES, type Banner } from './banner';
import { diaryPage, messagePage, signInPage } from './pages';
import { END_USERS, isSameOrigin, setSignInCookie, signedInEndUser, type EndUser } from './sign-in';
import { ServiceRejectedError, type Connection, type TerraConnectClient } from './terra-connect-client';

const SERVICE_UNAVAILABLE =
  'Device connections are not available right now. Your diary is not affected. Try again in a minute.';

export function buildSampleApp(
  terraConnect: TerraConnectClient,
  address: { publicUrl: string },
): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });
  acceptForms(server);

  server.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'POST' || isSameOrigin(request, address.publicUrl)) return;
    return sendPage(
      reply,
      messagePage(
        'Not accepted',
        `This form came from another site. Open Pulse Diary at ${address.publicUrl} and try again.`,
      ),
      403,
    );
  });
  server.setErrorHandler((error, _request, reply) => {
    const rejected = error instanceof ServiceRejectedError;
    const text = rejected ? `The device service rejected the request: ${error.message}` : SERVICE_UNAVAILABLE;
    return sendPage(reply, messagePage('Something went wrong', text), rejected ? 502 : 503);
  });
  server.setNotFoundHandler((_request, reply) =>
    sendPage(reply, messagePage('Not found', 'Pulse Diary has no such page.'), 404),
  );

  server.get<{ Querystring: { disconnected?: string } }>('/', async (request, reply) => {
    const user = signedInEndUser(request);
    if (!user) return sendPage(reply, signInPage(END_USERS));
    const banner: Banner = { tone: 'quiet', text: 'The device was disconnected.' };
    return showDiary(terraConnect, reply, user, request.query.disconnected ? banner : null);
  });

  server.post('/sign-in', (request, reply) => {
    const user = END_USERS.find(({ slug }) => slug === formText(request.body, 'user'));
    if (user) setSignInCookie(reply, user);
    return reply.redirect('/', 303);
  });

  server.post('/connect', async (request, reply) => {
    const user = signedInEndUser(request);
    if (!user) return reply.redirect('/', 303);
    const session = await terraConnect.createSession(user.referenceId, `${address.publicUrl}/connected`);
    return reply.redirect(session.connectUrl, 303);
  });

  server.get<{ Querystring: { session_id?: string } }>('/connected', async (request, reply) => {
    const user = signedInEndUser(request);
    if (!user) return sendPage(reply, signInPage(END_USERS));
    const banner = await bannerFor(terraConnect, user, request.query.session_id ?? '', request.url);
    return showDiary(terraConnect, reply, user, banner);
  });

  server.post<{ Params: { id: string } }>('/devices/:id/disconnect', async (request, reply) => {
    const user = signedInEndUser(request);
    if (!user) return reply.redirect('/', 303);
    const connection = await findConnection(terraConnect, request.params.id);
    // The id comes from the browser: without this check, one end user could end the connection of another.
    if (connection?.referenceId !== user.referenceId) {
      return sendPage(reply, messagePage('Not found', 'This device is not on your list.'), 404);
    }
    await terraConnect.disconnect(connection.id);
    return reply.redirect('/?disconnected=1', 303);
  });

  return server;
}

/** Shows the diary. If the service is unavailable, a banner replaces the device list. */
async function showDiary(
  terraConnect: TerraConnectClient,
  reply: FastifyReply,
  user: EndUser,
  banner: Banner | null,
): Promise<FastifyReply> {
  const listed = await terraConnect.listConnections(user.referenceId).catch((error: unknown) => {
    if (error instanceof ServiceRejectedError) throw error;
    return null;
  });
  if (!listed) return sendPage(reply, diaryPage(user, [], { tone: 'bad', text: SERVICE_UNAVAILABLE }), 503);
  const devices = listed.filter(({ status }) => !ENDED_STATUSES.includes(status));
  return sendPage(reply, diaryPage(user, devices, banner));
}

async function findConnection(terraConnect: TerraConnectClient, id: string): Promise<Connection | null> {
  try {
    return await terraConnect.getConnection(id);
  } catch (error) {
    if (error instanceof ServiceRejectedError && error.status < 500 && error.status !== 401) return null;
    throw error;
  }
}

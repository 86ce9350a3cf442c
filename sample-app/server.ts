import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { sendPage } from '../sandbox/pages/html';
import { acceptForms, formText } from '../sandbox/pages/request-fields';
import { bannerFor, type Banner } from './banner';
import { earlierDevices, isEnded } from './device-state';
import { errorTextOf, SERVICE_UNAVAILABLE } from './error-text';
import { diaryPage, messagePage, phonePage, signInPage, type Devices } from './pages';
import { END_USERS, isSameOrigin, setSignInCookie, signedInEndUser, type EndUser } from './sign-in';
import {
  isMissing,
  ServiceRejectedError,
  type Connection,
  type TerraConnectClient,
} from './terra-connect-client';

const NO_DEVICES: Devices = { inUse: [], earlier: [], successors: new Map() };

const NOT_ON_LIST = messagePage(
  'Not found',
  'This device is not on your list. Go back to see the devices that are.',
);

export function buildSampleApp(
  terraConnect: TerraConnectClient,
  address: { publicUrl: string },
): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });
  acceptForms(server);
  const returnUrl = (): string => `${address.publicUrl}/connected`;

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
  server.setErrorHandler((error, request, reply) => {
    const { status, text, forDevelopers } = errorTextOf(error);
    const retry = request.method === 'POST' ? request.url : null;
    return sendPage(reply, messagePage('Something went wrong', text, { forDevelopers, retry }), status);
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
    const { referenceId } = user;
    const session = await terraConnect.createSession({ referenceId, returnUrl: returnUrl() });
    return reply.redirect(session.connectUrl, 303);
  });

  server.get('/phone', (request, reply) => {
    const user = signedInEndUser(request);
    return sendPage(reply, user ? phonePage(user) : signInPage(END_USERS));
  });

  server.get<{ Querystring: { session_id?: string } }>('/connected', async (request, reply) => {
    const user = signedInEndUser(request);
    if (!user) return sendPage(reply, signInPage(END_USERS));
    const banner = await bannerFor(terraConnect, user, request.query.session_id ?? '', request.url);
    return showDiary(terraConnect, reply, user, banner);
  });

  server.post<{ Params: { id: string } }>('/devices/:id/reconnect', async (request, reply) => {
    const user = signedInEndUser(request);
    if (!user) return reply.redirect('/', 303);
    const { referenceId } = user;
    const connection = await findConnection(terraConnect, user, request.params.id);
    if (!connection) return sendPage(reply, NOT_ON_LIST, 404);
    const session = await terraConnect.createSession({
      referenceId,
      returnUrl: returnUrl(),
      connectionId: connection.id,
    });
    return reply.redirect(session.connectUrl, 303);
  });

  server.post<{ Params: { id: string } }>('/devices/:id/disconnect', async (request, reply) => {
    const user = signedInEndUser(request);
    if (!user) return reply.redirect('/', 303);
    const connection = await findConnection(terraConnect, user, request.params.id);
    if (!connection) return sendPage(reply, NOT_ON_LIST, 404);
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
  const devices = await readDevices(terraConnect, user).catch((error: unknown) => {
    if (error instanceof ServiceRejectedError) throw error;
    return null;
  });
  if (!devices)
    return sendPage(reply, diaryPage(user, NO_DEVICES, { tone: 'bad', text: SERVICE_UNAVAILABLE }), 503);
  return sendPage(reply, diaryPage(user, devices, banner));
}

async function readDevices(terraConnect: TerraConnectClient, user: EndUser): Promise<Devices> {
  const connections = await terraConnect.listConnections(user.referenceId);
  const inUse = connections.filter((one) => !isEnded(one));
  const retired = inUse.filter(({ statusReason }) => statusReason === 'provider_retired');
  const successors = new Map<string, string | null>();
  for (const provider of new Set(retired.map((one) => one.provider)))
    successors.set(provider, await terraConnect.successorOf(provider));
  return { inUse, earlier: earlierDevices(connections), successors };
}

/**
 * The connection of the end user with this id. The id comes from the browser: without the check of the reference, one end
 * user could end or reconnect the connection of another.
 */
async function findConnection(
  terraConnect: TerraConnectClient,
  { referenceId }: EndUser,
  id: string,
): Promise<Connection | null> {
  try {
    const connection = await terraConnect.getConnection(id);
    return connection.referenceId === referenceId ? connection : null;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

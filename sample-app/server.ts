import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { sendPage } from '../sandbox/pages/html';
import { acceptForms, formText } from '../sandbox/pages/request-fields';
import { bannerFor, type Banner } from './banner';
import { findConnection } from './devices';
import { Diary } from './diary/diary';
import { DiaryView } from './diary/diary-view';
import { LivePages } from './diary/live-pages';
import { diaryRoutes } from './diary/routes';
import { errorTextOf } from './error-text';
import { eventHandler } from './events/event-handler';
import { receiveEvents, WEBHOOK_PATH } from './events/receiver';
import type { Subscription } from './events/subscription';
import { messagePage, phonePage, signInPage } from './pages';
import { END_USERS, isSameOrigin, setSignInCookie, signedInEndUser, type EndUser } from './sign-in';
import type { TerraConnectClient } from './terra-connect-client';

const NOT_ON_LIST = messagePage(
  'Not found',
  'This device is not on your list. Go back to see the devices that are.',
);

export function buildSampleApp(
  terraConnect: TerraConnectClient,
  subscription: Subscription,
  address: { publicUrl: string },
): FastifyInstance {
  const server = Fastify({ forceCloseConnections: true });
  const diary = new Diary();
  const view = new DiaryView(terraConnect, diary, subscription);
  const livePages = new LivePages((user) => view.parts(user));
  acceptForms(server);
  receiveEvents(server, subscription, eventHandler(diary, livePages));
  diaryRoutes(server, livePages);
  const showDiary = async (
    reply: FastifyReply,
    user: EndUser,
    banner: Banner | null,
  ): Promise<FastifyReply> => {
    const { page, status } = await view.page(user, banner);
    return sendPage(reply, page, status);
  };
  const returnUrl = (): string => `${address.publicUrl}/connected`;

  server.addHook('preHandler', async (request, reply) => {
    if (request.method !== 'POST' || isSameOrigin(request, address.publicUrl)) return;
    // Its signature says whose it is.
    if (request.routeOptions.url === WEBHOOK_PATH) return;
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
    return showDiary(reply, user, request.query.disconnected ? banner : null);
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
    return showDiary(reply, user, banner);
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

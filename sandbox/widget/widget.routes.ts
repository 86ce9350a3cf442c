import type { FastifyInstance, FastifyReply } from 'fastify';
import type { ConnectAttempt } from '../account/account';
import type { LinkedUser } from '../account/linked-user';
import { findProvider, type Provider } from '../account/providers';
import type { WidgetSession } from '../account/widget-sessions';
import type { SandboxContext } from '../context';
import { escapeHtml, sendPage } from '../pages/html';
import { formList, formText, queryText } from '../pages/request-fields';
import { consentPage, messagePage, providerListPage, resultPage } from './pages';
import { failureRedirect, successRedirect } from './redirects';

interface LinkParams {
  Params: { link: string; provider: string };
}

/** Pages for the end user's browser: the list of providers, the provider's consent page, and the redirect back to the app. */
export function widgetRoutes(server: FastifyInstance, context: SandboxContext): void {
  const { account, behaviour } = context;

  server.get('/widget/session/demo/success', (_request, reply) =>
    sendPage(reply, messagePage('Connected', 'You can close this page.')),
  );
  server.get('/widget/session/demo/failure', (_request, reply) =>
    sendPage(reply, messagePage('Not connected', 'You can close this page and try again in the app.')),
  );
  server.get<LinkParams>('/widget/icons/:provider', (request, reply) =>
    reply.type('image/svg+xml').send(icon(request.params.provider)),
  );

  server.get<LinkParams>('/widget/session/:link', (request, reply) => {
    const session = openSession(context, request.params.link, reply);
    if (!session) return reply;
    const [only, another] = session.providers;
    // Terra: a single provider needs no list of providers. After a link, the end user needs the list for its Done button.
    if (only && !another && !session.lastLinked && !session.showDisconnect) {
      return reply.redirect(`/widget/session/${session.linkId}/provider/${only}`);
    }
    return sendPage(
      reply,
      providerListPage(session, connectedUsers(context, session), queryText(request.query, 'connected')),
    );
  });

  server.get<LinkParams>('/widget/session/:link/provider/:provider', (request, reply) => {
    const opened = openProvider(context, request.params, reply);
    if (!opened) return reply;
    const { session, provider } = opened;
    // Terra: a browser cannot link a phone-only provider. Terra redirects it to the success URL, without a user id.
    if (provider.phoneOnly) {
      return reply.redirect(successRedirect(context, session, { userId: null, provider: provider.code }));
    }
    return sendPage(reply, consentPage(session, provider));
  });

  server.post<LinkParams>('/widget/session/:link/provider/:provider', async (request, reply) => {
    const opened = openProvider(context, request.params, reply);
    if (!opened) return reply;
    const { session, provider } = opened;
    const scopes = formList(request.body, 'scope').filter((scope) => provider.scopes.includes(scope));
    const attempt: ConnectAttempt = {
      provider: provider.code,
      referenceId: session.referenceId,
      providerAccount: formText(request.body, 'account').trim(),
      scopes,
      widgetSessionId: session.sessionId,
      userId: unusedPreallocatedId(context, session),
    };
    const reason = failureReason(provider, formText(request.body, 'action'), scopes);
    if (reason) account.fail(attempt, reason);
    const user = reason ? null : account.connect(attempt);
    if (user) session.lastLinked = { userId: user.userId, provider: provider.code };
    if (behaviour.redirectAfterWebhooks) await waitForWebhooks(context);

    if (user && session.multiAuth) {
      return reply.redirect(`/widget/session/${session.linkId}?connected=${provider.code}`, 303);
    }
    const back = user
      ? successRedirect(context, session, { userId: user.userId, provider: provider.code })
      : failureRedirect(context, session, { provider: provider.code, reason: reason ?? '' });
    if (session.bypassFeedback) return reply.redirect(back, 303);
    return sendPage(reply, resultPage({ provider: provider.code, reason }, back));
  });

  server.post<LinkParams>('/widget/session/:link/disconnect', (request, reply) => {
    const session = openSession(context, request.params.link, reply);
    if (!session) return reply;
    const userId = formText(request.body, 'user_id');
    const mayDisconnect =
      session.showDisconnect && connectedUsers(context, session).some((user) => user.userId === userId);
    if (mayDisconnect) account.deauthenticate(userId);
    return reply.redirect(`/widget/session/${session.linkId}`, 303);
  });

  server.post<LinkParams>('/widget/session/:link/done', (request, reply) => {
    const session = openSession(context, request.params.link, reply);
    if (!session) return reply;
    if (!session.lastLinked) return reply.redirect(`/widget/session/${session.linkId}`, 303);
    return reply.redirect(successRedirect(context, session, session.lastLinked), 303);
  });
}

/** Finds the session. For an unknown or expired link it sends an error page and returns null. */
function openSession(context: SandboxContext, link: string, reply: FastifyReply): WidgetSession | null {
  const session = context.account.widgetSessions.find(link);
  if (!session) {
    sendPage(reply, messagePage('Unknown link', 'Go back to the app and start again.'), 404);
    return null;
  }
  if (context.account.widgetSessions.hasExpired(session)) {
    sendPage(reply, messagePage('This link has expired', 'Go back to the app and start again.'), 410);
    return null;
  }
  return session;
}

function openProvider(
  context: SandboxContext,
  params: LinkParams['Params'],
  reply: FastifyReply,
): { session: WidgetSession; provider: Provider } | null {
  const session = openSession(context, params.link, reply);
  if (!session) return null;
  const provider = findProvider(params.provider);
  if (!provider || !session.providers.includes(provider.code)) {
    sendPage(reply, messagePage('Not available', 'This provider is not part of this session.'), 404);
    return null;
  }
  // Terra: at the user limit, the widget rejects new users before the provider page. Linked users stay.
  if (context.behaviour.userCapReached) {
    sendPage(
      reply,
      messagePage('User Limit Reached', 'This environment has reached its maximum number of users.'),
      403,
    );
    return null;
  }
  return { session, provider };
}

function connectedUsers(context: SandboxContext, session: WidgetSession): LinkedUser[] {
  const ofReference = session.referenceId === null ? [] : context.account.usersOf(session.referenceId);
  const byId = context.account
    .linkedUsers()
    .filter(({ userId }) => session.connectedUserIds.includes(userId));
  return [...new Set([...ofReference, ...byId])];
}

function failureReason(provider: Provider, action: string, scopes: string[]): string | null {
  if (action !== 'allow') return 'access_denied';
  return provider.requiredScopes.every((scope) => scopes.includes(scope)) ? null : 'missing_scopes';
}

function unusedPreallocatedId(context: SandboxContext, session: WidgetSession): string | undefined {
  const id = session.preallocatedUserId;
  return id && context.account.users.get(id)?.isAuthenticated === false ? id : undefined;
}

async function waitForWebhooks(context: SandboxContext): Promise<void> {
  const { webhookDelayMs, webhookTimeoutMs } = context.behaviour;
  const horizonMs = webhookDelayMs + 200;
  // The timeout: a receiver that never answers must not block the browser.
  await context.dispatcher
    .idle({ horizonMs, timeoutMs: horizonMs + webhookTimeoutMs })
    .catch(() => undefined);
}

function icon(provider: string): string {
  const letter = escapeHtml(provider.charAt(0).toUpperCase());
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" role="img"><circle cx="24" cy="24" r="23" fill="#0b5f8a"/><text x="24" y="32" font-size="24" font-family="sans-serif" text-anchor="middle" fill="#fff">${letter}</text></svg>`;
}

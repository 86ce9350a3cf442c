import type { FastifyInstance } from 'fastify';
import { toWireUser, type LinkedUser } from '../account/linked-user';
import { syntheticUserById, syntheticUsersOf, UserList } from '../account/synthetic-users';
import type { SandboxContext } from '../context';
import { queryText } from '../pages/request-fields';
import { ApiError } from './errors';

const DEFAULT_PAGE_SIZE = 500;
/** The limit of users in Terra's testing and staging environments. */
const USER_CAP = 50;
/** Limits the size of one answer, however many users the sandbox generates. */
const MAX_GENERATED = 10_000;

/** userInfo, subscriptions and bulkUserInfo, in every shape that Terra's documents show. */
export function userRoutes(server: FastifyInstance, context: SandboxContext): void {
  const { account, behaviour } = context;

  server.get('/userInfo', (request) => {
    const userId = queryText(request.query, 'user_id');
    const referenceId = queryText(request.query, 'reference_id');
    if (userId) return userById(context, userId);
    if (!referenceId) throw new ApiError(400, 'user_id or reference_id is required');

    const users = behaviour.emptyLists
      ? []
      : [...account.usersOf(referenceId), ...syntheticUsersOf(referenceId, generatedUsers(context))];
    const isUnknown = users.length === 0 && !behaviour.emptyLists;
    if (isUnknown && behaviour.unknownReference === '404') {
      throw new ApiError(404, `No user with reference_id ${referenceId} was found`);
    }
    return referenceAnswer(users, behaviour.userInfoShape);
  });

  server.get('/subscriptions', (request) => {
    const page = queryText(request.query, 'page');
    const perPage = queryText(request.query, 'per_page');
    const pageSize =
      page === null ? Infinity : perPage === null ? DEFAULT_PAGE_SIZE : wholeNumber(perPage, 'per_page', 1);
    if (Math.min(pageSize, generatedUsers(context)) > MAX_GENERATED) {
      throw new ApiError(
        400,
        `One answer lists at most ${MAX_GENERATED} generated users. Ask for pages with page and per_page`,
      );
    }
    const users = behaviour.emptyLists
      ? new UserList([], 0)
      : new UserList(account.linkedUsers(), generatedUsers(context));
    if (page === null) return { status: 'success', users: users.slice(0, users.length).map(toWireUser) };
    return pageAnswer(users, wholeNumber(page, 'page', 0), pageSize, behaviour.subscriptionsShape);
  });

  server.post('/bulkUserInfo', (request) => {
    const ids: unknown = request.body;
    if (!Array.isArray(ids)) throw new ApiError(400, 'The request body must be a list of user ids');
    const found = ids.map((id) => findUser(context, String(id))).filter((user) => user !== null);
    return found.map(toWireUser);
  });
}

function findUser(context: SandboxContext, userId: string): LinkedUser | null {
  return context.account.users.get(userId) ?? syntheticUserById(userId, generatedUsers(context));
}

/** At the limit of users, generated ones fill the account. */
function generatedUsers({ account, behaviour }: SandboxContext): number {
  const toCap = behaviour.userCapReached ? USER_CAP - account.linkedUsers().length : 0;
  return Math.max(behaviour.syntheticUsers, toCap);
}

function userById(context: SandboxContext, userId: string): object {
  const user = findUser(context, userId);
  if (!user) throw new ApiError(404, `User ${userId} was not found`);
  const { last_webhook_update } = toWireUser(user);
  return {
    status: 'success',
    is_authenticated: user.isAuthenticated,
    user: { ...toWireUser(user), last_polled_at: null, most_recent_data_at: last_webhook_update },
  };
}

/** Terra's spec shows a bare array, its sample app reads `{users}`, and an older text shows one `{user}`. */
function referenceAnswer(users: LinkedUser[], shape: 'array' | 'users' | 'user'): object {
  const wireUsers = users.map(toWireUser);
  if (shape === 'array') return wireUsers;
  if (shape === 'users') return { status: 'success', users: wireUsers };
  return { status: 'success', is_authenticated: wireUsers.length > 0, user: wireUsers.at(-1) ?? null };
}

/** Terra: flat since October 2026, with `max_page` as a count; before, nested with `max_page` as the last index. */
function pageAnswer(users: UserList, page: number, perPage: number, shape: 'flat' | 'nested'): object {
  const pages = Math.ceil(users.length / perPage);
  const results = users.slice(page * perPage, (page + 1) * perPage).map(toWireUser);
  const next = page + 1 < pages ? page + 1 : null;
  if (shape === 'flat') return { status: 'success', next, max_page: pages, results };
  return { status: 'success', data: { next, max_page: Math.max(pages - 1, 0), results } };
}

function wholeNumber(text: string, name: string, min: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < min)
    throw new ApiError(400, `${name} must be a whole number from ${min}`);
  return number;
}

import { isEnded, stateOf } from '../device-state';
import type { Diary } from '../diary/diary';
import type { LivePages } from '../diary/live-pages';
import { providerName } from '../providers';
import { END_USERS } from '../sign-in';
import type { Connection } from '../terra-connect-client';
import { recordFrom, type ServiceEvent } from './service-event';

/**
 * What this app does when it learns of an event. About devices it stores nothing: the service has their state, and open
 * pages read it anew.
 */
export function eventHandler(diary: Diary, livePages: LivePages): (event: ServiceEvent) => void {
  return (event) => {
    // Other apps may use the service, too.
    const user = END_USERS.find(({ referenceId }) => referenceId === event.referenceId);
    if (!user) return;
    if (event.type === 'end_user.erased') diary.forget(user.referenceId);
    if (event.type.startsWith('data.') && !diary.add(user.referenceId, event)) return;
    livePages.refresh(user);
    const connection = connectionOf(event);
    // "Your device is connected" is no longer true.
    if (connection && isEnded(connection)) livePages.tell(user, 'good-banner', '');
    const news = newsOf(event, connection);
    if (news) livePages.tell(user, 'news', news);
  };
}

/** The sentence that a page shows, and a screen reader says; null: there is nothing to say. */
function newsOf({ type, data }: ServiceEvent, connection: Connection | null): string | null {
  if (type.startsWith('data.') && typeof data.provider === 'string')
    return `New data from ${providerName(data.provider)}.`;
  return connection && `${providerName(connection.provider)}: ${stateOf(connection, null).text}`;
}

/** The connection after the change, as `GET /v1/connections/{id}` shows it; null: the event is about none. */
function connectionOf({ data }: ServiceEvent): Connection | null {
  const connection = recordFrom(data.connection) as Partial<Connection>;
  return typeof connection.provider === 'string' ? (connection as Connection) : null;
}

import { VERSION, type TerraEvent } from '../account/events';
import { toWireUser, type LinkedUser } from '../account/linked-user';
import { activityObject, bodyObject, dailyObject, sleepObject, type DataObject } from './data-objects';
import { dayBefore, localDay, MINUTE } from './local-time';
import { deviceOf, sourceOf, type Source } from './source';

/** The kinds of data that have one object per day, if any. */
const OBJECT_OF_DAY = {
  activity: activityObject,
  body: bodyObject,
  daily: dailyObject,
  sleep: sleepObject,
};

export type DayDataType = keyof typeof OBJECT_OF_DAY;
export type DataType = DayDataType | 'athlete';

export const DAY_DATA_TYPES = Object.keys(OBJECT_OF_DAY) as DayDataType[];
export const DATA_TYPES: readonly DataType[] = [...DAY_DATA_TYPES, 'athlete'];

/** Each person trains on three days of a week, so a week always has an activity. */
const DAYS_WITH_EVERYTHING = 8;

/**
 * The newest data of a type: today's daily, or the last night, activity or measurement that has ended.
 *
 * @param walkedSteps steps of today that come on top of what the time of day gives
 */
export function latestDataEvent(user: LinkedUser, type: DataType, at: number, walkedSteps = 0): TerraEvent {
  const source = sourceOf(user);
  if (type === 'athlete') return athleteEvent(user, source, at);
  const today = localDay(at, source.person.zoneMinutes);
  if (type === 'daily')
    return dayDataEvent(user, type, compact([dailyObject(source, today, at, walkedSteps)]));
  for (let days = 0; days < DAYS_WITH_EVERYTHING; days += 1) {
    const object = OBJECT_OF_DAY[type](source, dayBefore(today, days), at);
    if (object) return dayDataEvent(user, type, [object]);
  }
  return dayDataEvent(user, type, []);
}

/** The last days, today included, oldest first. */
export function objectsOfDays(user: LinkedUser, type: DayDataType, days: number, at: number): DataObject[] {
  const source = sourceOf(user);
  const today = localDay(at, source.person.zoneMinutes);
  const dates = Array.from({ length: days }, (_, index) => dayBefore(today, days - 1 - index));
  return compact(dates.map((day) => OBJECT_OF_DAY[type](source, day, at)));
}

export function dayDataEvent(user: LinkedUser, type: DayDataType, data: DataObject[]): TerraEvent {
  return { type, user: toWireUser(user), data, version: VERSION };
}

/** The only event that names the account at the provider. It has an object where other data events have a list. */
function athleteEvent(user: LinkedUser, { person, provider }: Source, at: number): TerraEvent {
  const yearOfBirth = Number(localDay(at, person.zoneMinutes).slice(0, 4)) - person.age;
  return {
    type: 'athlete',
    user: toWireUser(user),
    athlete: {
      provider_user_id: user.providerAccount,
      age: person.age,
      date_of_birth: `${yearOfBirth}-01-01`,
      sex: person.sex,
      gender: person.sex,
      joined_provider: new Date(user.createdAt - 400 * 24 * 60 * MINUTE).toISOString().slice(0, 10),
      devices: [deviceOf(provider)],
    },
    version: VERSION,
  };
}

function compact(objects: (DataObject | null)[]): DataObject[] {
  return objects.filter((object) => object !== null);
}

import { html, type Html } from '../../sandbox/pages/html';
import { providerName } from '../providers';
import type { DayEntry, Entry, NightEntry, WorkoutEntry } from './terra-data';

/** @param endedIds connections that have ended: their entries stay, and say so */
export function diaryEntries(entries: readonly Entry[], endedIds: ReadonlySet<string>): Html {
  if (entries.length === 0) {
    return html`<p class="quiet" data-testid="diary-empty">
      Nothing here yet. Your data appears some seconds after you have connected a device.
    </p>`;
  }
  const days = [...new Set(entries.map(({ day }) => day))];
  return html`${days.map((day) =>
    daySection(
      day,
      entries.filter((entry) => entry.day === day),
      endedIds,
    ),
  )}`;
}

function daySection(day: string, entries: readonly Entry[], endedIds: ReadonlySet<string>): Html {
  const connectionIds = [...new Set(entries.map(({ connectionId }) => connectionId))];
  return html`<div class="day" data-testid="day-${day}">
    <h3><time datetime="${day}">${dayName(day)}</time></h3>
    ${connectionIds.map((id) => {
      const ofDevice = entries.filter(({ connectionId }) => connectionId === id);
      return deviceOfDay(ofDevice, endedIds.has(id));
    })}
  </div>`;
}

function deviceOfDay(entries: readonly Entry[], hasEnded: boolean): Html {
  const provider = entries[0]?.provider ?? '';
  const contents = entries.map(({ content }) => content);
  const day = contents.find((content) => content.kind === 'day');
  // A nap is a night of its own.
  const [night] = contents
    .filter((content) => content.kind === 'night')
    .sort((one, other) => (other.asleepSeconds ?? 0) - (one.asleepSeconds ?? 0));
  const workouts = contents.filter((content) => content.kind === 'workout');
  const ended = hasEnded && html` <span class="ended" data-testid="ended-${provider}">disconnected</span>`;
  return html`<div data-testid="entries-${provider}">
    <p class="source">${providerName(provider)}${ended}</p>
    ${(day || night) && html`<dl class="values">${valuesOf(provider, day, night)}</dl>`}
    ${
      workouts.length > 0 &&
      html`<ul class="workouts">
        ${workouts.map((workout) => workoutRow(workout))}
      </ul>`
    }
  </div>`;
}

function valuesOf(provider: string, day: DayEntry | undefined, night: NightEntry | undefined): Html[] {
  const restingOrAverage = day?.restingBpm ?? day?.averageBpm;
  return [
    value(`steps-${provider}`, 'Steps', amount(day?.steps), [
      kilometers(day?.meters),
      amount(day?.calories, 'kcal'),
    ]),
    value(`sleep-${provider}`, 'Sleep', duration(night?.asleepSeconds), [
      labelled('deep', duration(night?.deepSeconds)),
      labelled('REM', duration(night?.remSeconds)),
      labelled('awake', duration(night?.awakeSeconds)),
    ]),
    value(`heart-${provider}`, 'Heart rate', amount(restingOrAverage, 'bpm'), [
      day?.restingBpm != null && 'resting',
      labelled('average', amount(day?.averageBpm)),
      day?.lowestBpm != null &&
        day.highestBpm != null &&
        `${amount(day.lowestBpm)} to ${amount(day.highestBpm)}`,
      labelled('HRV', amount(day?.hrvMs, 'ms')),
    ]),
  ];
}

function value(
  id: string,
  name: string,
  text: string | null,
  details: readonly (string | null | false)[],
): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd data-testid="${id}">${text ?? '–'}</dd>
    <dd class="quiet details">${detailsOf(details)}</dd>
  </div>`;
}

function workoutRow({ name, seconds, meters, calories, averageBpm }: WorkoutEntry): Html {
  const details = [
    duration(seconds),
    kilometers(meters),
    amount(calories, 'kcal'),
    amount(averageBpm, 'bpm'),
  ];
  return html`<li><strong>${name}</strong> <span class="quiet details">${detailsOf(details)}</span></li>`;
}

/** A line breaks between two details, not within one. */
function detailsOf(details: readonly (string | null | false)[]): Html[] {
  const texts = details.filter((text) => text !== null && text !== false);
  return texts.map((text, index) => html`${index > 0 && ' · '}<span>${text}</span>`);
}

function labelled(label: string, text: string | null): string | null {
  return text && `${label} ${text}`;
}

function amount(number: number | null | undefined, unit = ''): string | null {
  return number == null ? null : `${Math.round(number).toLocaleString('en')} ${unit}`.trim();
}

function kilometers(meters: number | null | undefined): string | null {
  return meters == null ? null : `${(meters / 1_000).toFixed(1)} km`;
}

function duration(seconds: number | null | undefined): string | null {
  if (seconds == null) return null;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The day is that of the end user's clock, which this server does not know: so there is no "today". */
function dayName(day: string): string {
  const date = new Date(`${day}T00:00:00Z`);
  if (Number.isNaN(date.getTime())) return day;
  return new Intl.DateTimeFormat('en-GB', {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    timeZone: 'UTC',
  }).format(date);
}

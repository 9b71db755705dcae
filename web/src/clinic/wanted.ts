// What the inbox is asked for; it lies in the address, so that "back" from a report finds the same list.

export interface Wanted {
  patient: string
  from: string
  to: string
  unread: boolean
  site: string
}

export const EARLIEST = '1900-01-01'
export const LATEST = '9999-12-31'
const DAY = /^\d{4}-\d\d-\d\d$/

/** Whether this is a day that somebody may mean: one in the year 20 or 202 is not typed to its end. */
export function isDay(text: string): boolean {
  return DAY.test(text) && text >= EARLIEST
}

export function wantedIn(search: string): Wanted {
  const given = new URLSearchParams(search)
  const day = (name: string) => (isDay(given.get(name) ?? '') ? given.get(name)! : '')
  return {
    patient: (given.get('patient') ?? '').slice(0, 256),
    from: day('from'),
    to: day('to'),
    unread: given.get('unread') === '1',
    site: (given.get('site') ?? '').slice(0, 32),
  }
}

/** The address of the page that shows this; what is not asked for is not in it. */
export function addressOf(wanted: Wanted): string {
  const { unread, ...texts } = wanted
  const given = new URLSearchParams(Object.entries(texts).filter(([, text]) => text))
  if (unread) given.set('unread', '1')
  const search = given.toString()
  return search ? `/clinic?${search}` : '/clinic'
}

/** What the hub is asked. */
export function inboxPath(wanted: Wanted, limit: number): string {
  const asked = new URLSearchParams({ unread_first: 'true', limit: String(limit) })
  if (wanted.patient.trim()) asked.set('patient', wanted.patient.trim())
  if (wanted.from) asked.set('study_date_from', wanted.from)
  if (wanted.to) asked.set('study_date_to', wanted.to)
  if (wanted.unread) asked.set('unread', 'true')
  if (wanted.site) asked.set('site', wanted.site)
  return `/api/v1/reports?${asked}`
}

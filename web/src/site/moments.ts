// Times as people at a site read them, in the chosen language.
import { locale } from '../shell/words'

/** `14:05` today, else with the day. */
export function momentOf(moment: string, now: Date = new Date()): string {
  const at = new Date(moment)
  const isToday = at.toDateString() === now.toDateString()
  const day: Intl.DateTimeFormatOptions = isToday ? {} : { month: '2-digit', day: '2-digit' }
  const year: Intl.DateTimeFormatOptions = at.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }
  return at.toLocaleString(locale(), { ...year, ...day, hour: '2-digit', minute: '2-digit', hour12: false })
}

/** A size as people say it. */
export function sizeOf(bytes: number): string {
  const [unit, divisor] = bytes < 1e6 ? ['kB', 1e3] : bytes < 1e9 ? ['MB', 1e6] : ['GB', 1e9]
  const value = bytes / (divisor as number)
  return `${value.toLocaleString(locale(), { maximumFractionDigits: value < 10 ? 1 : 0 })} ${unit}`
}

// Sizes, spans and moments as a person reads them, in the language of the page.
import { locale } from '../shell/words'

const SIZES = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
const SPANS: [unit: 'day' | 'hour' | 'minute' | 'second', seconds: number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
]

export function size(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log10(bytes) / 3))
  return new Intl.NumberFormat(locale(), {
    style: 'unit',
    unit: SIZES[step] ?? 'byte',
    maximumFractionDigits: step < 3 ? 0 : 1,
  }).format(bytes / 1000 ** step)
}

/** A span in its largest whole unit: nobody reads a backlog to the second. */
export function span(seconds: number): string {
  const [unit, length] = SPANS.find(([, each]) => seconds >= each) ?? ['second', 1]
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'long' }).format(
    Math.floor(seconds / length),
  )
}

export function moment(text: string | null | undefined): string {
  if (!text) return ''
  return new Date(text).toLocaleString(locale(), { dateStyle: 'short', timeStyle: 'medium' })
}

export function sum(numbers: Record<string, number>): number {
  return Object.values(numbers).reduce((total, each) => total + each, 0)
}

/** Millimetres of ECG paper on a screen, and what lies between two callipers. Pure. */

export const SPEEDS = [12.5, 25, 50, 100] as const
export const GAINS = [5, 10, 20] as const
/** What runs along below 4x3: lead II, or three leads. */
export const LAYOUTS = ['4x3', '4x3+3', '6x2', '12x1'] as const
/** Hz: the band of a diagnostic sheet, or what takes the trembling of muscles. */
export const BANDS = ['', '0.05-150', '40'] as const
export const NOTCHES = ['', '50', '60'] as const

/** How the server draws the sheet. */
export interface Paper {
  speedMmPerS: number
  gainMmPerMv: number
  layout: (typeof LAYOUTS)[number]
  startSeconds: number
  isCabrera: boolean
  /** Whether V leads have half the gain. */
  halvesChest: boolean
  band: (typeof BANDS)[number]
  notch: (typeof NOTCHES)[number]
  /** Beside the earlier ECGs of the same person. */
  compares: boolean
}

export const USUAL_PAPER: Paper = {
  speedMmPerS: 25,
  gainMmPerMv: 10,
  layout: '4x3',
  startSeconds: 0,
  isCabrera: false,
  halvesChest: false,
  band: '',
  notch: '',
  compares: false,
}

/** CSS says that an inch has 96 pixels; screens do as they like, so it can be measured. */
export const CSS_PIXELS_PER_MM = 96 / 25.4
/** A bank card is 85.6 mm wide (ISO/IEC 7810 ID-1): everyone has one to measure a screen with. */
export const CARD_MM = 85.6
const SHEET_STEP_MM = 5

/** Return the address of a sheet, from that of the numbers. */
export function sheetUrl(numbersUrl: string, paper: Paper): string {
  const [path, query] = numbersUrl.split('?')
  const { speedMmPerS, gainMmPerMv, startSeconds } = paper
  const [layout, rhythm] = paper.layout.split('+')
  const asked = [query ?? '', `speed=${speedMmPerS}`, `gain=${gainMmPerMv}`, `layout=${layout}`]
  if (rhythm !== undefined) asked.push(`rhythm=${rhythm}`)
  if (startSeconds > 0) asked.push(`start=${startSeconds}`)
  if (paper.isCabrera) asked.push('limbs=cabrera')
  if (paper.halvesChest) asked.push('half_chest=true')
  for (const filter of [paper.band, paper.notch]) if (filter !== '') asked.push(`filter=${filter}`)
  return `${path ?? ''}${paper.compares ? '/comparison' : ''}.svg?${asked.join('&')}`
}

/** Return a sheet's millimetres from its natural pixels: sheets are whole large squares. */
export function sheetMm(naturalPixels: number): number {
  return Math.round(naturalPixels / CSS_PIXELS_PER_MM / SHEET_STEP_MM) * SHEET_STEP_MM
}

/** What two points of the sheet have between them; points are in millimetres. */
export interface Calliper {
  milliseconds: number
  /** For one of these intervals a beat. */
  perMinute: number | undefined
  millivolts: number
}

export function calliperOf(
  from: readonly [number, number],
  to: readonly [number, number],
  paper: Paper,
): Calliper {
  const milliseconds = (Math.abs(to[0] - from[0]) / paper.speedMmPerS) * 1000
  return {
    milliseconds,
    perMinute: milliseconds >= 100 ? 60_000 / milliseconds : undefined,
    millivolts: (from[1] - to[1]) / paper.gainMmPerMv,
  }
}

/** Return what callipers say, in one line. */
export function calliperWords(...found: Parameters<typeof calliperOf>): string {
  const { milliseconds, perMinute, millivolts } = calliperOf(...found)
  return [
    `${Math.round(milliseconds)} ms`,
    perMinute === undefined ? '' : `${Math.round(perMinute)}/min`,
    signed(millivolts),
    // The callipers do not know which lead they lie on.
    found[2].halvesChest ? `(V ${signed(2 * millivolts)})` : '',
  ]
    .filter((part) => part !== '')
    .join('  ')
}

function signed(millivolts: number): string {
  return `${millivolts >= 0 ? '+' : '−'}${Math.abs(millivolts).toFixed(2)} mV`
}

/** Return where the same interval ends again and again, to march through a rhythm; in millimetres. */
export function marched(from: number, to: number, width: number): number[] {
  const step = Math.abs(to - from)
  if (step < 1) return []
  const places: number[] = []
  for (let at = Math.max(from, to) + step; at < width; at += step) places.push(at)
  for (let at = Math.min(from, to) - step; at > 0; at -= step) places.push(at)
  return places
}

/** The trend of a long recording as the server draws it: where its time begins, how wide it is, and all of it. */
const TREND_MM = { left: 14, wide: 260, whole: 279 } as const
const SHEET_SECONDS = 10

/** Whether a recording has a trend of its rate to find one's way by. */
export function isLong(seconds: number): boolean {
  return seconds > 120
}

/** Return at which second a sheet begins that shows a place of the trend; `share` is of the drawing's width. */
export function secondAt(share: number, seconds: number): number {
  const along = (share * TREND_MM.whole - TREND_MM.left) / TREND_MM.wide
  return Math.round(Math.min(Math.max(along * seconds, 0), Math.max(seconds - SHEET_SECONDS, 0)))
}

const KEPT_AS = 'screen.pixelsPerMm'

/** Return how many CSS pixels a millimetre of this screen has, as it was measured, or as CSS has it. */
export function pixelsPerMm(storage: Pick<Storage, 'getItem'>): number {
  const kept = Number(storage.getItem(KEPT_AS))
  return kept >= 1 && kept <= 40 ? kept : CSS_PIXELS_PER_MM
}

export function keepPixelsPerMm(storage: Pick<Storage, 'setItem'>, pixels: number): void {
  storage.setItem(KEPT_AS, String(pixels))
}

export function isMeasured(storage: Pick<Storage, 'getItem'>): boolean {
  return storage.getItem(KEPT_AS) !== null
}

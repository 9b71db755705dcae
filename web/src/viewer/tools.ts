/** What a pointer does in a pane: by button, by tool, by one finger or two. Pure. */

import { type MeasureKind, POINT_COUNT } from './measure'

export type Tool = 'window' | 'pan' | 'zoom' | 'magnify' | MeasureKind

export const MEASURE_TOOLS = Object.keys(POINT_COUNT) as MeasureKind[]

export function isMeasure(tool: Tool): tool is MeasureKind {
  return tool in POINT_COUNT
}

/** Left does what was chosen, the middle button moves, the right one zooms. */
export function toolOf(button: number, chosen: Tool): Tool {
  if (button === 1) return 'pan'
  if (button === 2) return 'zoom'
  return chosen
}

/** Return how much a wheel's or a hand's way zooms: up is larger. */
export function zoomFactor(pixels: number): number {
  return Math.exp(-pixels / 300)
}

interface Finger {
  x: number
  y: number
}

/** What two fingers did since they were seen last. */
export interface Pinch {
  factor: number
  dx: number
  dy: number
  at: Finger
}

/** Return how two fingers moved from before to now. */
export function pinched(before: readonly [Finger, Finger], now: readonly [Finger, Finger]): Pinch {
  const width = (pair: readonly [Finger, Finger]): number =>
    Math.hypot(pair[0].x - pair[1].x, pair[0].y - pair[1].y)
  const middle = (pair: readonly [Finger, Finger]): Finger => ({
    x: (pair[0].x + pair[1].x) / 2,
    y: (pair[0].y + pair[1].y) / 2,
  })
  const from = middle(before)
  const to = middle(now)
  const had = width(before)
  return {
    factor: had > 1 ? width(now) / had : 1,
    dx: to.x - from.x,
    dy: to.y - from.y,
    at: to,
  }
}

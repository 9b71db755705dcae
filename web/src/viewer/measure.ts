/** Measures on an image, in numbers: in millimetres only where the scale is real. Pure. */

import { type Region, regionOf, type Scale } from './scale'
import type { Point } from './transform'

export type MeasureKind = 'length' | 'angle' | 'cobb' | 'cardiothoracic-ratio' | 'ellipse' | 'arrow'

/** How many points a measure is drawn with. */
export const POINT_COUNT: Readonly<Record<MeasureKind, number>> = {
  length: 2,
  angle: 3,
  cobb: 4,
  'cardiothoracic-ratio': 4,
  ellipse: 2,
  arrow: 2,
}

export type Unit = 'mm' | 'px' | '°' | 's' | 'cm/s' | 'mm²' | 'px²' | '' | 'HU' | '1/min'

/** One number of a measure. */
export interface Quantity {
  name: 'length' | 'angle' | 'ratio' | 'area' | 'mean' | 'sd' | 'time' | 'rate' | 'velocity'
  value: number
  unit: Unit
}

function quantity(name: Quantity['name'], value: number, unit: Unit): Quantity {
  return { name, value, unit }
}

/** Return the length between two points; in ultrasound what the one region that holds both says of it. */
export function lengthOf(scale: Scale, from: Point, to: Point): Quantity[] {
  const dx = to[0] - from[0]
  const dy = to[1] - from[1]
  if (scale.kind === 'spacing') {
    const mm = Math.hypot(dx * scale.columnMm, dy * scale.rowMm)
    return [quantity('length', mm, 'mm')]
  }
  const region = scale.kind === 'regions' ? regionOf(scale.regions, [from, to]) : undefined
  const told = region === undefined ? [] : inRegion(region, dx, dy)
  return told.length > 0 ? told : [quantity('length', Math.hypot(dx, dy), 'px')]
}

/** Centimetres both ways are a length; along time they are a time and what the other axis says. */
function inRegion(region: Region, dx: number, dy: number): Quantity[] {
  const x = Math.abs(dx) * region.deltaX
  const y = Math.abs(dy) * region.deltaY
  if (region.unitX === 'cm' && region.unitY === 'cm') {
    return [quantity('length', 10 * Math.hypot(x, y), 'mm')]
  }
  if (region.unitX !== 's') return []
  const told = [quantity('time', x, 's')]
  if (region.unitY === 'cm') told.push(quantity('length', 10 * y, 'mm'))
  if (region.unitY === 'cm/s') told.push(quantity('velocity', y, 'cm/s'))
  return told
}

/** Return the size of a pixel in millimetres about some points; undefined where none is real. */
export function pixelMm(scale: Scale, points: readonly Point[]): { x: number; y: number } | undefined {
  if (scale.kind === 'spacing') {
    return { x: scale.columnMm, y: scale.rowMm }
  }
  const region = scale.kind === 'regions' ? regionOf(scale.regions, points) : undefined
  return region?.unitX === 'cm' && region.unitY === 'cm'
    ? { x: 10 * region.deltaX, y: 10 * region.deltaY }
    : undefined
}

/** Return the angle at the second point, 0 to 180 degrees, with pixels as long as they are wide or as spaced. */
export function angleOf(aspect: number, from: Point, apex: Point, to: Point): Quantity {
  return quantity('angle', between(aspect, apex, from, apex, to), '°')
}

/** Return Cobb's angle of two lines: the acute one, whichever way they were drawn. */
export function cobbOf(aspect: number, points: readonly [Point, Point, Point, Point]): Quantity {
  const angle = between(aspect, points[0], points[1], points[2], points[3])
  return quantity('angle', Math.min(angle, 180 - angle), '°')
}

function between(aspect: number, from: Point, to: Point, otherFrom: Point, otherTo: Point): number {
  const x = to[0] - from[0]
  const y = (to[1] - from[1]) * aspect
  const otherX = otherTo[0] - otherFrom[0]
  const otherY = (otherTo[1] - otherFrom[1]) * aspect
  const angle = Math.atan2(Math.abs(x * otherY - y * otherX), x * otherX + y * otherY)
  return (angle * 180) / Math.PI
}

/**
 * Return the cardiothoracic ratio: the widest heart by the widest chest, both as they lie across the chest. A
 * ratio needs no scale.
 */
export function cardiothoracicRatio(points: readonly [Point, Point, Point, Point]): Quantity {
  const heart = Math.abs(points[1][0] - points[0][0])
  const chest = Math.abs(points[3][0] - points[2][0])
  return quantity('ratio', chest === 0 ? NaN : heart / chest, '')
}

/** Numbers of the shades within an ellipse that lies in the box of two points. */
export interface Samples {
  count: number
  mean: number
  sd: number
}

/** Return mean and standard deviation of what `at` gives for the pixels whose middles lie in the ellipse. */
export function samplesIn(
  from: Point,
  to: Point,
  columns: number,
  rows: number,
  at: (column: number, row: number) => number,
): Samples {
  const middle: Point = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]
  const across = Math.abs(to[0] - from[0]) / 2
  const down = Math.abs(to[1] - from[1]) / 2
  let count = 0
  let mean = 0
  let squares = 0
  const lastRow = Math.min(rows - 1, Math.floor(middle[1] + down))
  for (let row = Math.max(0, Math.floor(middle[1] - down)); row <= lastRow; row += 1) {
    const above = (row + 0.5 - middle[1]) / down
    const reach = across * Math.sqrt(Math.max(0, 1 - above * above))
    const last = Math.min(columns - 1, Math.ceil(middle[0] + reach - 0.5) - 1)
    for (let column = Math.max(0, Math.ceil(middle[0] - reach - 0.5)); column <= last; column += 1) {
      // Welford's: squares of 16-bit values of millions of pixels lose nothing.
      const value = at(column, row)
      count += 1
      const step = value - mean
      mean += step / count
      squares += step * (value - mean)
    }
  }
  return { count, mean, sd: count > 1 ? Math.sqrt(squares / (count - 1)) : 0 }
}

/** Return the area of an ellipse in the box of two points. */
export function ellipseArea(scale: Scale, from: Point, to: Point): Quantity {
  const across = Math.abs(to[0] - from[0]) / 2
  const down = Math.abs(to[1] - from[1]) / 2
  const mm = pixelMm(scale, [from, to])
  return mm === undefined
    ? quantity('area', Math.PI * across * down, 'px²')
    : quantity('area', Math.PI * across * mm.x * down * mm.y, 'mm²')
}

/** What a measure needs to know of its image. */
export interface Measured {
  scale: Scale
  aspect: number
  columns: number
  rows: number
  /** What the modality makes of a pixel; undefined in colour, or as long as the pixels are not there. */
  at: ((column: number, row: number) => number) | undefined
  /** Rescale Type, where the image says one: HU. */
  valueUnit: Unit
}

/** Return the numbers of a measure with all its points; nothing while some are missing. */
export function quantitiesOf(kind: MeasureKind, points: readonly Point[], measured: Measured): Quantity[] {
  const [first, second, third, fourth] = points
  if (first === undefined || second === undefined) return []
  if (kind === 'length') return lengthOf(measured.scale, first, second)
  if (kind === 'ellipse') return ellipseQuantities(first, second, measured)
  if (third === undefined) return []
  if (kind === 'angle') return [angleOf(measured.aspect, first, second, third)]
  if (fourth === undefined) return []
  if (kind === 'cobb') return [cobbOf(measured.aspect, [first, second, third, fourth])]
  if (kind === 'cardiothoracic-ratio') return [cardiothoracicRatio([first, second, third, fourth])]
  return []
}

function ellipseQuantities(from: Point, to: Point, measured: Measured): Quantity[] {
  const told = [ellipseArea(measured.scale, from, to)]
  if (measured.at !== undefined) {
    const found = samplesIn(from, to, measured.columns, measured.rows, measured.at)
    if (found.count > 0) {
      told.push(quantity('mean', found.mean, measured.valueUnit))
      told.push(quantity('sd', found.sd, measured.valueUnit))
    }
  }
  return told
}

/** Return a number as it is read: no more digits than a hand on a screen can mean. */
export function shownValue(name: string, value: number, unit: string): string {
  const digits = name === 'ratio' || unit === 's' ? 2 : unit.startsWith('px') ? 0 : 1
  const number = Number.isFinite(value) ? value.toFixed(digits) : '–'
  return unit === '°' || unit === '' ? `${number}${unit}` : `${number} ${unit}`
}

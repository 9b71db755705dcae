/** How large things are: millimetres only where a spacing is real (PS3.3 10.7, C.8.5.5). */

import { type DataSet, items, number, numbers } from './dataset'

/** Units of a region's axis (0018,6024): those that a measure is given in. */
export type RegionUnit = 'cm' | 's' | 'cm/s' | 'none'

/** A calibrated part of an ultrasound image; its limits are pixels that belong to it. */
export interface Region {
  left: number
  top: number
  right: number
  bottom: number
  /** Size of a pixel along each axis, in its unit. */
  deltaX: number
  deltaY: number
  unitX: RegionUnit
  unitY: RegionUnit
}

/** What is known of an image's scale. */
export type Scale =
  | { kind: 'none' }
  /** `atDetector`: the body was nearer to the tube, and everything in it is smaller than it looks. */
  | { kind: 'spacing'; rowMm: number; columnMm: number; atDetector: boolean }
  | { kind: 'regions'; regions: Region[] }

const UNITS: Readonly<Record<number, RegionUnit>> = { 3: 'cm', 4: 's', 7: 'cm/s' }
const PROJECTIONS = new Set(['CR', 'DX', 'DR', 'MG', 'RF', 'XA', 'IO', 'PX', 'RG'])

/** Return the scale of an image. A spacing of 0 is one that nobody knew. */
export function scaleOf(dataset: DataSet): Scale {
  const regions = items(dataset, '00186011').flatMap(region)
  if (regions.length > 0) return { kind: 'regions', regions }
  const inPatient = spacing(dataset, '00280030') ?? groupSpacing(dataset)
  const atDetector = spacing(dataset, '00181164')
  if (inPatient !== undefined) {
    const calibrated = numbers(dataset, '00280030').length > 0 && hasCalibration(dataset)
    return { kind: 'spacing', ...inPatient, atDetector: isProjected(dataset) && !calibrated }
  }
  if (atDetector !== undefined) return { kind: 'spacing', ...atDetector, atDetector: true }
  return { kind: 'none' }
}

/** A projection's Pixel Spacing is at the detector unless it was calibrated (10.7.1.1, 10.7.1.3). */
function isProjected(dataset: DataSet): boolean {
  return PROJECTIONS.has(String(dataset['00080060']?.Value?.[0] ?? ''))
}

function hasCalibration(dataset: DataSet): boolean {
  const type = dataset['00280A02']?.Value?.[0]
  if (type === 'GEOMETRY' || type === 'FIDUCIAL') return true
  const own = spacing(dataset, '00280030')
  const detector = spacing(dataset, '00181164')
  return (
    own !== undefined &&
    detector !== undefined &&
    (Math.abs(own.rowMm / detector.rowMm - 1) > 1e-3 || Math.abs(own.columnMm / detector.columnMm - 1) > 1e-3)
  )
}

/** Both values are rows' distance, then columns' distance (10.7.1.3). */
function spacing(dataset: DataSet, tag: string): { rowMm: number; columnMm: number } | undefined {
  const [rowMm, columnMm] = numbers(dataset, tag)
  const real = rowMm !== undefined && columnMm !== undefined && rowMm > 0 && columnMm > 0
  return real && Number.isFinite(rowMm * columnMm) ? { rowMm, columnMm } : undefined
}

/** Pixel Measures of an enhanced image (C.7.6.16.2.1), where all its frames share them. */
function groupSpacing(dataset: DataSet): { rowMm: number; columnMm: number } | undefined {
  const shared = items(dataset, '52009229')[0]
  const measures = shared === undefined ? undefined : items(shared, '00289110')[0]
  return measures === undefined ? undefined : spacing(measures, '00280030')
}

function region(item: DataSet): Region[] {
  const [left, top, right, bottom, deltaX, deltaY] = [
    '00186018',
    '0018601A',
    '0018601C',
    '0018601E',
    '0018602C',
    '0018602E',
  ].map((tag) => number(item, tag))
  if (left === undefined || top === undefined || right === undefined || bottom === undefined) {
    return []
  }
  // Without a unit nothing can be said, but it is still another region than its neighbour.
  const unitX = unit(item, '00186024', deltaX)
  const unitY = unit(item, '00186026', deltaY)
  return [
    {
      left,
      top,
      right,
      bottom,
      deltaX: Math.abs(deltaX ?? 0),
      deltaY: Math.abs(deltaY ?? 0),
      unitX,
      unitY,
    },
  ]
}

function unit(item: DataSet, tag: string, delta: number | undefined): RegionUnit {
  return delta ? (UNITS[number(item, tag) ?? 0] ?? 'none') : 'none'
}

/** Return the one region that holds all points, the smallest where they overlap; undefined where none does. */
export function regionOf(
  regions: readonly Region[],
  points: readonly (readonly [number, number])[],
): Region | undefined {
  const holding = regions.filter((each) => points.every((point) => holds(each, point)))
  holding.sort((one, other) => area(one) - area(other))
  return holding[0]
}

/** A pixel's square reaches from its number to the next. */
function holds(each: Region, [x, y]: readonly [number, number]): boolean {
  return x >= each.left && x <= each.right + 1 && y >= each.top && y <= each.bottom + 1
}

function area(each: Region): number {
  return (each.right - each.left) * (each.bottom - each.top)
}

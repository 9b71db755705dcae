import { expect, test } from 'vitest'
import type { DataSet } from './dataset'
import { type Measured, quantitiesOf, samplesIn, shownValue } from './measure'
import { type Scale, scaleOf } from './scale'
import {
  actualSize,
  fitted,
  flipped,
  linked,
  matrixOf,
  type Point,
  panned,
  toCanvas,
  toImage,
  turned,
  type View,
  zoomedAt,
} from './transform'

const EXTENT = { columns: 400, rows: 200, aspect: 1 }
const PANE = { width: 800, height: 800 }

function at(view: View, point: Point): number[] {
  return toCanvas(matrixOf(view, EXTENT, PANE), point).map((each) => Math.round(each * 1e6) / 1e6)
}

test('an image fits its pane, turned too, and 1:1 lies on whole pixels', () => {
  const whole = fitted(EXTENT, PANE)
  expect([at(whole, [0, 0]), at(whole, [400, 200])]).toEqual([
    [0, 200],
    [800, 600],
  ])
  expect(fitted(EXTENT, PANE, { turns: 1, isMirrored: false }).scale).toBe(2)
  expect(fitted({ ...EXTENT, aspect: 2 }, PANE).scale).toBe(2)
  const odd = matrixOf(actualSize(fitted({ columns: 3, rows: 3, aspect: 1 }, PANE)), EXTENT, PANE)
  expect(odd.map((each) => each + 0)).toEqual([1, 0, 0, 1, 399, 399])
})

test('a quarter turn goes clockwise as it is seen, mirrored or not', () => {
  const whole = fitted(EXTENT, PANE)
  const middleTop: Point = [200, 0]
  for (const view of [whole, flipped(whole, 'horizontal')]) {
    const [x, y] = at(turned(view, 1), middleTop)
    expect([x, y]).toEqual([600, 400])
  }
  expect(at(flipped(whole, 'vertical'), middleTop)).toEqual([400, 600])
  expect(at(flipped(turned(whole, 1), 'horizontal'), middleTop)).toEqual([200, 400])
})

test('what is under the pointer stays there while zooming, and follows while panning', () => {
  const view = turned(flipped(fitted(EXTENT, PANE), 'horizontal'), 1)
  const pointer: Point = [333, 444]
  const under = toImage(matrixOf(view, EXTENT, PANE), pointer)
  const zoomed = zoomedAt(view, 3.7, pointer, EXTENT, PANE)
  expect(at(zoomed, under).map(Math.round)).toEqual([333, 444])
  expect(at(panned(zoomed, 10, -20, EXTENT, PANE), under).map(Math.round)).toEqual([343, 424])
})

test('a linked pane shows the same part of a picture of another size', () => {
  const view = { ...fitted(EXTENT, PANE), scale: 3, centre: [100, 50] as const }
  const other = { columns: 800, rows: 400, aspect: 1 }
  expect(linked(view, EXTENT, other)).toMatchObject({ scale: 1.5, centre: [200, 100] })
})

const DX: DataSet = { '00080060': { vr: 'CS', Value: ['DX'] } }

function spacing(...values: number[]): { vr: string; Value: number[] } {
  return { vr: 'DS', Value: values }
}

test('millimetres are told only where the spacing is real', () => {
  const cases: [DataSet, Scale][] = [
    [DX, { kind: 'none' }],
    [{ ...DX, '00280030': spacing(0, 0) }, { kind: 'none' }],
    [
      { ...DX, '00280030': spacing(0, 0), '00181164': spacing(0.2, 0.1) },
      { kind: 'spacing', rowMm: 0.2, columnMm: 0.1, atDetector: true },
    ],
    [
      { ...DX, '00280030': spacing(0.14, 0.14) },
      { kind: 'spacing', rowMm: 0.14, columnMm: 0.14, atDetector: true },
    ],
    [
      { ...DX, '00280030': spacing(0.12, 0.12), '00181164': spacing(0.14, 0.14) },
      { kind: 'spacing', rowMm: 0.12, columnMm: 0.12, atDetector: false },
    ],
    [
      { '00080060': { vr: 'CS', Value: ['CT'] }, '00280030': spacing(0.5, 0.5) },
      { kind: 'spacing', rowMm: 0.5, columnMm: 0.5, atDetector: false },
    ],
  ]
  for (const [dataset, scale] of cases) expect(scaleOf(dataset)).toEqual(scale)
})

function region(values: Record<string, number>): DataSet {
  return Object.fromEntries(Object.entries(values).map(([tag, value]) => [tag, { vr: 'FD', Value: [value] }]))
}

/** Two pictures in centimetres beside each other, a Doppler below. */
const ULTRASOUND: DataSet = {
  '00186011': {
    vr: 'SQ',
    Value: [
      region({
        '00186018': 0,
        '0018601A': 0,
        '0018601C': 99,
        '0018601E': 99,
        '00186024': 3,
        '00186026': 3,
        '0018602C': 0.05,
        '0018602E': -0.05,
      }),
      region({
        '00186018': 100,
        '0018601A': 0,
        '0018601C': 199,
        '0018601E': 99,
        '00186024': 3,
        '00186026': 3,
        '0018602C': 0.1,
        '0018602E': 0.1,
      }),
      region({
        '00186018': 0,
        '0018601A': 100,
        '0018601C': 199,
        '0018601E': 199,
        '00186024': 4,
        '00186026': 7,
        '0018602C': 0.01,
        '0018602E': 2,
      }),
    ],
  },
}

function measured(dataset: DataSet): Measured {
  return { scale: scaleOf(dataset), aspect: 1, columns: 200, rows: 200, at: undefined, valueUnit: '' }
}

test('ultrasound is measured within one region, and never across two', () => {
  const cases: [Point, Point, string[]][] = [
    [[10, 10], [40, 50], ['25.0 mm']],
    [[110, 10], [140, 50], ['50.0 mm']],
    [[90, 10], [120, 50], ['50 px']],
    [
      [10, 120],
      [60, 160],
      ['0.50 s', '80.0 cm/s'],
    ],
    [[10, 90], [10, 120], ['30 px']],
  ]
  for (const [from, to, words] of cases) {
    const told = quantitiesOf('length', [from, to], measured(ULTRASOUND))
    expect(told.map((each) => shownValue(each.name, each.value, each.unit))).toEqual(words)
  }
})

test('pixels that are not square count as they are', () => {
  const dataset = { ...DX, '00181164': spacing(0.2, 0.1) }
  const [length] = quantitiesOf(
    'length',
    [
      [0, 0],
      [30, 20],
    ],
    measured(dataset),
  )
  expect(length && shownValue(length.name, length.value, length.unit)).toBe('5.0 mm')
})

test("angles, Cobb's angle and the cardiothoracic ratio", () => {
  const cases: [Parameters<typeof quantitiesOf>[0], Point[], string][] = [
    [
      'angle',
      [
        [0, 10],
        [0, 0],
        [10, 0],
      ],
      '90.0°',
    ],
    [
      'angle',
      [
        [-5, 0],
        [0, 0],
        [5, 5],
      ],
      '135.0°',
    ],
    [
      'cobb',
      [
        [0, 0],
        [10, 0],
        [20, 20],
        [10, 10],
      ],
      '45.0°',
    ],
    [
      'cardiothoracic-ratio',
      [
        [60, 0],
        [10, 0],
        [0, 9],
        [100, 9],
      ],
      '0.50',
    ],
    [
      'angle',
      [
        [0, 10],
        [0, 0],
      ],
      '',
    ],
  ]
  for (const [kind, points, words] of cases) {
    const told = quantitiesOf(kind, points, measured({}))
    expect(told.map((each) => shownValue(each.name, each.value, each.unit)).join()).toBe(words)
  }
})

test('an ellipse counts the pixels whose middles lie in it', () => {
  // A circle of radius 2 about the corner of four pixels: twelve middles.
  const found = samplesIn([2, 2], [6, 6], 100, 100, (column, row) => column + 10 * row)
  expect([found.count, found.mean]).toEqual([12, 38.5])
  // Variance of the columns is 1 here, of the rows a hundred times that: 11 of 12 pixels are free.
  expect(found.sd).toBeCloseTo(Math.sqrt((12 * (11 / 12) * 101) / 11), 1)
  const flat = samplesIn([-5, -5], [50, 50], 10, 10, () => 7)
  expect([flat.mean, flat.sd]).toEqual([7, 0])
})

import { expect, test } from 'vitest'
import type { DataSet, Element } from './dataset'
import {
  automatic,
  dragged,
  type GreyRule,
  greyRule,
  histogram,
  type Pixels,
  paint,
  shadeTable,
  stored,
  type Voi,
  wholeExtent,
  windowOf,
} from './grey'
import { greyDescription, imageOf } from './image'

const IMAGE: Record<string, Element> = {
  '00280004': { vr: 'CS', Value: ['MONOCHROME2'] },
  '00280010': { vr: 'US', Value: [1] },
  '00280011': { vr: 'US', Value: [1] },
  '00280100': { vr: 'US', Value: [16] },
  '00280101': { vr: 'US', Value: [12] },
  '00280102': { vr: 'US', Value: [11] },
  '00280103': { vr: 'US', Value: [0] },
}

function numbers(vr: string, ...values: number[]): Element {
  return { vr, Value: values }
}

async function ruleOf(more: Record<string, Element>): Promise<GreyRule> {
  const dataset: DataSet = { ...IMAGE, ...more }
  const image = imageOf(dataset)
  if (image === undefined) throw new Error('no image')
  return greyRule(image, greyDescription(dataset, 0), async () => new Uint8Array())
}

function shown(rule: GreyRule, voi: Voi, value: number, inverted = false): number {
  return (shadeTable(rule, voi, 65536, inverted)[value & 0xffff] ?? 0) & 0xff
}

test('windows follow the formulas of C.11.2.1.2 and C.11.2.1.3', async () => {
  const cases: [string, number, number, number][] = [
    // function, value, center 2048 width 4096 -> shade
    ['LINEAR', 0, 0, 0],
    ['LINEAR', 4095, 0, 255],
    ['LINEAR', 2048, 0, 128],
    ['LINEAR_EXACT', 2048, 0, 128],
    ['LINEAR_EXACT', 4095, 0, 255],
    ['LINEAR_EXACT', 1024, 0, 64],
    ['SIGMOID', 2048, 0, 128],
    ['SIGMOID', 0, 0, 30],
    ['SIGMOID', 4095, 0, 225],
  ]
  for (const [voiFunction, value, , shade] of cases) {
    const rule = await ruleOf({
      '00281050': numbers('DS', 2048),
      '00281051': numbers('DS', 4096),
      '00281056': { vr: 'CS', Value: [voiFunction] },
    })
    const [voi] = rule.presets
    expect([voiFunction, value, voi && shown(rule, voi, value)]).toEqual([voiFunction, value, shade])
  }
})

test('a half counts as one, in whatever order it was computed', async () => {
  const rule = await ruleOf({ '00281052': numbers('DS', 0), '00281053': numbers('DS', 0.1) })
  const voi: Voi = { kind: 'extent', low: 0, high: 51 }
  // 0.1 * 3 is a little above 0.3, 255 * 0.3 / 51 = 1.5.
  expect(shown(rule, voi, 3)).toBe(2)
})

test('signed values, a rescale, an inverse and a key for it count each once', async () => {
  const rule = await ruleOf({
    '00280103': numbers('US', 1),
    '00281052': numbers('DS', -100),
    '00281053': numbers('DS', 2),
    '20500020': { vr: 'CS', Value: ['INVERSE'] },
    '00280004': { vr: 'CS', Value: ['MONOCHROME1'] },
  })
  const voi: Voi = { kind: 'extent', low: -300, high: -100 }
  expect(shown(rule, voi, -50)).toBe(127)
  expect(shown(rule, voi, -100)).toBe(255)
  expect(shown(rule, voi, -100, true)).toBe(0)
})

test('a VOI LUT goes before a window, and its ends reach on', async () => {
  const rule = await ruleOf({
    '00281050': numbers('DS', 10),
    '00281051': numbers('DS', 10),
    '00283010': {
      vr: 'SQ',
      Value: [
        {
          '00283002': numbers('US', 3, 100, 8),
          '00283006': numbers('US', 0, 51, 255),
        },
      ],
    },
  })
  expect(rule.presets.map(({ kind }) => kind)).toEqual(['table', 'window'])
  const [table] = rule.presets
  expect([50, 100, 101, 102, 4000].map((value) => table && shown(rule, table, value))).toEqual([
    0, 0, 51, 255, 255,
  ])
})

test('a modality table whose first input is below zero is read as signed', async () => {
  const rule = await ruleOf({
    '00280103': numbers('US', 1),
    '00283000': {
      vr: 'SQ',
      Value: [
        {
          '00283002': numbers('US', 2, 65535, 16),
          '00283006': { vr: 'OW', InlineBinary: btoa('\x0a\x00\x14\x00') },
        },
      ],
    },
  })
  const voi: Voi = { kind: 'extent', low: 0, high: 255 }
  expect([shown(rule, voi, -1), shown(rule, voi, 0)]).toEqual([10, 20])
})

test('padding is no part of what goes from black to white', async () => {
  const dataset = { ...IMAGE, '00280120': numbers('US', 4095) }
  const image = imageOf(dataset)
  if (image === undefined) throw new Error('no image')
  const rule = await ruleOf({})
  const pixels: Pixels = new Uint16Array([100, 200, 4095, 4095, 4095])
  const counts = histogram(pixels, image)
  expect(wholeExtent(rule, image, counts)).toEqual({ kind: 'extent', low: 100, high: 200 })
  expect(automatic(rule, counts)).toMatchObject({ center: 150, width: 100 })
})

test('stored bits are taken from below High Bit with their sign', () => {
  const image = imageOf({ ...IMAGE, '00280102': numbers('US', 15), '00280103': numbers('US', 1) })
  if (image === undefined) throw new Error('no image')
  const pixels = stored(new Uint16Array([0xfff5, 0x0017]), image)
  expect([...pixels]).toEqual([0xffff, 1])
})

test('half the rows and columns are painted while a hand moves', () => {
  const shades = Uint32Array.from({ length: 256 }, (_, value) => value)
  const into = new Uint32Array(2)
  paint(new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]), 5, 2, shades, into, 2)
  expect([...into]).toEqual([1, 3])
})

test('a drag makes a window wider, never narrower than it may be', () => {
  const window = { center: 100, width: 40, function: 'LINEAR' } as const
  expect(dragged(window, 4, -8)).toEqual({ center: 98, width: 41, function: 'LINEAR' })
  expect(dragged(window, -4000, 0).width).toBe(1)
  expect(windowOf({ kind: 'extent', low: 0, high: 255 })).toMatchObject({ center: 127.5, width: 255 })
})

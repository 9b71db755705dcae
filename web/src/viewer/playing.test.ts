import { expect, test } from 'vitest'
import { advanced, type CineTiming, cineTiming, type PlayRules } from './cine'
import type { DataSet } from './dataset'
import { calliperOf, calliperWords, marched, secondAt, sheetMm, sheetUrl, USUAL_PAPER } from './ecg'
import { hung, ordered } from './hanging'
import { type Image, imageOf } from './image'
import { begun, changed, changing, isWhole, moved, NO_MARKS, redone, undone } from './marks'
import { framesIn } from './moving'
import { sourceOf } from './source'

function told(tag: string, ...values: unknown[]): DataSet {
  return { [tag]: { vr: 'DS', Value: values } }
}

test("a cine's rate is what the instance recommends, then its rate, then its times", () => {
  const cases: [DataSet, number | undefined][] = [
    [{ ...told('00082144', 20), ...told('00180040', 40), ...told('00181063', 5) }, 50],
    [{ ...told('00180040', 40), ...told('00181063', 50) }, 25],
    [told('00181063', 33.3), 33.3],
    [told('00181065', 0, 10, 30), 20],
    [told('00181063', 1), 10],
    [told('00180040', 0), undefined],
    [{}, undefined],
  ]
  for (const [dataset, frameMs] of cases) expect(cineTiming(dataset)?.frameMs).toBe(frameMs)
})

test('a moving picture that stays longer stands for as many frames that are alike', () => {
  // The hub writes whole milliseconds.
  for (const [microseconds, frames] of [
    [33_000, 1],
    [66_000, 2],
    [330_000, 10],
  ] as const) {
    expect(framesIn(microseconds, 33.333)).toBe(frames)
  }
  expect(framesIn(null, 40)).toBe(1)
})

function played(timing: CineTiming, rules: PlayRules, times: number[]): number[] {
  let head = { frame: 0, since: 0, direction: 1 as 1 | -1 }
  return times.map((now) => {
    head = advanced(head, now, timing, rules)
    return head.frame
  })
}

test('only what is loaded is played, and what comes late skips frames instead of slowing the heart', () => {
  const timing = { frameMs: 100, startsMs: undefined }
  const rules = { loaded: 3, speed: 1, bounces: false }
  expect(played(timing, rules, [50, 100, 199.7, 300, 450])).toEqual([0, 1, 2, 0, 1])
  expect(played(timing, { ...rules, speed: 2 }, [50, 100, 150])).toEqual([1, 2, 0])
  expect(played(timing, { ...rules, bounces: true }, [100, 200, 300, 400, 500])).toEqual([1, 2, 1, 0, 1])
  expect(played(timing, { ...rules, loaded: 1 }, [500])).toEqual([0])
  const uneven = { frameMs: 100, startsMs: [0, 50, 300] }
  expect(played(uneven, rules, [50, 200, 300])).toEqual([1, 1, 2])
})

const GREY: DataSet = {
  '00280010': { vr: 'US', Value: [2] },
  '00280011': { vr: 'US', Value: [2] },
  '00280004': { vr: 'CS', Value: ['MONOCHROME2'] },
}

function image(more: Partial<Image>): Image {
  const found = imageOf(GREY)
  if (found === undefined) throw new Error('no image')
  return { ...found, ...more }
}

test('frames are asked for in the form that loses nothing and takes the least', () => {
  const grey = image({})
  const colour = image({ samplesPerPixel: 3, photometricInterpretation: 'RGB', bitsStored: 8 })
  const ybr = image({ ...colour, photometricInterpretation: 'YBR_FULL_422' })
  const palette = image({ photometricInterpretation: 'PALETTE COLOR', bitsStored: 8 })
  const deep = image({ bitsAllocated: 32, bitsStored: 32 })
  const cases: [Image, string, string, boolean][] = [
    [grey, '1.2.840.10008.1.2.1', 'values', false],
    [grey, '1.2.840.10008.1.2.4.51', 'values', true],
    [ybr, '1.2.840.10008.1.2.4.50', 'jpeg', true],
    [colour, '1.2.840.10008.1.2.4.50', 'png', true],
    [colour, '1.2.840.10008.1.2', 'png', false],
    [palette, '1.2.840.10008.1.2.4.50', 'png', true],
    [deep, '1.2.840.10008.1.2.1', 'png', false],
    [colour, '1.2.840.10008.1.2.4.102', 'video', false],
  ]
  for (const [each, transferSyntax, form, isLossyAtSource] of cases) {
    expect(sourceOf(each, transferSyntax)).toMatchObject({ form, isLossyAtSource })
  }
})

test('a chest hangs frontal then lateral, an ultrasound as a grid, all in their order', () => {
  const lateral = image({ modality: 'DX', viewPosition: 'LL', instanceNumber: 1 })
  const frontal = image({ modality: 'DX', viewPosition: 'PA', instanceNumber: 2 })
  const still = image({ modality: 'US' })
  expect(hung([lateral, frontal])).toEqual({ layout: 'two', panes: [1, 0] })
  expect(hung([frontal])).toEqual({ layout: 'one', panes: [0] })
  expect(hung([still, still])).toEqual({ layout: 'grid', panes: [0] })
  expect(hung([still])).toEqual({ layout: 'one', panes: [0] })
  expect(ordered([frontal, lateral])).toEqual([lateral, frontal])
})

test('a measure is whole with all its points, and steps can be taken back', () => {
  const first = moved(begun(undefined, 'angle', [1, 1]), [5, 1])
  expect([first.points, isWhole(first)]).toEqual([
    [
      [1, 1],
      [5, 1],
    ],
    false,
  ])
  const angle = begun(first, 'angle', [9, 9])
  expect([angle.points.length, isWhole(angle)]).toEqual([3, true])
  const level = moved(begun(undefined, 'cardiothoracic-ratio', [1, 4]), [8, 9])
  expect(level.points).toEqual([
    [1, 4],
    [8, 4],
  ])

  const mark = {
    id: 'a',
    sopInstanceUid: '1',
    frame: 1,
    kind: 'arrow',
    points: [],
    text: '',
    values: [],
  } as const
  const one = changed(NO_MARKS, [mark])
  const dragging = changing(changing(one, [{ ...mark, frame: 2 }]), [{ ...mark, frame: 3 }])
  const moved_ = changed(dragging, [{ ...mark, frame: 4 }])
  expect(undone(moved_).marks).toEqual([mark])
  expect(redone(undone(moved_)).marks[0]?.frame).toBe(4)
  expect(undone(undone(undone(moved_))).marks).toEqual([])
})

test("callipers tell time, rate and voltage by the paper's speed and gain", () => {
  expect(calliperOf([10, 50], [35, 40], USUAL_PAPER)).toEqual({
    milliseconds: 1000,
    perMinute: 60,
    millivolts: 1,
  })
  const fast = { ...USUAL_PAPER, speedMmPerS: 50, gainMmPerMv: 20 }
  expect(calliperOf([35, 40], [10, 50], fast)).toEqual({
    milliseconds: 500,
    perMinute: 120,
    millivolts: -0.5,
  })
  expect(marched(20, 30, 55)).toEqual([40, 50, 10])
  expect(sheetMm(1058)).toBe(280)
  expect(sheetUrl('/a/ecg?site_id=x', fast)).toBe('/a/ecg.svg?site_id=x&speed=50&gain=20&layout=4x3')
})

test('a sheet is asked for in the way that the reader chose', () => {
  const own = { ...USUAL_PAPER, layout: '4x3+3', isCabrera: true, halvesChest: true } as const
  expect(sheetUrl('/a/ecg?site_id=x', { ...own, band: '40', notch: '50', startSeconds: 20 })).toBe(
    '/a/ecg.svg?site_id=x&speed=25&gain=10&layout=4x3&rhythm=3&start=20&limbs=cabrera&half_chest=true&filter=40&filter=50',
  )
  expect(sheetUrl('/a/ecg?site_id=x', { ...USUAL_PAPER, compares: true })).toContain('/a/ecg/comparison.svg?')
  expect(calliperWords([0, 50], [0, 40], own)).toBe('0 ms  +1.00 mV  (V +2.00 mV)')
})

test('a place on the trend of a long recording is a second of it', () => {
  expect(secondAt(14 / 279, 86_400)).toBe(0)
  expect(secondAt((14 + 130) / 279, 86_400)).toBe(43_200)
  expect(secondAt(1, 86_400)).toBe(86_390)
})

import { expect, test } from 'vitest'
import { linkedVoi } from './commands'
import type { Voi } from './grey'
import { grown, type Study } from './study'

function table(explanation: string, first = 0): Voi {
  return { kind: 'table', table: { first, entries: new Uint16Array(100), bits: 8, explanation } }
}

function window(center: number, width: number): Voi {
  return { kind: 'window', center, width, function: 'LINEAR', explanation: '' }
}

function pane(presets: Voi[], chosen?: Voi): Parameters<typeof linkedVoi>[0] {
  const modality = { slope: 1, intercept: 0, table: undefined }
  return { chosen, rule: { modality, isInverse: false, isSigned: false, presets } }
}

test("a table goes over to the other picture's own of that name", () => {
  const [bone, soft, unnamed, second] = [table('Bone'), table('Soft'), table(''), table('', 7)]
  const cases: [string, Voi[], Voi, Voi[], Voi | undefined][] = [
    ['by name', [bone, soft], soft, [table('Soft', 9), table('Bone')], table('Soft', 9)],
    [
      'at its place where several have one name',
      [unnamed, second],
      second,
      [table(''), table('', 9)],
      table('', 9),
    ],
    ['none of another name', [bone], bone, [table('Soft')], undefined],
    ['none where there are windows', [bone], bone, [window(10, 20)], undefined],
  ]
  for (const [name, own, chosen, others, wanted] of cases) {
    expect([name, linkedVoi(pane(own, chosen), pane(others))]).toEqual([name, wanted])
  }
})

test('a window goes over as far from the first one, also where tables stand before it', () => {
  const other = pane([table('Bone'), window(2000, 4000)])
  expect(linkedVoi(pane([window(1000, 2000)], window(1500, 1000)), other)).toEqual(window(3000, 2000))
  expect(linkedVoi(pane([table('Bone'), window(1000, 2000)], window(1000, 500)), other)).toEqual(
    window(2000, 1000),
  )
  // Of tables alone their own extent tells: here a hundred values each.
  expect(linkedVoi(pane([table('A')], window(50, 50)), pane([table('B', 100)]))).toEqual(window(150, 50))
  expect(linkedVoi(pane([], window(50, 50)), other)).toBeUndefined()
})

test('what came since stands behind what was there', () => {
  const study = (...urls: string[]): Study => ({
    reference: { siteId: 's', studyInstanceUid: '1' },
    identity: {} as Study['identity'],
    images: urls.map((url) => ({ url }) as Study['images'][number]),
    electrocardiograms: [],
  })
  const before = study('a', 'c')
  const now = grown(before, study('a', 'b', 'c'))
  expect((now as Study).images.map(({ url }) => url)).toEqual(['a', 'c', 'b'])
  expect((now as Study).reference).toBe(before.reference)
  expect(grown(before, study('c', 'a'))).toBe(before)
  expect(grown('failed', before)).toBe(before)
})

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Problem } from '../shell/api'
import { identityLines, studyLines } from './corners'
import { identityOf, imageOf } from './image'
import { captioned } from './mark_text'
import { changed, type Mark, merged, NO_MARKS, rebased, redone, undone } from './marks'
import { type Keeping, type KeptMarks, MarkKeeper, readUnsaved } from './marks_keeping'
import { seenOf } from './useSeen'

function mark(id: string, more: Partial<Mark> = {}): Mark {
  return { id, sopInstanceUid: '1', frame: 1, kind: 'length', points: [], text: '', values: [], ...more }
}

const ids = (marks: readonly Mark[]): string[] => marks.map(({ id, text }) => id + text)

test('marks of two who drew at once are all kept, and each change is', () => {
  const base = [mark('a'), mark('b'), mark('c')]
  const cases: [string, Mark[], Mark[], string[]][] = [
    ['both drew', [...base, mark('mine')], [...base, mark('theirs')], ['a', 'b', 'c', 'theirs', 'mine']],
    ['taken away here', [mark('b'), mark('c')], base, ['b', 'c']],
    ['taken away there', base, [mark('b'), mark('c')], ['b', 'c']],
    ['changed here', [mark('a', { text: '+' }), mark('b'), mark('c')], base, ['a+', 'b', 'c']],
    ['changed there', base, [mark('a', { text: '!' }), mark('b'), mark('c')], ['a!', 'b', 'c']],
    [
      'changed there, taken away here',
      [mark('b'), mark('c')],
      [mark('a', { text: '!' }), mark('b'), mark('c')],
      ['a!', 'b', 'c'],
    ],
    ['changed here, taken away there', [mark('a', { text: '+' })], [], ['a+']],
  ]
  for (const [name, mine, theirs, wanted] of cases) {
    expect([name, ids(merged(base, mine, theirs))]).toEqual([name, wanted])
  }
  // One picture is a key image once, whoever said it.
  const [mine, theirs] = [mark('k1', { kind: 'key-image' }), mark('k2', { kind: 'key-image' })]
  expect(ids(merged([], [mine], [theirs]))).toEqual(['k2'])
})

test("no step takes away what another's hand drew", () => {
  const drawn = changed(NO_MARKS, [mark('mine')])
  const both = rebased(drawn, [], [mark('theirs')])
  expect(ids(both.marks)).toEqual(['theirs', 'mine'])
  expect(ids(undone(both).marks)).toEqual(['theirs'])
  expect(ids(redone(undone(both)).marks)).toEqual(['theirs', 'mine'])
})

function problem(kind: string, status: number): Problem {
  return new Problem(kind, { type: `/problems/${kind}`, title: kind, status })
}

/** A hub that holds marks by version, and a page that draws. */
class Scene {
  version = 0
  kept: readonly Mark[] = []
  drawn: readonly Mark[] = []
  told: Keeping[] = []
  failing: Problem | undefined
  /** What the browser keeps when the page is closed. */
  shelf: string | null = null
  readonly keeper = new MarkKeeper({
    get: async (): Promise<KeptMarks> => ({ marks: this.kept, tag: `"${this.version}"` }),
    put: async (_, marks, tag) => {
      if (this.failing !== undefined) throw this.failing
      if ((tag ?? '"0"') !== `"${this.version}"`) throw problem('stale-version', 412)
      this.kept = marks
      this.version += 1
      return `"${this.version}"`
    },
    now: () => this.drawn,
    onOthers: (base, theirs) => {
      this.drawn = merged(base, this.drawn, theirs)
    },
    onKeeping: (keeping) => this.told.push(keeping),
    unsaved: () => readUnsaved(this.shelf),
    onUnsaved: ({ base, marks }) => {
      this.drawn = merged(base, marks, this.drawn)
    },
    shelve: (unsaved) => {
      this.shelf = unsaved ? JSON.stringify(unsaved) : null
    },
  })

  draw(...marks: Mark[]): void {
    this.drawn = [...this.drawn, ...marks]
    this.keeper.soon()
  }

  othersDraw(...marks: Mark[]): void {
    this.kept = [...this.kept, ...marks]
    this.version += 1
  }
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('a save that was refused because others drew is made again with theirs', async () => {
  const scene = new Scene()
  await scene.keeper.load()
  scene.keeper.turn('turn')
  scene.othersDraw(mark('theirs'))
  scene.draw(mark('mine'))
  await vi.runAllTimersAsync()
  expect([ids(scene.kept), ids(scene.drawn)]).toEqual([
    ['theirs', 'mine'],
    ['theirs', 'mine'],
  ])
  expect(scene.told).toEqual(['waiting', 'kept'])
})

test('marks outlast a line that is cut, and a case that is not yet theirs', async () => {
  const scene = new Scene()
  await scene.keeper.load()
  scene.draw(mark('before'))
  await vi.runAllTimersAsync()
  expect(scene.told.at(-1)).toBe('own-only')
  scene.failing = problem('offline', 0)
  scene.keeper.turn('turn')
  await vi.advanceTimersByTimeAsync(2000)
  expect(scene.told.at(-1)).toBe('not-kept')
  scene.failing = undefined
  await vi.advanceTimersByTimeAsync(5000)
  expect([ids(scene.kept), scene.told.at(-1)]).toEqual([['before'], 'kept'])
  // Whose turn was taken away saves nothing, and asks no more.
  scene.failing = problem('workitem-state-conflict', 409)
  scene.draw(mark('late'))
  await vi.runAllTimersAsync()
  expect([ids(scene.kept), scene.told.at(-1)]).toEqual([['before'], 'not-kept'])
  scene.failing = undefined
  scene.othersDraw(mark('theirs'))
  scene.keeper.turn('another turn')
  await vi.runAllTimersAsync()
  expect(ids(scene.kept)).toEqual(['before', 'theirs', 'late'])
})

test('marks that the hub did not get outlast a closed page, and are taken up in the next turn', async () => {
  const scene = new Scene()
  scene.kept = [mark('there'), mark('taken away')]
  await scene.keeper.load()
  scene.keeper.turn('turn')
  scene.failing = problem('offline', 0)
  scene.drawn = [mark('there')]
  scene.draw(mark('mine'))
  await vi.advanceTimersByTimeAsync(2000)
  const again = new Scene()
  Object.assign(again, { kept: scene.kept, shelf: scene.shelf })
  again.othersDraw(mark('theirs'))
  await again.keeper.load()
  // Who only looks at the case sees what the hub has.
  expect(ids(again.drawn)).toEqual(['there', 'taken away', 'theirs'])
  again.keeper.turn('turn')
  expect(ids(again.drawn)).toEqual(['there', 'theirs', 'mine'])
  await vi.advanceTimersByTimeAsync(2000)
  expect([ids(again.kept), again.shelf]).toEqual([['there', 'theirs', 'mine'], null])
  expect(['', '{', '[]', '{"base":1}', '{"base":[]}'].map(readUnsaved)).toEqual(Array(5).fill(null))
})

test('what is drawn before the marks came does not take the place of what an earlier page left', async () => {
  const scene = new Scene()
  scene.shelf = JSON.stringify({ base: [], marks: [mark('left')] })
  scene.keeper.turn('turn')
  scene.draw(mark('drawn'))
  await scene.keeper.load()
  await vi.runAllTimersAsync()
  expect(ids(scene.kept).sort()).toEqual(['drawn', 'left'])
})

test('a preview is all that was seen unless each picture that was looked at came as it was stored', () => {
  expect(seenOf(2, []).isPreviewOnly).toBe(true)
  expect(seenOf(2, ['lossy', 'full']).isPreviewOnly).toBe(true)
  expect(seenOf(2, ['full'])).toEqual({ pictures: 2, seen: 1, inFull: 1, isPreviewOnly: false })
  expect(seenOf(0, []).isPreviewOnly).toBe(false)
})

const said = (value: unknown): { vr: string; Value: unknown[] } => ({ vr: 'LO', Value: [value] })
const CHEST = {
  '00080020': said('20260301'),
  '00080060': said('DX'),
  '00080080': said('Xinglong'),
  '00100010': said('Wang^Li'),
  '00100020': said('X-17'),
  '00100030': said('19600302'),
  '00100040': said('F'),
  '00180015': said('CHEST'),
  '00185101': said('PA'),
  '00200062': said('R'),
  '00280010': said(2),
  '00280011': said(2),
}

test('corners say who, where, when and from which side; without names neither person nor place', () => {
  const image = imageOf(CHEST)
  if (image === undefined) throw new Error('no image')
  const identity = identityOf(CHEST)
  expect(identityLines(identity)).toEqual(['Wang Li', 'X-17', 'F · 65Y · 1960-03-02'])
  expect(studyLines('兴隆', identity, image, false)).toEqual([
    '兴隆',
    'Xinglong',
    '2026-03-01',
    'DX CHEST PA',
    'R',
  ])
  expect(studyLines('Xinglong', identity, image, false)[1]).toBe('2026-03-01')
  expect(studyLines('兴隆', identity, image, true)).toEqual(['2026-03-01', 'DX CHEST PA', 'R'])
  expect(studyLines('兴隆', { ...identity, institution: '' }, image, false)[1]).toBe('2026-03-01')
  expect(identityOf({ ...CHEST, '00101010': said('064Y') }).age).toBe('64Y')
})

test('a key image says below it in the report what was drawn into it', () => {
  const scale = { kind: 'spacing', rowMm: 1, columnMm: 1, atDetector: false } as const
  const marks = [
    mark('k', { kind: 'key-image' }),
    mark('l', { values: [{ name: 'length', value: 20, unit: 'mm' }] }),
    mark('a', { kind: 'arrow', text: 'nodule' }),
    mark('other', { frame: 2, text: 'elsewhere' }),
    mark('k2', { kind: 'key-image', frame: 3 }),
  ]
  expect(captioned(marks, () => scale).map(({ text }) => text)).toEqual([
    '20.0 mm; nodule',
    '',
    'nodule',
    'elsewhere',
    '',
  ])
})

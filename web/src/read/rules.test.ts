import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Problem } from '../shell/api'
import {
  ageAt,
  clockAhead,
  clockOf,
  countsOf,
  inOrder,
  isNew,
  newEmergencies,
  nextOf,
  passes,
  personName,
  studyOf,
  withCase,
} from './cases'
import { begunWith, DraftKeeper, type Present, readLocal } from './draft'
import { expanded, inserted, readMacros, templatesFor } from './texts'
import type { Case, Draft, Prior } from './types'
import { wordsOfEnd } from './useTurn'

const NOW = Date.parse('2026-11-20T08:00:00Z')
type Change = Partial<Omit<Case, 'workitem'>> & { workitem?: Partial<Case['workitem']> }

function caseOf(case_id: string, change: Change = {}): Case {
  const { workitem, ...rest } = change
  return {
    case_id,
    urgency: 'routine',
    due_at: '2026-11-20T10:00:00Z',
    waits_for: null,
    modality: 'DX',
    site_id: 'a',
    ...rest,
    workitem: {
      procedure_step_state: 'SCHEDULED',
      input_readiness_state: 'READY',
      claimed_by_me: false,
      ...workitem,
    },
  } as Case
}

describe('the list', () => {
  const late = caseOf('late', { due_at: '2026-11-20T07:00:00Z' })
  const emergency = caseOf('emergency', { urgency: 'emergency', due_at: '2026-11-20T11:00:00Z' })
  const held = caseOf('held', { workitem: { procedure_step_state: 'IN PROGRESS', claimed_by_me: true } })
  const arriving = caseOf('arriving', { waits_for: 'instances', due_at: '2026-11-20T06:00:00Z' })
  const all = [held, late, arriving, emergency]

  it('has emergencies first, then whose time runs out first', () => {
    expect(inOrder(all).map((each) => each.case_id)).toEqual(['emergency', 'arriving', 'late', 'held'])
  })

  it.each([
    ['2026-11-20T07:59:00Z', 'SCHEDULED', true],
    ['2026-11-20T08:00:00Z', 'SCHEDULED', false],
    ['2026-11-20T07:59:00Z', 'IN PROGRESS', false],
    [null, 'SCHEDULED', true],
  ] as const)('seen at %s, has a case that is %s as new: %s', (seenAt, procedure_step_state, expected) => {
    const each = caseOf('x', {
      first_received_at: '2026-11-20T08:00:00Z',
      workitem: { procedure_step_state },
    })
    expect(isNew(each, seenAt)).toBe(expected)
  })

  it('counts down by the clock of the hub, however wrong that of the computer is', () => {
    const told = caseOf('x', { due_at: '2026-11-20T08:10:00Z', seconds_left: 60 })
    expect(clockAhead([caseOf('y', { seconds_left: null }), told], NOW)).toBe(9 * 60_000)
    expect(clockAhead([], NOW)).toBe(0)
  })

  it.each([
    ['taken-over', 'Li', '急诊', null, 'Li: 急诊'],
    ['lapsed', null, null, null, 'read.lost.lapsed'],
    ['lapsed', null, null, 'Li', 'read.lost.lapsed read.lost.taken'],
    ['released', null, null, null, 'read.lost.released'],
    ['signed', null, null, null, ''],
  ])('a turn that was %s ends in words', (end_reason, ended_by_name, end_note, holder, words) => {
    const mine = { workitem_uid: 'w', claimed_by_name: 'Me', ended_by_name, end_reason, end_note }
    const next = {
      ...mine,
      workitem_uid: 'v',
      claimed_by_name: holder,
      end_reason: null,
      ended_by_name: null,
    }
    expect(wordsOfEnd([next, mine], 'w')).toBe(words)
  })

  it('gives next what may be claimed', () => {
    expect(nextOf(all)?.case_id).toBe('emergency')
    expect(nextOf([held, arriving])).toBeUndefined()
  })

  it('counts what waits, what is mine, and emergencies', () => {
    expect(countsOf(all)).toEqual({ waiting: 2, mine: 1, emergencies: 1 })
  })

  it('rings for emergencies that are new', () => {
    expect(newEmergencies(new Set(), all)).toEqual(['emergency'])
    expect(newEmergencies(new Set(['emergency']), all)).toEqual([])
  })

  it('takes a change in, in its place', () => {
    const urgent = caseOf('held', { urgency: 'emergency', due_at: '2026-11-20T08:00:00Z' })
    expect(withCase(all, 'held', urgent).map((each) => each.case_id)[0]).toBe('held')
    expect(withCase(all, 'held', null)).toHaveLength(3)
  })

  it.each([
    [{ modality: 'US' }, false],
    [{ site: 'a' }, true],
    [{ urgency: 'urgent' }, false],
    [{ show: 'mine' as const }, false],
    [{ show: 'waiting' as const }, true],
    [{ show: 'reported' as const }, false],
  ])('filtered by %o shows a waiting DX: %s', (change, shown) => {
    expect(passes(late, { modality: '', site: '', urgency: '', group: '', show: 'open', ...change })).toBe(
      shown,
    )
  })
})

describe('a clock', () => {
  it.each([
    ['2026-11-20T08:14:59Z', '14:59', ''],
    ['2026-11-20T08:09:59Z', '09:59', 'soon'],
    ['2026-11-20T07:59:59Z', '−00:01', 'late'],
    ['2026-11-20T10:00:05Z', '2:00:05', ''],
    ['2026-11-21T08:00:00Z', '1d 0:00:00', ''],
  ])('%s: %s %s', (due, text, mark) => {
    expect(clockOf(due, NOW)).toEqual({ text, mark })
  })
})

describe('people', () => {
  it.each([
    ['Zhang^San=张^三', '张三 Zhang San'],
    ['Wang^Li^^Dr', 'Wang Li Dr'],
    ['=李^四', '李四'],
    ['', '—'],
    ['<b>^x', '<b> x'],
  ])('%s is read %s', (value, read) => {
    expect(personName(value)).toBe(read)
  })

  it.each([
    ['1970-11-21', '2026-11-20', 55],
    ['1970-11-20', '2026-11-20', 56],
    [null, '2026-11-20', null],
    ['2027-01-01', '2026-11-20', null],
  ])('born %s are on %s %s years old', (birth, day, age) => {
    expect(ageAt(birth, day)).toBe(age)
  })

  it('have earlier studies where DICOMweb has them', () => {
    const prior = { paths: ['/dicom-web/sites/a-b/studies/1.2.3'] } as Prior
    expect(studyOf(prior)).toEqual({ siteId: 'a-b', studyInstanceUid: '1.2.3' })
    expect(studyOf({ paths: [] } as unknown as Prior)).toBeUndefined()
  })
})

describe('texts', () => {
  it('come for the body part first', () => {
    expect(templatesFor('DX', 'Lumbar spine AP')[0]?.key).toBe('spine')
    expect(templatesFor('US', '心脏')[0]?.key).toBe('heart')
    expect(templatesFor('ECG', '')[0]?.key).toBe('sinus-rhythm')
    expect(templatesFor('OT', 'chest')).toEqual([])
  })

  it('grow from macros, where a blank follows', () => {
    const macros = readMacros('nc = no change\nbad line\n胸 = 双肺清晰')
    expect(expanded('a ;nc ', 6, macros)).toEqual({ text: 'a no change', caret: 11 })
    expect(expanded(';胸 x', 3, macros)).toEqual({ text: '双肺清晰x', caret: 4 })
    expect(expanded(';nc', 3, macros)).toBeNull()
    expect(expanded(';no ', 4, macros)).toBeNull()
  })

  it('take measures in at the caret', () => {
    expect(inserted('Mass in', 7, '41 mm')).toEqual({ text: 'Mass in 41 mm', caret: 13 })
    expect(inserted('', 0, '41 mm')).toEqual({ text: '41 mm', caret: 5 })
  })
})

describe('a draft', () => {
  const theirs: Draft = { case_id: 'c', version: 3, findings: 'old', impression: '' }
  let shelf: Map<string, string>
  let told: Present[]
  const kept = () => ({
    getItem: (key: string) => shelf.get(key) ?? null,
    setItem: (key: string, value: string) => void shelf.set(key, value),
    removeItem: (key: string) => void shelf.delete(key),
  })
  type Put = ConstructorParameters<typeof DraftKeeper>[6]
  const keeper = (put: Put) =>
    new DraftKeeper('c', 'w', theirs, 'k', kept(), (present) => told.push(present), put)
  const accepted: Put = async (_case, body) => ({
    body: { ...theirs, ...(body as Draft), version: 4 },
    etag: '"4"',
  })
  const refusing = (status: number): Put => {
    return () => Promise.reject(new Problem('x', { type: 'x', title: 'x', status, detail: 'Why not.' }))
  }

  beforeEach(() => {
    vi.useFakeTimers()
    shelf = new Map()
    told = []
  })
  afterEach(() => vi.useRealTimers())

  it('is in the browser at once, at the hub shortly after, and then only there', async () => {
    const draft = keeper(accepted)
    draft.write({ findings: 'new' })
    expect(readLocal(shelf.get('k') ?? null)).toEqual({ findings: 'new', impression: '', version: 3 })
    await vi.advanceTimersByTimeAsync(1500)
    expect(draft.present).toMatchObject({ findings: 'new', tag: '"4"', state: { kind: 'saved' } })
    expect(shelf.size).toBe(0)
  })

  it('waits for the line, and loses nothing', async () => {
    let isUp = false
    const draft = keeper((...sent) => (isUp ? accepted(...sent) : refusing(0)!(...sent)))
    draft.write({ findings: 'new' })
    await vi.advanceTimersByTimeAsync(1500)
    // A problem without status stands for a hub that is away.
    expect(draft.present.state.kind).toBe('failed')
    isUp = true
    expect(await draft.flush()).toBe(true)
    expect(draft.present.state.kind).toBe('saved')
  })

  it('tries again by itself when the line was cut', async () => {
    let tries = 0
    const offline = new Problem('offline', { type: 'x', title: 'x', status: 0 })
    const draft = keeper((...sent) => (tries++ ? accepted(...sent) : Promise.reject(offline)))
    draft.write({ impression: 'i' })
    await vi.advanceTimersByTimeAsync(1500)
    expect(draft.present.state.kind).toBe('offline')
    expect(shelf.has('k')).toBe(true)
    await vi.advanceTimersByTimeAsync(5000)
    expect([draft.present.state.kind, tries]).toEqual(['saved', 2])
  })

  it('says when the case is no longer ours, and keeps the words here', async () => {
    const draft = keeper(refusing(409))
    draft.write({ findings: 'too late' })
    await vi.advanceTimersByTimeAsync(1500)
    expect(draft.present.state).toEqual({ kind: 'lost', words: 'Why not.' })
    draft.write({ findings: 'too late again' })
    await vi.advanceTimersByTimeAsync(9000)
    expect(draft.present.state.kind).toBe('lost')
    expect(shelf.get('k')).toContain('too late again')
  })

  it('goes on with what a closed browser kept', async () => {
    shelf.set('k', JSON.stringify({ findings: 'kept', impression: '', version: 3 }))
    const draft = keeper(accepted)
    expect(draft.present.findings).toBe('kept')
    await vi.advanceTimersByTimeAsync(10)
    expect(draft.present).toMatchObject({ tag: '"4"', state: { kind: 'saved' } })
  })

  it('lets a person choose where both have changed', async () => {
    shelf.set('k', JSON.stringify({ findings: 'kept', impression: '', version: 1 }))
    const draft = keeper(accepted)
    expect(draft.present.state).toEqual({ kind: 'conflict', theirs })
    expect(await draft.flush()).toBe(false)
    draft.settle('theirs')
    expect(draft.present).toMatchObject({ findings: 'old', state: { kind: 'saved' } })
  })

  it('puts the words of another window beside its own before it signs', async () => {
    const get = async () => ({ body: { ...theirs, version: 9 }, etag: '"9"' })
    const draft = new DraftKeeper(
      'c',
      'w',
      theirs,
      'k',
      kept(),
      (present) => told.push(present),
      accepted,
      get,
    )
    await draft.lookAgain()
    expect(draft.present).toMatchObject({ tag: '"9"', state: { kind: 'saved' } })
    draft.write({ findings: 'mine' })
    await draft.lookAgain()
    expect(draft.present.state).toMatchObject({ kind: 'conflict', theirs: { version: 9 } })
  })

  it.each([
    [null, 'old', false, false],
    [{ findings: 'old', impression: '', version: 1 }, 'old', false, false],
    [{ findings: 'mine', impression: '', version: 3 }, 'mine', true, false],
    [{ findings: 'mine', impression: '', version: 2 }, 'mine', true, true],
  ])('with %o kept here begins with %s', (local, findings, isAhead, isConflict) => {
    expect(begunWith(theirs, local)).toMatchObject({ words: { findings }, isAhead, isConflict })
  })

  it.each([null, '', '{', 'null', '[]', '{"findings":1,"impression":""}'])('is not read from %s', (text) => {
    expect(readLocal(text)).toBeNull()
  })
})

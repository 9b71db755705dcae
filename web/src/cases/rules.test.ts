import { expect, test } from 'vitest'
import { doorOf, dueOf, folded, readable, textOf } from './rules'
import type { Happening } from './types'

function happening(kind: string, at: string, more: Partial<Happening> = {}): Happening {
  return { sequence: 1, kind, words: kind, at, actor: 'US1', actor_name: '', subject: '', body: {}, ...more }
}

test('arrivals one after another are one line, with their number and the last moment', () => {
  const told = folded([
    happening('instance.stored', '1'),
    happening('instance.stored', '2'),
    happening('instance.stored', '3', { actor: 'US2' }),
    happening('case.opened', '4'),
    happening('instance.stored', '5'),
  ])
  expect(told.map(({ kind, count, at, until }) => [kind, count, at, until])).toEqual([
    ['instance.stored', 2, '1', '2'],
    ['instance.stored', 1, '3', '3'],
    ['case.opened', 1, '4', '4'],
    ['instance.stored', 1, '5', '5'],
  ])
})

test('what has a reason of its own is never folded away', () => {
  const asked = (reason: string) => happening('retake.asked', '1', { body: { reason } })
  expect(folded([asked('motion'), asked('motion')]).map(({ reason }) => reason)).toEqual(['motion', 'motion'])
})

test.each([
  ['Zhang^San=张^三', '张三 Zhang San'],
  ['Wang^Li', 'Wang Li'],
  ['=张^三', '张三'],
  ['', ''],
])('the name %s reads %s', (name, words) => {
  expect(readable(name)).toBe(words)
})

test('an element without a value is empty', () => {
  expect(textOf({ '00080060': { Value: ['US'] } }, '00080060')).toBe('US')
  expect(textOf({ '00200013': { Value: [0] } }, '00200013')).toBe('0')
  expect(textOf({ '00080060': {} }, '00080060')).toBe('')
})

test.each([
  ['device:01M7W179T0CN1H', 'device'],
  ['hub', 'hub'],
  ['hub:01M7W1A1', 'hub'],
  ['hubert', ''],
  ['li.na', ''],
])('%s came through the door %j', (actor, door) => {
  expect(doorOf(actor)).toBe(door)
})

test.each([
  ['SCHEDULED', '2026-11-20T10:00:00Z'],
  ['IN PROGRESS', '2026-11-20T10:00:00Z'],
  ['COMPLETED', '2026-11-20T10:00:00Z'],
  ['CANCELED', ''],
])('a case whose turn is %s is due %s', (state, due) => {
  const workitem = { procedure_step_state: state, claimed_by_name: null }
  expect(dueOf({ due_at: '2026-11-20T10:00:00Z', workitem })).toBe(due)
})

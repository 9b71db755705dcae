import { expect, test } from 'vitest'
import en from '../words/en.json'
import { actInWords, actorInWords, eventInWords, grantsInWords, parted, slug } from './recorded'

test.each([
  ['report signed: final', ['report signed', 'final']],
  ['granted: reader in ecg: night', ['granted', 'reader in ecg: night']],
  ['login', ['login', '']],
])('%s is an act and what more is told of it', (action, parts) => {
  expect(parted(action)).toEqual(parts)
})

test.each(['aside.kept-apart', 'too many log-in attempts', 'patient same-patient', 'report received'])(
  'there are words for %s',
  (action) => {
    expect(en).toHaveProperty([`audit.action.${slug(action)}`])
  },
)

test('what has no words is shown as it is written', () => {
  expect(actInWords('moon landed: <b>, late')).toBe('moon landed: <b>, late')
  expect(eventInWords('Moon Landed')).toBe('Moon Landed')
  expect(grantsInWords('reader in ecg, admin at a')).toBe('reader · ecg, admin · a')
  expect(grantsInWords('')).toBe('')
  expect(actorInWords('li.na', '李娜')).toBe('李娜')
  expect(actorInWords('root@hub (console)', '')).toBe('root@hub (console)')
  expect(actorInWords('hubert', '')).toBe('hubert')
})

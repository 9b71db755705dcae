import { expect, test } from 'vitest'
import { size, span, sum } from './told'

test.each([
  [0, '0 b'],
  [999, '999 b'],
  [1_000, '1 kB'],
  [812_400_000_000, '812.4 GB'],
  [3e15, '3,000 TB'],
])('%i bytes read as %s', (bytes, words) => {
  expect(size(bytes).toLowerCase()).toBe(words.toLowerCase())
})

test.each([
  [0, '0'],
  [59.9, '59'],
  [60, '1'],
  [7_199, '1'],
  [90_000, '1'],
])('%d seconds are shown in whole units', (seconds, number) => {
  expect(span(seconds)).toMatch(new RegExp(`^${number}\\D`))
})

test('numbers by word add up', () => {
  expect(sum({ a: 1, b: 2 })).toBe(3)
  expect(sum({})).toBe(0)
})

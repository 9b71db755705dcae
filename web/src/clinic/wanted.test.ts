import { describe, expect, it } from 'vitest'
import { addressOf, isDay, wantedIn } from './wanted'

describe('what the inbox is asked for', () => {
  it.each([
    ['0002-10-01', false],
    ['0020-10-01', false],
    ['0202-10-01', false],
    ['1899-12-31', false],
    ['1900-01-01', true],
    ['2026-10-01', true],
    ['20261-10-01', false],
    ['2026-10', false],
    ['', false],
  ])('%s is a day to search for: %s', (text, is) => {
    expect(isDay(text)).toBe(is)
  })

  it('leaves a date out of the address that nobody can mean', () => {
    const search = '?patient=qi&from=0006-02-02&to=2026-10-02&unread=1'
    expect(addressOf(wantedIn(search))).toBe('/clinic?patient=qi&to=2026-10-02&unread=1')
  })
})

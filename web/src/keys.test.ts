import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Action, actionOf, keysShown, nameOf, TABLE } from './keys'
import en from './words/en.json'

const DOCUMENT = new URL('../../docs/keys.md', import.meta.url)
const PLACES = { everywhere: 'Everywhere', list: 'Reading list', report: 'Report', viewer: 'Images' }
const pressed = (key: string, more: object = {}) => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...more,
})

function documented(): string {
  const lines = [
    '# Keys',
    '',
    'Made from `web/src/keys.ts` by `npm --prefix web run keys`. Keys work on /read, those of images on /view too.',
    '',
  ]
  lines.push('While somebody types only the keys marked ✎ act.')
  for (const [place, title] of Object.entries(PLACES)) {
    lines.push('', `## ${title}`, '', '| Key | Does |', '|---|---|')
    for (const entry of TABLE.filter((each) => each.place === place)) {
      const words = en[`keys.${entry.action}` as keyof typeof en]
      lines.push(
        `| ${keysShown(entry.action).replace('|', '\\|')}${entry.whileTyping ? ' ✎' : ''} | ${words} |`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}

describe('the key table', () => {
  it('gives no key to two actions', () => {
    const keys = TABLE.flatMap((entry) => entry.keys)
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([])
  })

  it('has words for each action', () => {
    expect(TABLE.filter((entry) => !(`keys.${entry.action}` in en))).toEqual([])
  })

  it('lets no single key act while somebody types', () => {
    const single = /^(Shift\+)?(.|Arrow\w+|Home|End|Page\w+|Backspace|Delete|Enter)$/
    expect(TABLE.filter((entry) => entry.whileTyping && entry.keys.some((key) => single.test(key)))).toEqual(
      [],
    )
    expect(actionOf(pressed('n'), true)).toBeNull()
    expect(actionOf(pressed('Enter', { ctrlKey: true }), true)).toBe('sign')
  })

  it.each([
    [pressed('n'), 'n'],
    [pressed('N'), 'n'], // with Caps Lock
    [pressed('R', { shiftKey: true }), 'Shift+R'],
    [pressed('?', { shiftKey: true }), '?'],
    [pressed('+', { shiftKey: true }), '+'],
    [pressed('Enter', { ctrlKey: true, shiftKey: true }), 'Ctrl+Shift+Enter'],
    [pressed('s', { metaKey: true }), 'Ctrl+s'],
    [pressed('ArrowUp', { altKey: true }), 'Alt+ArrowUp'],
  ])('reads %o as %s', (key, name) => {
    expect(nameOf(key)).toBe(name)
  })

  it('settles what hands do differently', () => {
    const chosen: [string, Action][] = [
      [' ', 'play'],
      ['0', 'reset'],
      ['n', 'next-case'],
      ['?', 'help'],
      ['i', 'invert'],
    ]
    for (const [key, action] of chosen) expect(actionOf(pressed(key), false)).toBe(action)
  })

  it('is what the documentation says', () => {
    if (process.env.WRITE_KEYS) writeFileSync(DOCUMENT, documented())
    expect(readFileSync(DOCUMENT, 'utf-8')).toBe(documented())
  })
})

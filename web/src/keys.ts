// The one table of keys: the help (`?`), the tool buttons' titles, docs/keys.md and the handlers all read it.
// Where hands' habits differ it was settled once: space plays and pauses (echo readers), 0 resets.
import { useEffect, useRef } from 'preact/hooks'

export type KeyPlace = 'list' | 'report' | 'viewer' | 'everywhere'

export interface KeyEntry {
  action: string
  /** As `KeyboardEvent.key` says it; with `Ctrl+`, `Shift+`, `Alt+` before it. Ctrl stands for Cmd too. */
  keys: readonly string[]
  place: KeyPlace
  /** Works while somebody types as well: only with Ctrl, with a function key, or Escape. */
  whileTyping?: true
}

export const KEYS = [
  { action: 'help', keys: ['?'], place: 'everywhere' },
  { action: 'escape', keys: ['Escape'], place: 'everywhere', whileTyping: true },
  { action: 'next-case', keys: ['n'], place: 'list' },
  { action: 'case-below', keys: ['j'], place: 'list' },
  { action: 'case-above', keys: ['k'], place: 'list' },
  { action: 'claim', keys: ['Enter'], place: 'list' },
  { action: 'release', keys: ['Shift+R'], place: 'list' },
  { action: 'take-over', keys: ['Shift+T'], place: 'list' },
  { action: 'find', keys: ['/'], place: 'list' },
  { action: 'to-report', keys: ['F2'], place: 'report', whileTyping: true },
  { action: 'normal-text', keys: ['F8'], place: 'report', whileTyping: true },
  { action: 'insert-measures', keys: ['F4'], place: 'report', whileTyping: true },
  { action: 'ask-retake', keys: ['F9'], place: 'report', whileTyping: true },
  { action: 'preliminary', keys: ['Ctrl+Shift+Enter'], place: 'report', whileTyping: true },
  { action: 'sign', keys: ['Ctrl+Enter'], place: 'report', whileTyping: true },
  { action: 'save', keys: ['Ctrl+s'], place: 'report', whileTyping: true },
  { action: 'window', keys: ['w'], place: 'viewer' },
  { action: 'pan', keys: ['p'], place: 'viewer' },
  { action: 'zoom', keys: ['z'], place: 'viewer' },
  { action: 'magnifier', keys: ['m'], place: 'viewer' },
  { action: 'length', keys: ['l'], place: 'viewer' },
  { action: 'angle', keys: ['a'], place: 'viewer' },
  { action: 'cobb', keys: ['b'], place: 'viewer' },
  { action: 'cardiothoracic', keys: ['t'], place: 'viewer' },
  { action: 'ellipse', keys: ['e'], place: 'viewer' },
  { action: 'arrow', keys: ['x'], place: 'viewer' },
  { action: 'invert', keys: ['i'], place: 'viewer' },
  { action: 'rotate-right', keys: ['r'], place: 'viewer' },
  { action: 'rotate-left', keys: ['Shift+L'], place: 'viewer' },
  { action: 'flip-horizontal', keys: ['h'], place: 'viewer' },
  { action: 'flip-vertical', keys: ['v'], place: 'viewer' },
  { action: 'zoom-in', keys: ['+'], place: 'viewer' },
  { action: 'zoom-out', keys: ['-'], place: 'viewer' },
  { action: 'fit', keys: ['=', 'f'], place: 'viewer' },
  { action: 'one-to-one', keys: ['o'], place: 'viewer' },
  { action: 'reset', keys: ['0'], place: 'viewer' },
  { action: 'preset-1', keys: ['1'], place: 'viewer' },
  { action: 'preset-2', keys: ['2'], place: 'viewer' },
  { action: 'preset-3', keys: ['3'], place: 'viewer' },
  { action: 'preset-4', keys: ['4'], place: 'viewer' },
  { action: 'window-auto', keys: ['5'], place: 'viewer' },
  { action: 'play', keys: [' ', 'c'], place: 'viewer' },
  { action: 'slower', keys: ['['], place: 'viewer' },
  { action: 'faster', keys: [']'], place: 'viewer' },
  { action: 'loop', keys: ['u'], place: 'viewer' },
  { action: 'grid', keys: ['g'], place: 'viewer' },
  { action: 'previous-image', keys: ['ArrowUp'], place: 'viewer' },
  { action: 'next-image', keys: ['ArrowDown'], place: 'viewer' },
  { action: 'previous-pane', keys: ['ArrowLeft'], place: 'viewer' },
  { action: 'next-pane', keys: ['ArrowRight'], place: 'viewer' },
  { action: 'first-image', keys: ['Home'], place: 'viewer' },
  { action: 'last-image', keys: ['End'], place: 'viewer' },
  { action: 'previous-series', keys: ['PageUp'], place: 'viewer' },
  { action: 'next-series', keys: ['PageDown'], place: 'viewer' },
  { action: 'hide-names', keys: ['q'], place: 'viewer' },
  { action: 'hide-marks', keys: ['s'], place: 'viewer' },
  { action: 'link-panes', keys: [','], place: 'viewer' },
  { action: 'march', keys: ['.'], place: 'viewer' },
  { action: 'key-image', keys: ['y'], place: 'viewer' },
  { action: 'compare', keys: ['d'], place: 'viewer' },
  { action: 'stack', keys: ['Shift+D'], place: 'viewer' },
  { action: 'delete-mark', keys: ['Backspace', 'Delete'], place: 'viewer' },
  { action: 'undo', keys: ['Ctrl+z'], place: 'viewer' },
  { action: 'redo', keys: ['Ctrl+y'], place: 'viewer' },
] as const satisfies readonly KeyEntry[]

export type Action = (typeof KEYS)[number]['action']
export const TABLE: readonly (KeyEntry & { action: Action })[] = KEYS

type Pressed = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>

/** A pressed key as the table writes it. Shift counts only where the sign itself does not say it. */
export function nameOf(pressed: Pressed): string {
  const { key } = pressed
  const isLetter = key.length === 1 && key.toLowerCase() !== key.toUpperCase()
  const shift = pressed.shiftKey && (isLetter || key.length > 1)
  const letter = isLetter
    ? shift && !pressed.ctrlKey && !pressed.metaKey
      ? key.toUpperCase()
      : key.toLowerCase()
    : key
  const control = pressed.ctrlKey || pressed.metaKey
  return `${control ? 'Ctrl+' : ''}${pressed.altKey ? 'Alt+' : ''}${shift ? 'Shift+' : ''}${letter}`
}

/** The action of a pressed key, if it has one here. */
export function actionOf(pressed: Pressed, isTyping: boolean): Action | null {
  const name = nameOf(pressed)
  const entry = TABLE.find((each) => each.keys.includes(name))
  return entry && (!isTyping || entry.whileTyping) ? entry.action : null
}

/** Whether keys pressed here are text: in fields, and on what a key would change (a list of choices, a slider). */
export function isTypingIn(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null
  if (!element?.tagName) return false
  if (element.isContentEditable || element.tagName === 'TEXTAREA' || element.tagName === 'SELECT') return true
  return element.tagName === 'INPUT' && !/^(checkbox|radio|button)$/.test((element as HTMLInputElement).type)
}

/** Whether the browser itself does something with this key on this element. */
function isOwnKeyOf(target: EventTarget | null, key: string): boolean {
  const element = target as HTMLElement | null
  return (key === 'Enter' || key === ' ') && /^(BUTTON|A|SUMMARY|INPUT)$/.test(element?.tagName ?? '')
}

export type Handlers = Partial<Record<Action, (event: KeyboardEvent) => void>>

interface Heard {
  current: Handlers
}

/** All that is on the page and hears keys: what several of them know, as Escape, each of them does. */
const hearing = new Set<Heard>()

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing || isOwnKeyOf(event.target, event.key)) return
  // What lies below a dialog does nothing, wherever the focus is.
  if (document.querySelector('dialog[open]') !== null) return
  const action = actionOf(event, isTypingIn(event.target))
  if (action === null) return
  for (const { current } of [...hearing]) {
    if (current[action] === undefined) continue
    event.preventDefault()
    current[action](event)
  }
}

/** Lets keys act while the component is there; `isOff` silences them, as below a dialog. */
export function useKeys(handlers: Handlers, isOff = false): void {
  const newest = useRef(handlers)
  newest.current = isOff ? {} : handlers
  useEffect(() => {
    if (hearing.size === 0) addEventListener('keydown', press)
    hearing.add(newest)
    return () => {
      hearing.delete(newest)
      if (hearing.size === 0) removeEventListener('keydown', press)
    }
  }, [])
}

const SHOWN: Record<string, string> = {
  ' ': 'Space',
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  PageUp: 'PgUp',
  PageDown: 'PgDn',
}

/** The keys of an action as people read them. */
export function keysShown(action: Action): string {
  const entry = TABLE.find((each) => each.action === action)
  return (entry?.keys ?? [])
    .map((key) =>
      key.replace(/[^+]+$|\+$/, (last) => SHOWN[last] ?? (last.length === 1 ? last.toUpperCase() : last)),
    )
    .join(', ')
}

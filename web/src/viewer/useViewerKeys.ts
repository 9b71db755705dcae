import { useCallback, useEffect } from 'preact/hooks'
import { type Action, type Handlers, isTypingIn, TABLE, useKeys } from '../keys'
import { done, linkLook, linkWindow, presetsOf } from './commands'
import type { Voi } from './grey'
import type { Held, PaneHandle } from './Pane'
import type { Tool } from './tools'
import type { EcgHandle } from './useCallipers'
import type { Hanging } from './useHanging'
import type { Marking } from './useMarking'
import type { Shared } from './Viewer'

/** The tools among the actions. */
export const TOOLS: Partial<Record<Action, Tool>> = {
  window: 'window',
  pan: 'pan',
  zoom: 'zoom',
  magnifier: 'magnify',
  length: 'length',
  angle: 'angle',
  cobb: 'cobb',
  cardiothoracic: 'cardiothoracic-ratio',
  ellipse: 'ellipse',
  arrow: 'arrow',
}

export interface Reached {
  handles: Held<readonly (PaneHandle | undefined)[]>
  ecgs: Held<readonly (EcgHandle | undefined)[]>
  hanging: Hanging
  marking: Marking
  setShared: (change: (before: Shared) => Shared) => void
  isLinked: boolean
}

/** What a button does as a key would: an action, or a window by itself. */
export interface Buttons {
  run: (action: Action) => void
  choose: (voi: Voi) => void
}

/** Let the viewer's keys act, and return what does the same for a button. */
export function useViewerKeys(reached: Reached): Buttons {
  const { handles, hanging, isLinked } = reached
  const run = useCallback(
    (action: Action) => {
      const pane = handles.current[hanging.active]
      const other = handles.current[hanging.active ^ 1]
      const tool = TOOLS[action]
      if (tool !== undefined) {
        reached.setShared((before) => ({ ...before, tool }))
        return
      }
      const ofAll = ofViewer(reached)[action]
      if (ofAll !== undefined) {
        ofAll(pane)
        return
      }
      if (pane === undefined) {
        if (action === 'reset') reached.ecgs.current[hanging.active]?.reset()
        return
      }
      const { looks, windows } = done(action, pane)
      if (looks && isLinked) linkLook(pane, other)
      if (windows && isLinked) linkWindow(pane, other)
    },
    [handles, hanging, isLinked, reached],
  )
  const handlers: Handlers = {}
  for (const { action, place } of TABLE) {
    if (place === 'viewer' || action === 'escape') {
      handlers[action] = () => {
        run(action)
      }
    }
  }
  useKeys(handlers)
  useEffect(() => {
    addEventListener('mousedown', leaveFocus)
    return () => {
      removeEventListener('mousedown', leaveFocus)
    }
  }, [])
  return { run, choose: (voi) => chooseIn(reached, voi) }
}

/** A button that a mouse pressed keeps no focus: the space bar plays, and does not press it again. */
function leaveFocus(event: MouseEvent): void {
  if (event.target instanceof Element && event.target.closest('.viewer button') !== null) {
    event.preventDefault()
  }
}

type Does = (pane: PaneHandle | undefined) => unknown

function ofViewer(reached: Reached): Partial<Record<Action, Does>> {
  const { hanging, marking, setShared } = reached
  const ecg = reached.ecgs.current[hanging.active]
  const toggled = (name: Exclude<keyof Shared, 'tool'>) => (): void => {
    setShared((before) => ({ ...before, [name]: !before[name] }))
  }
  return {
    'next-image': (pane) => step(pane, hanging, 1),
    'previous-image': (pane) => step(pane, hanging, -1),
    'next-series': () => hanging.go(1, 'series'),
    'previous-series': () => hanging.go(-1, 'series'),
    'next-pane': () => hanging.activate(1),
    'previous-pane': () => hanging.activate(0),
    'hide-names': toggled('hidesNames'),
    'hide-marks': toggled('showsMarks'),
    'link-panes': toggled('isLinked'),
    stack: toggled('isStacked'),
    grid: () => hanging.setLayout(hanging.layout === 'grid' ? 'one' : 'grid'),
    compare: () => hanging.setLayout(hanging.layout === 'two' ? 'one' : 'two'),
    'key-image': marking.toggleKeyImage,
    'delete-mark': marking.removePicked,
    undo: marking.undo,
    redo: marking.redo,
    march: () => ecg?.march(),
    escape: (pane) => {
      // Of those who press it in a field: back to the images.
      if (isTypingIn(document.activeElement)) (document.activeElement as HTMLElement).blur()
      const had = pane?.cancel() === true || ecg?.cancel() === true
      if (!had) setShared((before) => ({ ...before, tool: 'window' }))
      marking.pick(undefined)
    },
    'preset-1': (pane) => chooseIn(reached, presetsOf(pane?.stage)[0]),
    'preset-2': (pane) => chooseIn(reached, presetsOf(pane?.stage)[1]),
    'preset-3': (pane) => chooseIn(reached, presetsOf(pane?.stage)[2]),
    'preset-4': (pane) => chooseIn(reached, presetsOf(pane?.stage)[3]),
  }
}

/** Through the frames of a stack or a cine; of single pictures to the neighbour. */
function step(pane: PaneHandle | undefined, hanging: Hanging, by: 1 | -1): void {
  if (hanging.layout === 'grid') {
    stepInGrid(by)
    return
  }
  const { stage } = pane ?? {}
  if (pane !== undefined && stage?.image !== undefined && stage.image.frameCount > 1) {
    pane.turnTo(stage.frame + by)
  } else hanging.go(by, 'image')
}

/** To the next small picture: Enter opens it, as it does any button. */
function stepInGrid(by: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>('.viewer-panes.grid button')]
  const at = all.indexOf(document.activeElement as HTMLElement)
  all[Math.min(Math.max(at + by, 0), all.length - 1)]?.focus()
}

/** Show the active picture in a window, and the other one as it follows. */
function chooseIn({ handles, hanging, isLinked }: Reached, voi: Voi | undefined): void {
  const pane = handles.current[hanging.active]
  if (pane === undefined || voi === undefined) return
  pane.stage.choose(voi)
  if (isLinked) linkWindow(pane, handles.current[hanging.active ^ 1])
}

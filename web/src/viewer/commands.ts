/** What keys and buttons do to the pane that is looked at. */

import type { Action } from '../keys'
import { SPEEDS } from './cine'
import { voiText } from './corners'
import { type Voi, windowOf } from './grey'
import type { PaneHandle } from './Pane'
import type { Stage } from './stage'
import { actualSize, fitted, flipped, linked, type Point, turned, zoomedAt } from './transform'

const STEP = 1.25

/** Do what a key or a button means for one picture; `looks` says whether the other pane has to follow. */
export function done(command: Action, pane: PaneHandle): { looks: boolean; windows: boolean } {
  const { stage } = pane
  const look = LOOKS[command]
  if (look !== undefined) {
    look(stage)
    return { looks: true, windows: false }
  }
  const turn = TURNS[command]
  if (turn !== undefined) {
    pane.turnTo(turn(stage))
    return { looks: false, windows: false }
  }
  OTHERS[command]?.(stage, pane)
  return { looks: command === 'reset', windows: ['window-auto', 'reset', 'invert'].includes(command) }
}

const LOOKS: Partial<Record<Action, (stage: Stage) => void>> = {
  fit: (stage) => {
    stage.look(fitted(stage.extent, stage.pane, stage.view), true)
  },
  'one-to-one': (stage) => {
    stage.look(actualSize(viewOf(stage)))
  },
  'zoom-in': (stage) => {
    stage.look(zoomedAt(viewOf(stage), STEP, middle(stage), stage.extent, stage.pane))
  },
  'zoom-out': (stage) => {
    stage.look(zoomedAt(viewOf(stage), 1 / STEP, middle(stage), stage.extent, stage.pane))
  },
  'rotate-right': (stage) => {
    refit(stage, turned(viewOf(stage), 1))
  },
  'rotate-left': (stage) => {
    refit(stage, turned(viewOf(stage), -1))
  },
  'flip-horizontal': (stage) => {
    stage.look(flipped(viewOf(stage), 'horizontal'), stage.isFitted)
  },
  'flip-vertical': (stage) => {
    stage.look(flipped(viewOf(stage), 'vertical'), stage.isFitted)
  },
}

const TURNS: Partial<Record<Action, (stage: Stage) => number>> = {
  'first-image': () => 0,
  'last-image': (stage) => (stage.image?.frameCount ?? 1) - 1,
}

const OTHERS: Partial<Record<Action, (stage: Stage, pane: PaneHandle) => void>> = {
  invert: (stage) => {
    stage.isInverted = !stage.isInverted
    stage.redraw()
  },
  'window-auto': (stage) => {
    const found = stage.automatic()
    if (found !== undefined) stage.choose(found)
  },
  reset: (stage) => {
    stage.isInverted = false
    stage.choose(undefined)
    stage.look(fitted(stage.extent, stage.pane), true)
  },
  play: (stage, pane) => {
    if (stage.image?.cine === undefined || stage.image.frameCount < 2) return
    stage.play(!stage.isPlaying)
    // What stands still is looked at closely: as it was stored.
    if (!stage.isPlaying) pane.turnTo(stage.frame)
  },
  loop: (stage) => {
    stage.bounces = !stage.bounces
    stage.redraw()
  },
  faster: (stage) => {
    paced(stage, 1)
  },
  slower: (stage) => {
    paced(stage, -1)
  },
}

/** Go one speed up or down. */
export function paced(stage: Stage, step: 1 | -1): void {
  const at = SPEEDS.indexOf(stage.speed)
  stage.speed = SPEEDS[Math.min(Math.max(at + step, 0), SPEEDS.length - 1)] ?? 1
  stage.redraw()
}

function refit(stage: Stage, view: NonNullable<Stage['view']>): void {
  stage.look(stage.isFitted ? fitted(stage.extent, stage.pane, view) : view, stage.isFitted)
}

function viewOf(stage: Stage): NonNullable<Stage['view']> {
  return stage.view ?? fitted(stage.extent, stage.pane)
}

function middle(stage: Stage): Point {
  return [stage.pane.width / 2, stage.pane.height / 2]
}

/** Return what the number keys choose: what the image names, in its order. */
export function presetsOf(stage: Stage | undefined): Voi[] {
  return stage?.rule?.presets ?? []
}

/** Let the other pane look at the same place, as near. */
export function linkLook(from: PaneHandle | undefined, to: PaneHandle | undefined): void {
  if (from?.stage.view === undefined || to?.stage.image === undefined) return
  if (from.stage.isFitted) to.stage.look(fitted(to.stage.extent, to.stage.pane, from.stage.view), true)
  else to.stage.look(linked(from.stage.view, from.stage.extent, to.stage.extent))
}

type Linked = Pick<Stage, 'chosen' | 'rule'>

const isWindow = ({ kind }: Voi): boolean => kind === 'window'

/** Let the other pane show its own greys as this one shows its. */
export function linkWindow(from: PaneHandle | undefined, to: PaneHandle | undefined): void {
  if (from === undefined || to === undefined) return
  to.stage.isInverted = from.stage.isInverted
  const found = from.stage.chosen === undefined ? undefined : linkedVoi(from.stage, to.stage)
  if (found !== undefined || from.stage.chosen === undefined) to.stage.choose(found)
  to.stage.redraw()
}

/**
 * Return the other pane's window, as far from its own first one as this is from this one's; for a table its own of
 * the same name, of several the one at the same place.
 */
export function linkedVoi(from: Linked, to: Linked): Voi | undefined {
  const { chosen } = from
  const [own, others] = [from.rule?.presets ?? [], to.rule?.presets ?? []]
  if (chosen?.kind === 'table') {
    const place = own.indexOf(chosen)
    const isSame = (each: Voi | undefined): boolean =>
      each?.kind === 'table' && voiText(each) === voiText(chosen)
    return isSame(others[place]) ? others[place] : others.find(isSame)
  }
  if (chosen?.kind !== 'window' || own[0] === undefined || others[0] === undefined) return undefined
  const [mine, theirs] = [
    windowOf(own.find(isWindow) ?? own[0]),
    windowOf(others.find(isWindow) ?? others[0]),
  ]
  const ratio = theirs.width / mine.width
  return {
    ...chosen,
    center: theirs.center + (chosen.center - mine.center) * ratio,
    width: Math.max(chosen.width * ratio, 1),
  }
}

/** Turns a pointer's way over a pane into what its tool does: buttons, wheel, one finger and two. */

import { dragged, windowOf } from './grey'
import { begun, type Draft, isWhole, LEAST_PIXELS, type Mark, moved, pointNear } from './marks'
import type { Stage } from './stage'
import { isMeasure, pinched, type Tool, toolOf, zoomFactor } from './tools'
import { type Point, panned, toCanvas, toImage, zoomedAt } from './transform'

/** What the pane does about it. */
export interface Hands {
  tool: () => Tool
  marks: () => readonly Mark[]
  onLook: () => void
  onWindow: () => void
  onFrame: (steps: number) => void
  onDraft: (draft: Draft | undefined) => void
  onMeasured: (draft: Draft) => void
  onPick: (mark: Mark | undefined) => void
  /** `isEnd` when the hand lets go: that is the step to be undone. */
  onPointMoved: (mark: Mark, place: number, at: Point, isEnd: boolean) => void
}

interface Finger {
  x: number
  y: number
}

/** How near to a point, in pixels of the screen, a hand means it. */
const REACH = 10
const REACH_OF_FINGER = 22

export class Pointer {
  private readonly fingers = new Map<number, Finger>()
  private tool: Tool | undefined
  private draft: Draft | undefined
  private moving: { mark: Mark; place: number; at: Point } | undefined
  private downAt: Finger = { x: 0, y: 0 }

  constructor(
    private readonly stage: Stage,
    private readonly hands: Hands,
  ) {
    const { canvas } = stage
    canvas.addEventListener('pointerdown', this.down)
    canvas.addEventListener('pointermove', this.move)
    canvas.addEventListener('pointerup', this.up)
    canvas.addEventListener('pointercancel', this.taken)
    canvas.addEventListener('pointerleave', this.left)
    canvas.addEventListener('wheel', this.wheel, { passive: false })
    canvas.addEventListener('contextmenu', (event) => {
      event.preventDefault()
    })
  }

  /** Forget a measure that is not whole. Returns whether there was one. */
  cancel(): boolean {
    const had = this.draft !== undefined
    this.draft = undefined
    this.hands.onDraft(undefined)
    return had
  }

  private readonly down = (event: PointerEvent): void => {
    const { canvas } = this.stage
    canvas.setPointerCapture(event.pointerId)
    this.fingers.set(event.pointerId, { x: event.clientX, y: event.clientY })
    if (event.button === 1) event.preventDefault()
    if (this.fingers.size === 2) {
      // What one finger began is no measure any more.
      this.tool = undefined
      this.cancel()
      this.leaveMark()
      this.hideLens()
      this.stage.hurry(false)
      return
    }
    const tool = toolOf(event.button, this.hands.tool())
    this.tool = tool
    this.downAt = { x: event.clientX, y: event.clientY }
    const at = this.imagePoint(event)
    const reach = event.pointerType === 'touch' ? REACH_OF_FINGER : REACH
    const near =
      event.button === 0 && this.draft === undefined
        ? pointNear(this.hands.marks(), at, (reach * devicePixelRatio) / (this.stage.view?.scale ?? 1))
        : undefined
    this.moving = near && { ...near, at }
    this.hands.onPick(near?.mark)
    if (near !== undefined) return
    if (isMeasure(tool)) {
      this.draft = begun(this.draft, tool, at)
      this.hands.onDraft(this.draft)
    }
    if (tool === 'magnify') this.magnify(event)
    if (tool === 'window') this.stage.hurry(true)
  }

  private readonly move = (event: PointerEvent): void => {
    const before = this.fingers.get(event.pointerId)
    if (before === undefined) {
      if (this.draft !== undefined && this.draft.points.length % 2 === 0) this.follow(event)
      return
    }
    const now = { x: event.clientX, y: event.clientY }
    if (this.fingers.size === 2) this.pinch(event.pointerId, now)
    this.fingers.set(event.pointerId, now)
    if (this.fingers.size !== 1) return
    if (this.moving !== undefined) {
      this.moving.at = this.imagePoint(event)
      this.hands.onPointMoved(this.moving.mark, this.moving.place, this.moving.at, false)
    } else if (this.draft !== undefined && this.tool !== undefined && isMeasure(this.tool)) {
      this.draft = moved(this.draft, this.imagePoint(event))
      this.hands.onDraft(this.draft)
    } else {
      this.drag(event, now.x - before.x, now.y - before.y)
    }
  }

  private drag(event: PointerEvent, dx: number, dy: number): void {
    const { stage } = this
    const ratio = devicePixelRatio
    if (this.tool === 'pan') {
      stage.look(panned(this.look, dx * ratio, dy * ratio, stage.extent, stage.pane))
      this.hands.onLook()
    } else if (this.tool === 'zoom') {
      const at = this.canvasPoint({ clientX: this.downAt.x, clientY: this.downAt.y })
      stage.look(zoomedAt(this.look, zoomFactor(dy), at, stage.extent, stage.pane))
      this.hands.onLook()
    } else if (this.tool === 'window') {
      const { voi } = stage
      if (voi === undefined || !stage.canWindow) return
      stage.choose({ kind: 'window', explanation: '', ...dragged(windowOf(voi), dx, dy) })
      this.hands.onWindow()
    } else if (this.tool === 'magnify') this.magnify(event)
  }

  private readonly up = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId)
    const { moving, draft, stage } = this
    stage.hurry(false)
    this.hideLens()
    if (moving !== undefined) {
      moving.at = this.imagePoint(event)
      this.leaveMark()
    } else if (draft !== undefined && isWhole(draft)) {
      this.finish(draft, event)
    }
    this.tool = undefined
  }

  /** The system has taken the finger for something else: nothing was meant by where it was last. */
  private readonly taken = (event: PointerEvent): void => {
    this.fingers.delete(event.pointerId)
    this.tool = undefined
    this.cancel()
    this.leaveMark()
    this.hideLens()
    this.stage.hurry(false)
  }

  private leaveMark(): void {
    const { moving } = this
    this.moving = undefined
    if (moving !== undefined) this.hands.onPointMoved(moving.mark, moving.place, moving.at, true)
  }

  private hideLens(): void {
    if (this.stage.lens === undefined) return
    this.stage.lens = undefined
    this.stage.redraw()
  }

  /** A line of no length was a click that missed. */
  private finish(draft: Draft, event: PointerEvent): void {
    const way = Math.hypot(event.clientX - this.downAt.x, event.clientY - this.downAt.y)
    const isLine = draft.points.length !== 3
    this.draft = undefined
    this.hands.onDraft(undefined)
    if (!isLine || way >= LEAST_PIXELS) this.hands.onMeasured(draft)
  }

  private readonly left = (): void => {
    this.hideLens()
  }

  /** The wheel goes through frames; with Ctrl, or where there is one frame only, it zooms. */
  private readonly wheel = (event: WheelEvent): void => {
    event.preventDefault()
    const { stage } = this
    const isStack = (stage.image?.frameCount ?? 1) > 1
    if (isStack && !event.ctrlKey) {
      this.hands.onFrame(Math.sign(event.deltaY))
      return
    }
    // Lines or pages where the system counts so.
    const pixels = event.deltaY * (event.deltaMode === 0 ? 1 : 33)
    const at = this.canvasPoint(event)
    stage.look(zoomedAt(this.look, zoomFactor(pixels), at, stage.extent, stage.pane))
    this.hands.onLook()
  }

  private pinch(moved_: number, now: Finger): void {
    const { stage } = this
    const [first, second] = [...this.fingers.entries()]
    if (first === undefined || second === undefined) return
    const before = [first[1], second[1]] as const
    const after = [first[0] === moved_ ? now : first[1], second[0] === moved_ ? now : second[1]] as const
    const { factor, dx, dy, at } = pinched(before, after)
    const ratio = devicePixelRatio
    const where = this.canvasPoint({ clientX: at.x, clientY: at.y })
    const zoomed = zoomedAt(this.look, factor, where, stage.extent, stage.pane)
    stage.look(panned(zoomed, dx * ratio, dy * ratio, stage.extent, stage.pane))
    this.hands.onLook()
  }

  private follow(event: PointerEvent): void {
    if (this.draft?.kind !== 'angle' || this.draft.points.length !== 2) return
    this.hands.onDraft({ ...this.draft, points: [...this.draft.points, this.imagePoint(event)] })
  }

  private magnify(event: PointerEvent): void {
    this.stage.lens = this.canvasPoint(event)
    this.stage.redraw()
  }

  private get look(): NonNullable<Stage['view']> {
    const { stage } = this
    void stage.matrix
    return stage.view ?? { scale: 1, centre: [0, 0], turns: 0, isMirrored: false }
  }

  private canvasPoint(event: { clientX: number; clientY: number }): Point {
    const box = this.stage.canvas.getBoundingClientRect()
    return [(event.clientX - box.left) * devicePixelRatio, (event.clientY - box.top) * devicePixelRatio]
  }

  private imagePoint(event: PointerEvent): Point {
    return toImage(this.stage.matrix, this.canvasPoint(event))
  }
}

/** Return where a point of the image lies in the pane, in the page's pixels. */
export function onScreen(stage: Stage, point: Point): Point {
  const [x, y] = toCanvas(stage.matrix, point)
  return [x / devicePixelRatio, y / devicePixelRatio]
}

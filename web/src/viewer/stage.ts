/**
 * One pane's canvas: draws the best that is here of a frame, half as fine while a hand moves, and plays. It keeps
 * its state itself: a cine of 30 frames a second is no matter for the page's tree.
 */

import { advanced, type CineTiming, type Playhead } from './cine'
import { type Frame, type Frames, shadesOf } from './frames'
import {
  automatic,
  type GreyRule,
  histogram,
  modalityOutput,
  type Pixels,
  paint,
  previewTable,
  shadeTable,
  sizeOf,
  storedValue,
  type Voi,
  wholeExtent,
  windowOf,
} from './grey'
import { type Image, isGrey } from './image'
import { type Extent, fitted, type Matrix, matrixOf, type Point, type Size, type View } from './transform'

/** What the stage shows of its frame: nothing yet, a picture with loss, or all there is. */
export type Quality = 'none' | 'lossy' | 'full'

const MAGNIFIED = 2.5
const LENS_RADIUS = 110
const AHEAD = 6

export class Stage {
  view: View | undefined
  frame = 0
  isPlaying = false
  speed = 1
  bounces = false
  isInverted = false
  quality: Quality = 'none'
  /** What the reader chose; undefined for what the image names. */
  chosen: Voi | undefined
  /** Where the magnifier is, in canvas pixels. */
  lens: Point | undefined
  /** Graphics of the device's, drawn over the image. */
  planes: ImageBitmap | undefined
  /** Frames drawn since the start, for whoever measures. */
  drawn = 0

  image: Image | undefined
  frames: Frames | undefined
  rule: GreyRule | undefined

  private readonly context: CanvasRenderingContext2D
  private readonly sheet = document.createElement('canvas')
  private painted = ''
  private isHasty = false
  private request = 0
  private head: Playhead = { frame: 0, since: 0, direction: 1 }
  isFitted = true
  private counted: { pixels: Pixels; counts: Uint32Array } | undefined
  private grey: { bitmap: ImageBitmap; shades: Uint8Array } | undefined

  constructor(
    readonly canvas: HTMLCanvasElement,
    /** Called after each drawing. */
    private readonly onDrawn: (stage: Stage) => void,
  ) {
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null) throw new Error('no canvas')
    this.context = context
  }

  /** Show another image, from its first frame. */
  show(image: Image, frames: Frames, rule: GreyRule | undefined, frame: number): void {
    this.image = image
    this.frames = frames
    this.rule = rule
    this.frame = frame
    this.chosen = undefined
    this.isInverted = false
    this.isPlaying = false
    this.painted = ''
    this.counted = undefined
    this.grey = undefined
    this.planes = undefined
    this.view = undefined
    this.isFitted = true
    this.redraw()
  }

  /** Show nothing. */
  clear(): void {
    this.image = undefined
    this.frames = undefined
    this.rule = undefined
    this.isPlaying = false
    this.redraw()
  }

  get extent(): Extent {
    const { columns, rows, pixelAspect } = this.image ?? { columns: 1, rows: 1, pixelAspect: 1 }
    return { columns, rows, aspect: pixelAspect }
  }

  get pane(): Size {
    return { width: this.canvas.width, height: this.canvas.height }
  }

  get matrix(): Matrix {
    this.view ??= fitted(this.extent, this.pane)
    return matrixOf(this.view, this.extent, this.pane)
  }

  /** Look elsewhere; `isFitted` says that it shall stay whole when the pane changes its size. */
  look(view: View, isFitted = false): void {
    this.view = view
    this.isFitted = isFitted
    this.redraw()
  }

  /** Fit the canvas to the room it has on the screen. */
  resize(width: number, height: number): void {
    if (width < 1 || height < 1) return
    if (this.canvas.width === width && this.canvas.height === height) return
    this.canvas.width = width
    this.canvas.height = height
    if (this.isFitted) this.view = fitted(this.extent, this.pane, this.view)
    this.draw()
  }

  /** What is shown from black to white. */
  get voi(): Voi | undefined {
    const { rule } = this
    if (rule === undefined) return undefined
    return this.chosen ?? rule.presets[0] ?? this.whole()
  }

  /** Whether there is a window to change: of what names none, only when its pixels are here. */
  get canWindow(): boolean {
    return (
      this.image !== undefined &&
      isGrey(this.image) &&
      (this.chosen !== undefined || this.rule?.presets[0] !== undefined || this.counts() !== undefined)
    )
  }

  choose(voi: Voi | undefined): void {
    this.chosen = voi
    this.redraw()
  }

  /** While a hand moves every second pixel is enough. */
  hurry(isHasty: boolean): void {
    this.isHasty = isHasty
    this.redraw()
  }

  turnTo(frame: number): void {
    const count = this.image?.frameCount ?? 1
    this.frame = ((frame % count) + count) % count
    this.head = { ...this.head, frame: this.frame, since: performance.now() }
    this.redraw()
  }

  play(isPlaying: boolean): void {
    this.isPlaying = isPlaying
    this.head = { frame: this.frame, since: performance.now(), direction: 1 }
    this.redraw()
  }

  redraw(): void {
    if (this.request === 0) this.request = requestAnimationFrame(this.tick)
  }

  stop(): void {
    cancelAnimationFrame(this.request)
    this.request = 0
    this.isPlaying = false
  }

  /** Return what the modality makes of a pixel; undefined where the values are not here. */
  get valueAt(): ((column: number, row: number) => number) | undefined {
    const { rule, image } = this
    const frame = this.frames?.held(this.frame)
    if (rule === undefined || image === undefined || frame?.kind !== 'values') return undefined
    const { pixels } = frame
    const size = sizeOf(pixels)
    return (column, row) =>
      modalityOutput(
        rule.modality,
        storedValue(pixels[row * image.columns + column] ?? 0, size, image.isSigned),
      )
  }

  /** Return a window about what occurs in this frame. */
  automatic(): Voi | undefined {
    const counts = this.counts()
    return this.rule === undefined || counts === undefined ? undefined : automatic(this.rule, counts)
  }

  private whole(): Voi | undefined {
    const counts = this.counts() ?? new Uint32Array(256)
    return this.rule === undefined || this.image === undefined
      ? undefined
      : wholeExtent(this.rule, this.image, counts)
  }

  private counts(): Uint32Array | undefined {
    const frame = this.frames?.held(this.frame)
    if (frame?.kind !== 'values' || this.image === undefined) return undefined
    if (this.counted?.pixels !== frame.pixels) {
      this.counted = { pixels: frame.pixels, counts: histogram(frame.pixels, this.image) }
    }
    return this.counted.counts
  }

  private readonly tick = (now: number): void => {
    this.request = 0
    if (this.isPlaying && this.image?.cine !== undefined) {
      this.advance(now, this.image.cine)
      this.redraw()
    } else {
      this.draw()
    }
  }

  private advance(now: number, timing: CineTiming): void {
    const { frames } = this
    if (frames === undefined) return
    const loaded = frames.countHere
    const rules = { loaded, speed: this.speed, bounces: this.bounces }
    const next = advanced(this.head, now, timing, rules)
    if (next.frame !== this.frame || this.quality === 'none') {
      if (frames.held(next.frame) === undefined) {
        // It was here and memory had no room for it: the next screen will have it.
        void frames.again(next.frame)
        return
      }
      this.frame = next.frame
      this.draw()
      for (let ahead = 1; ahead <= AHEAD && ahead < loaded; ahead += 1) {
        const coming = (next.frame + ahead) % loaded
        if (frames.held(coming) === undefined) void frames.again(coming)
      }
    }
    this.head = next
  }

  private draw(): void {
    const { context, canvas } = this
    context.setTransform(1, 0, 0, 1, 0, 0)
    context.fillStyle = '#000'
    context.fillRect(0, 0, canvas.width, canvas.height)
    const frame = this.frames?.held(this.frame)
    this.quality = frame === undefined ? 'none' : frame.isLossy ? 'lossy' : 'full'
    const drawable = frame === undefined ? undefined : this.drawable(frame)
    if (drawable !== undefined) {
      this.drawn += 1
      context.imageSmoothingEnabled = this.view?.scale !== 1
      context.imageSmoothingQuality = this.isPlaying || this.isHasty ? 'low' : 'high'
      this.put(drawable, this.matrix)
      if (this.lens !== undefined) this.magnify(drawable, this.lens)
    }
    this.onDrawn(this)
  }

  private put(drawable: CanvasImageSource, [a, b, c, d, e, f]: Matrix): void {
    const { columns, rows } = this.extent
    this.context.setTransform(a, b, c, d, e, f)
    this.context.drawImage(drawable, 0, 0, columns, rows)
    if (this.planes !== undefined) this.context.drawImage(this.planes, 0, 0, columns, rows)
    this.context.setTransform(1, 0, 0, 1, 0, 0)
  }

  private magnify(drawable: CanvasImageSource, [x, y]: Point): void {
    const { context } = this
    const [a, b, c, d, e, f] = this.matrix
    const grown = [a, b, c, d].map((each) => each * MAGNIFIED)
    const radius = LENS_RADIUS * devicePixelRatio
    context.save()
    context.beginPath()
    context.arc(x, y, radius, 0, 2 * Math.PI)
    context.clip()
    context.fillRect(x - radius, y - radius, 2 * radius, 2 * radius)
    this.put(drawable, [
      grown[0] ?? 1,
      grown[1] ?? 0,
      grown[2] ?? 0,
      grown[3] ?? 1,
      x + (e - x) * MAGNIFIED,
      y + (f - y) * MAGNIFIED,
    ])
    context.restore()
    context.strokeStyle = '#9fd0ff'
    context.lineWidth = 2 * devicePixelRatio
    context.beginPath()
    context.arc(x, y, radius, 0, 2 * Math.PI)
    context.stroke()
  }

  private drawable(frame: Frame): CanvasImageSource | undefined {
    const { image } = this
    if (image === undefined) return undefined
    if (frame.kind === 'values') return this.grey16(frame.pixels, image)
    const isWindowed = this.chosen !== undefined || this.isInverted
    if (!isGrey(image) || !isWindowed) return this.isInverted ? this.negative(frame) : frame.bitmap
    return this.windowedPicture(frame.bitmap)
  }

  private grey16(pixels: Pixels, image: Image): CanvasImageSource | undefined {
    const { rule, voi } = this
    if (rule === undefined || voi === undefined) return undefined
    const step = this.isHasty && image.rows * image.columns > 1_000_000 ? 2 : 1
    const key = `${this.frame} ${step} ${this.isInverted} ${JSON.stringify(windowKey(voi))}`
    if (key !== this.painted) {
      const shades = shadeTable(rule, voi, sizeOf(pixels), this.isInverted)
      const columns = Math.floor(image.columns / step)
      const rows = Math.floor(image.rows / step)
      this.paintSheet(columns, rows, (into) => {
        paint(pixels, image.columns, image.rows, shades, into, step)
      })
      this.painted = key
    }
    return this.sheet
  }

  /** A picture with loss, or one that came in eight bits, as if it were windowed. */
  private windowedPicture(bitmap: ImageBitmap): CanvasImageSource {
    const { rule, chosen } = this
    const named = rule?.presets[0]
    const from =
      named === undefined
        ? ({ center: 127.5, width: 255, function: 'LINEAR_EXACT' } as const)
        : windowOf(named)
    const to: Voi = chosen ?? { kind: 'window', explanation: '', ...from }
    const key = `picture ${this.frame} ${this.isInverted} ${JSON.stringify(windowKey(to))}`
    if (key !== this.painted || this.grey?.bitmap !== bitmap) {
      if (this.grey?.bitmap !== bitmap) this.grey = { bitmap, shades: shadesOf(bitmap) }
      const { shades } = this.grey
      const table = previewTable(from, to, rule?.isInverse ?? false, this.isInverted)
      this.paintSheet(bitmap.width, bitmap.height, (into) => {
        paint(shades, bitmap.width, bitmap.height, table, into, 1)
      })
      this.painted = key
    }
    return this.sheet
  }

  private negative(frame: Frame & { kind: 'colours' }): CanvasImageSource {
    const { bitmap } = frame
    const key = `negative ${this.frame} ${frame.isLossy}`
    if (key !== this.painted) {
      this.sheet.width = bitmap.width
      this.sheet.height = bitmap.height
      const context = this.sheet.getContext('2d')
      if (context === null) return bitmap
      context.fillStyle = '#fff'
      context.fillRect(0, 0, bitmap.width, bitmap.height)
      context.globalCompositeOperation = 'difference'
      context.drawImage(bitmap, 0, 0)
      context.globalCompositeOperation = 'source-over'
      this.painted = key
    }
    return this.sheet
  }

  private paintSheet(columns: number, rows: number, fill: (into: Uint32Array) => void): void {
    if (this.sheet.width !== columns || this.sheet.height !== rows) {
      this.sheet.width = columns
      this.sheet.height = rows
    }
    const picture = new ImageData(columns, rows)
    fill(new Uint32Array(picture.data.buffer))
    this.sheet.getContext('2d', { alpha: false })?.putImageData(picture, 0, 0)
  }
}

/** What tells one VOI from another: of tables only where they begin and how many entries they have. */
function windowKey(voi: Voi): unknown {
  return voi.kind === 'table' ? [voi.table.first, voi.table.entries.length, voi.table.explanation] : voi
}

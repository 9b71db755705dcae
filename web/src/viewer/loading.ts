/** In which order an image comes over a narrow line: something to see first, then everything, then the rest. */

import { NotShowable } from './frames'
import { isUltrasound } from './hanging'
import { isCine } from './image'
import { movingPicture, takesApart } from './moving'
import { planesOf, planesPicture } from './planes'
import type { Stage } from './stage'
import { bytesFetcher, ruleOf, type ShownImage } from './study'

/** How far an image has come; `total` is missing where the server did not say it. */
export interface Loaded {
  state: 'loading' | 'done' | 'failed' | 'unshowable'
  received: number
  total: number | undefined
  framesHere: number
}

const AT_ONCE = 6
/** What is smaller comes as soon as its preview would. */
const SMALL_BYTES = 150_000
const ENOUGH_TO_PLAY = 15
/** Frames that take seconds to come on a slow line. */
const LONG = 20

/** Loads one image into a stage; ends with its signal. */
export class Loading {
  private readonly told: Loaded = { state: 'loading', received: 0, total: undefined, framesHere: 0 }
  private next = 0
  private hasBegun = false

  constructor(
    private readonly shown: ShownImage,
    private readonly stage: Stage,
    private readonly signal: AbortSignal,
    private readonly onLoaded: (loaded: Loaded) => void,
    private readonly playsAtOnce: boolean,
  ) {}

  /** Load what the image begins with. */
  async begin(frame: number): Promise<void> {
    const { image, frames } = this.shown
    try {
      const hasPreview = frames.source.form !== 'jpeg' && this.isLarge()
      const [rule] = await Promise.all([
        ruleOf(image, frame, this.signal),
        hasPreview && !frames.held(frame) ? frames.fast(frame, this.signal) : undefined,
      ])
      if (this.signal.aborted) return
      this.stage.show(image, frames, rule, frame)
      void this.planes(frame)
      if (isCine(image)) await this.cine(frame)
      else await this.still(frame)
      this.tell({ state: 'done' })
    } catch (error) {
      this.failed(error)
    }
  }

  /** Load another frame of a stack, or the stored one of a cine that stands still. */
  async turnTo(frame: number): Promise<void> {
    const { image, frames } = this.shown
    this.next = frame
    // Who chose a frame wants that one: nothing begins to play any more by itself.
    this.hasBegun = true
    try {
      if (frames.held(frame) === undefined && isCine(image)) await this.playable(frame)
      this.stage.redraw()
      if (!isCine(image)) this.stage.rule = await ruleOf(image, frame, this.signal)
      await this.still(frame)
    } catch (error) {
      this.failed(error)
    }
  }

  private isLarge(): boolean {
    const { rows, columns, samplesPerPixel, bitsAllocated } = this.shown.image
    return (rows * columns * samplesPerPixel * bitsAllocated) / 8 > SMALL_BYTES
  }

  private async still(frame: number): Promise<void> {
    await this.shown.frames.full(frame, this.signal, (received, total) => {
      this.tell({ received, total })
    })
    this.tell({})
    if (this.stage.frame === frame) this.stage.redraw()
  }

  /** All frames, some at once, from the one that is looked at; what is played may be with loss. */
  private async cine(frame: number): Promise<void> {
    const { image, frames } = this.shown
    this.next = frame
    await this.playable(frame)
    this.stage.redraw()
    await this.moving()
    const missing = new Set<number>()
    for (let each = 0; each < image.frameCount; each += 1) {
      if (!frames.isFetched(each)) missing.add(each)
    }
    const one = async (): Promise<void> => {
      for (let wanted = this.after(missing); wanted !== undefined; wanted = this.after(missing)) {
        missing.delete(wanted)
        await this.playable(wanted)
        this.tell({})
        this.playIfEnough()
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one))
    this.playIfEnough()
    if (!this.stage.isPlaying) await this.still(this.stage.frame)
  }

  /** Of a long cine in JPEG a moving picture comes first: a tenth of the bytes. */
  private async moving(): Promise<void> {
    const { image, frames, url } = this.shown
    if (frames.source.form !== 'jpeg' || image.cine === undefined) return
    if (image.frameCount < LONG || !takesApart()) return
    const { isReady, whole } = movingPicture(url, image.cine.frameMs, this.signal, (frame, bitmap) => {
      if (frame < image.frameCount) frames.keep(frame, bitmap)
      this.tell({})
      this.playIfEnough()
    })
    if (await isReady) await whole
  }

  /** The next missing one from where the reader is; then from the first on. */
  private after(missing: ReadonlySet<number>): number | undefined {
    let first: number | undefined
    for (const each of missing) {
      if (each >= this.next) return each
      first ??= each
    }
    return first
  }

  private async playable(frame: number): Promise<void> {
    const { frames } = this.shown
    if (frames.source.form === 'jpeg' || !this.isLarge()) await frames.full(frame, this.signal)
    else await frames.fast(frame, this.signal)
  }

  private playIfEnough(): void {
    const { image, frames } = this.shown
    if (this.hasBegun || !this.playsAtOnce || !isUltrasound(image.modality)) return
    if (frames.countHere < Math.min(image.frameCount, ENOUGH_TO_PLAY)) return
    this.hasBegun = true
    this.stage.play(true)
  }

  private async planes(frame: number): Promise<void> {
    const { image } = this.shown
    const found = await planesOf(image.dataset, frame, bytesFetcher(this.signal))
    const picture = await planesPicture(found, image.columns, image.rows)
    if (picture === undefined || this.signal.aborted) return
    this.stage.planes = picture
    this.stage.redraw()
  }

  private failed(error: unknown): void {
    if (this.signal.aborted) return
    this.tell({ state: error instanceof NotShowable ? 'unshowable' : 'failed' })
  }

  private tell(news: Partial<Loaded>): void {
    if (this.signal.aborted) return
    const { frames, image } = this.shown
    const framesHere = image.frameCount > 1 ? frames.countHere : 0
    Object.assign(this.told, news, { framesHere })
    this.onLoaded({ ...this.told })
  }
}

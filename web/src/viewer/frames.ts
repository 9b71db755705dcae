/** The frames of one image as they come over the line: a picture first, then what was stored, without loss. */

import { ByteCache } from './cache'
import { decodeInWorker } from './decoding'
import { type Pixels, stored } from './grey'
import { type Image, isGrey } from './image'
import { NotDecodable } from './jpegls'
import { OCTETS, type Source } from './source'

/** What can be drawn of a frame. */
export type Frame =
  | { kind: 'values'; pixels: Pixels; isLossy: boolean }
  | { kind: 'colours'; bitmap: ImageBitmap; isLossy: boolean }

export type Progress = (received: number, total: number | undefined) => void

/** A frame that the server cannot give in any form. */
export class NotShowable extends Error {}

const BYTES_OF_BITMAPS = 384 * 2 ** 20
const cache = new ByteCache<Frame>(BYTES_OF_BITMAPS, (frame) => {
  if (frame.kind === 'colours') frame.bitmap.close()
})

/** Numbered from 0, as everywhere here; addresses count from 1. */
export class Frames {
  private readonly packed: (Blob | undefined)[]
  private readonly pending = new Map<string, Promise<Frame>>()
  private isRefused = false
  private reached = 0

  constructor(
    readonly image: Image,
    readonly source: Source,
    private readonly url: string,
  ) {
    this.packed = Array.from({ length: image.frameCount })
  }

  /** Return the best that is in memory of a frame. */
  held(frame: number): Frame | undefined {
    return cache.get(this.key(frame, false)) ?? cache.get(this.key(frame, true))
  }

  /** Whether a frame can be had without the line. */
  isHere(frame: number): boolean {
    return this.packed[frame] !== undefined || this.held(frame) !== undefined
  }

  /** Whether the bytes of a frame came by themselves, and it need not be fetched. */
  isFetched(frame: number): boolean {
    return this.packed[frame] !== undefined
  }

  /** Return how many frames from the first on are here. */
  get countHere(): number {
    while (this.reached < this.image.frameCount && this.isHere(this.reached)) this.reached += 1
    return this.reached
  }

  /** Return a frame as a picture with loss, soon; of the first one a picture is kept ready. */
  async fast(frame: number, signal: AbortSignal): Promise<Frame> {
    const own = `/frames/${frame + 1}/rendered?viewport=1024,1024&quality=75`
    const address = frame === 0 ? '/preview' : own
    return this.once(frame, true, async () => {
      const blob = await this.fetched(address, 'image/jpeg', signal)
      if (this.image.frameCount > 1) this.packed[frame] ??= blob
      return this.unpacked(blob, true)
    })
  }

  /** Keep a picture with loss of a frame for the time until its stored one is here. */
  keep(frame: number, bitmap: ImageBitmap): void {
    if (this.held(frame) !== undefined) {
      bitmap.close()
      return
    }
    const kept: Frame = { kind: 'colours', bitmap, isLossy: true }
    cache.put(this.key(frame, true), kept, bytesOf(kept))
  }

  /** Return a frame as it was stored, or as the server's rule shows what cannot be shown otherwise. */
  async full(frame: number, signal: AbortSignal, progress?: Progress): Promise<Frame> {
    return this.once(frame, false, () => this.asStored(frame, signal, progress))
  }

  /** Return a frame that is here, decoded anew where memory had no more room for it. */
  async again(frame: number): Promise<Frame | undefined> {
    const blob = this.packed[frame]
    if (blob === undefined) return this.held(frame)
    const isLossy = this.source.form !== 'jpeg'
    return this.held(frame) ?? this.once(frame, isLossy, () => this.unpacked(blob, isLossy))
  }

  private async once(frame: number, isLossy: boolean, load: () => Promise<Frame>): Promise<Frame> {
    const key = this.key(frame, isLossy)
    const here = cache.get(key)
    if (here !== undefined) return here
    const running = this.pending.get(key)
    if (running !== undefined) return running
    const loading = load().then((loaded) => {
      cache.put(key, loaded, bytesOf(loaded))
      return loaded
    })
    this.pending.set(key, loading)
    try {
      return await loading
    } finally {
      this.pending.delete(key)
    }
  }

  private async asStored(frame: number, signal: AbortSignal, progress?: Progress): Promise<Frame> {
    const { form, path, accept } = this.source
    if (form === 'video') throw new NotShowable('video')
    const address = `/frames/${frame + 1}`
    if (form === 'jpeg') {
      const blob = this.packed[frame] ?? (await this.fetched(address, accept, signal, progress))
      this.packed[frame] ??= blob
      return this.unpacked(blob, false)
    }
    if (form === 'png' || this.isRefused) return this.rendered(frame, signal, progress)
    const response = await this.asked(address + path, accept, signal)
    if (response.status === 406) {
      this.isRefused = true
      return this.rendered(frame, signal, progress)
    }
    try {
      return await this.valuesOf(response, progress)
    } catch (error) {
      if (!(error instanceof NotDecodable)) throw error
      // A kind of JPEG-LS that is not decoded here: the server does it.
      return this.valuesOf(await this.asked(address + path, OCTETS, signal), progress)
    }
  }

  /** The server's rule in eight bits: exact, but a window can only be laid over what it made. */
  private async rendered(frame: number, signal: AbortSignal, progress?: Progress): Promise<Frame> {
    const blob = await this.fetched(`/frames/${frame + 1}/rendered`, 'image/png', signal, progress)
    return { kind: 'colours', bitmap: await bitmapOf(blob), isLossy: false }
  }

  private async valuesOf(response: Response, progress?: Progress): Promise<Frame> {
    const type = response.headers.get('content-type') ?? ''
    const bytes = await bytesFrom(response, progress)
    const { rows, columns, bitsAllocated } = this.image
    const isJpegLs = type.startsWith('image/jls')
    const pixels = isJpegLs
      ? (await decodeInWorker(bytes)).pixels
      : bitsAllocated === 8
        ? bytes
        : new Uint16Array(bytes.buffer, 0, bytes.byteLength >> 1)
    if (pixels.length < rows * columns) throw new NotShowable('too short')
    const own = isJpegLs || this.source.hasLooseBits ? stored(pixels, this.image) : pixels
    return { kind: 'values', pixels: own, isLossy: false }
  }

  private async unpacked(blob: Blob, isLossy: boolean): Promise<Frame> {
    const bitmap = await bitmapOf(blob)
    if (!isGrey(this.image) || (this.source.form !== 'jpeg' && !isLossy)) {
      return { kind: 'colours', bitmap, isLossy }
    }
    if (isLossy) return { kind: 'colours', bitmap, isLossy }
    const pixels = shadesOf(bitmap)
    bitmap.close()
    return { kind: 'values', pixels, isLossy }
  }

  private async fetched(
    path: string,
    accept: string,
    signal: AbortSignal,
    progress?: Progress,
  ): Promise<Blob> {
    const response = await this.asked(path, accept, signal)
    if (response.status === 406) throw new NotShowable(await saidBy(response))
    const bytes = await bytesFrom(response, progress)
    return new Blob([bytes], { type: response.headers.get('content-type') ?? '' })
  }

  private async asked(path: string, accept: string, signal: AbortSignal): Promise<Response> {
    const response = await fetch(this.url + path, { headers: { Accept: accept }, signal })
    if (!response.ok && response.status !== 406) throw new Error(`${response.status}`)
    return response
  }

  private key(frame: number, isLossy: boolean): string {
    return `${this.url}#${frame}${isLossy ? '~' : ''}`
  }
}

async function saidBy(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as { detail?: string }
    return problem.detail ?? ''
  } catch {
    return ''
  }
}

/** Return a body's bytes, telling how far it is. */
async function bytesFrom(response: Response, progress?: Progress): Promise<Uint8Array<ArrayBuffer>> {
  if (progress === undefined || response.body === null) {
    return new Uint8Array(await response.arrayBuffer())
  }
  const length = Number(response.headers.get('content-length')) || undefined
  const chunks: Uint8Array[] = []
  let received = 0
  const reader = response.body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    chunks.push(value)
    received += value.byteLength
    progress(received, length)
  }
  const whole = new Uint8Array(received)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}

/** The stream's numbers and nothing else: no profile, no turning. */
async function bitmapOf(blob: Blob): Promise<ImageBitmap> {
  return createImageBitmap(blob, {
    colorSpaceConversion: 'none',
    premultiplyAlpha: 'none',
    imageOrientation: 'none',
  })
}

/** Return a grey bitmap's shades. */
export function shadesOf(bitmap: ImageBitmap): Uint8Array {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height)
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true })
  if (context === null) throw new NotShowable('no canvas')
  context.drawImage(bitmap, 0, 0)
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height)
  const shades = new Uint8Array(bitmap.width * bitmap.height)
  for (let place = 0; place < shades.length; place += 1) shades[place] = data[4 * place] ?? 0
  return shades
}

function bytesOf(frame: Frame): number {
  return frame.kind === 'values' ? frame.pixels.byteLength : 4 * frame.bitmap.width * frame.bitmap.height
}

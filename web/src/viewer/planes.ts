/** Overlay planes: what a device drew over an image without changing it (PS3.3 C.9.2, C.9.3). */

import { type DataSet, inlineBytes, number, numbers, text } from './dataset'
import type { FetchBytes } from './grey'

/** One plane of graphics; `top` and `left` count from 0. */
export interface Plane {
  rows: number
  columns: number
  top: number
  left: number
  bits: Uint8Array
  /** Which bit of `bits` is the first of the wanted frame. */
  firstBit: number
}

const GROUPS = Array.from({ length: 16 }, (_, place) => (0x6000 + 2 * place).toString(16))

/** Return the graphics on a frame (from 0). Regions of interest would cover what is to be seen. */
export async function planesOf(dataset: DataSet, frame: number, fetchBytes: FetchBytes): Promise<Plane[]> {
  const found = await Promise.all(
    GROUPS.map(async (group) => planeOf(dataset, group.toUpperCase(), frame, fetchBytes)),
  )
  return found.filter((plane) => plane !== undefined)
}

async function planeOf(
  dataset: DataSet,
  group: string,
  frame: number,
  fetchBytes: FetchBytes,
): Promise<Plane | undefined> {
  const element = dataset[`${group}3000`]
  const rows = number(dataset, `${group}0010`) ?? 0
  const columns = number(dataset, `${group}0011`) ?? 0
  if (element === undefined || text(dataset, `${group}0040`) !== 'G' || rows * columns === 0) {
    return undefined
  }
  // One without a number of frames is on all (C.9.3.1.1).
  const frames = number(dataset, `${group}0015`) ?? 0
  const place = frames > 0 ? frame + 1 - (number(dataset, `${group}0051`) ?? 1) : 0
  if (frames > 0 && (place < 0 || place >= frames)) return undefined
  const bits =
    inlineBytes(element) ??
    (element.BulkDataURI === undefined ? undefined : await fetchBytes(element.BulkDataURI))
  const firstBit = place * rows * columns
  if (bits === undefined || 8 * bits.length < firstBit + rows * columns) return undefined
  const [top, left] = numbers(dataset, `${group}0050`)
  return { rows, columns, top: (top ?? 1) - 1, left: (left ?? 1) - 1, bits, firstBit }
}

/** Draw planes in white on nothing, as large as the image; what lies beside it is left out. */
export function drawn(planes: readonly Plane[], columns: number, rows: number): Uint32Array {
  const pixels = new Uint32Array(columns * rows)
  for (const plane of planes) {
    for (let place = 0; place < plane.rows * plane.columns; place += 1) {
      const bit = plane.firstBit + place
      if ((((plane.bits[bit >> 3] ?? 0) >> (bit & 7)) & 1) === 0) continue
      const row = plane.top + Math.floor(place / plane.columns)
      const column = plane.left + (place % plane.columns)
      if (row >= 0 && row < rows && column >= 0 && column < columns) {
        pixels[row * columns + column] = 0xffffffff
      }
    }
  }
  return pixels
}

/** Return planes as a picture for a canvas; undefined where there are none. */
export async function planesPicture(
  planes: readonly Plane[],
  columns: number,
  rows: number,
): Promise<ImageBitmap | undefined> {
  if (planes.length === 0) return undefined
  const picture = new ImageData(columns, rows)
  new Uint32Array(picture.data.buffer).set(drawn(planes, columns, rows))
  return createImageBitmap(picture, { premultiplyAlpha: 'none' })
}

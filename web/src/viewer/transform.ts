/** Where an image's pixels lie on the screen: zoom, pan, quarter turns, flips. Pure. */

export type Point = readonly [x: number, y: number]

/** How an image lies in its pane. Sizes are the canvas's own pixels. */
export interface View {
  /** Canvas pixels for each column of the image. */
  scale: number
  /** The image's point in the middle of the pane. */
  centre: Point
  /** Quarter turns, clockwise. */
  turns: 0 | 1 | 2 | 3
  /** Left and right changed, as the turned image is seen. */
  isMirrored: boolean
}

export interface Size {
  width: number
  height: number
}

/** An image's size, and the height of a pixel by its width. */
export interface Extent {
  columns: number
  rows: number
  aspect: number
}

/** canvas = (a x + c y + e, b x + d y + f), as a canvas's setTransform takes it. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number]

const SMALLEST = 0.02
const LARGEST = 64

/** Return the view in which the whole image is seen. */
export function fitted(extent: Extent, pane: Size, kept?: Pick<View, 'turns' | 'isMirrored'>): View {
  const turns = kept?.turns ?? 0
  const [width, height] = turnedSize(extent, turns)
  const scale = Math.min(pane.width / width, pane.height / height)
  return {
    scale: clamped(scale),
    centre: [extent.columns / 2, extent.rows / 2],
    turns,
    isMirrored: kept?.isMirrored ?? false,
  }
}

/** Return the view with one canvas pixel for each of the image, about the same point. */
export function actualSize(view: View): View {
  return { ...view, scale: 1 }
}

function turnedSize(extent: Extent, turns: number): [number, number] {
  const height = extent.rows * extent.aspect
  return turns % 2 === 0 ? [extent.columns, height] : [height, extent.columns]
}

/** Return the matrix from the image's points (0,0 is the corner of the first pixel) to the canvas. */
export function matrixOf(view: View, extent: Extent, pane: Size): Matrix {
  const { scale, turns, isMirrored } = view
  const cosine = [1, 0, -1, 0][turns] ?? 1
  const sine = [0, 1, 0, -1][turns] ?? 0
  const mirror = isMirrored ? -1 : 1
  const a = mirror * scale * cosine
  const b = scale * sine
  const c = -mirror * scale * extent.aspect * sine
  const d = scale * extent.aspect * cosine
  let e = pane.width / 2 - a * view.centre[0] - c * view.centre[1]
  let f = pane.height / 2 - b * view.centre[0] - d * view.centre[1]
  if (Number.isInteger(scale)) {
    // On whole pixels, so that nothing is blended where nothing is scaled.
    e = Math.round(e)
    f = Math.round(f)
  }
  return [a, b, c, d, e, f]
}

/** Return where a point of the image lies on the canvas. */
export function toCanvas([a, b, c, d, e, f]: Matrix, [x, y]: Point): Point {
  return [a * x + c * y + e, b * x + d * y + f]
}

/** Return which point of the image lies there on the canvas. */
export function toImage([a, b, c, d, e, f]: Matrix, [x, y]: Point): Point {
  const determinant = a * d - b * c
  const dx = x - e
  const dy = y - f
  return [(d * dx - c * dy) / determinant, (a * dy - b * dx) / determinant]
}

/** Return the view zoomed so that the image's point under the pointer stays there. */
export function zoomedAt(view: View, factor: number, at: Point, extent: Extent, pane: Size): View {
  const before = toImage(matrixOf(view, extent, pane), at)
  const scale = clamped(view.scale * factor)
  const zoomed = { ...view, scale }
  const after = toImage(matrixOf(zoomed, extent, pane), at)
  return {
    ...zoomed,
    centre: [view.centre[0] + before[0] - after[0], view.centre[1] + before[1] - after[1]],
  }
}

/** Return the view moved by a drag in canvas pixels. */
export function panned(view: View, dx: number, dy: number, extent: Extent, pane: Size): View {
  const matrix = matrixOf(view, extent, pane)
  const from = toImage(matrix, [0, 0])
  const to = toImage(matrix, [dx, dy])
  return {
    ...view,
    centre: [view.centre[0] + from[0] - to[0], view.centre[1] + from[1] - to[1]],
  }
}

/** Return the view turned by quarters, clockwise as it is seen. */
export function turned(view: View, quarters: 1 | -1): View {
  const seen = view.isMirrored ? -quarters : quarters
  return { ...view, turns: ((view.turns + seen + 4) % 4) as View['turns'] }
}

/** Return the view with left and right, or top and bottom, changed as it is seen. */
export function flipped(view: View, axis: 'horizontal' | 'vertical'): View {
  const mirrored = { ...view, isMirrored: !view.isMirrored }
  return axis === 'horizontal' ? mirrored : { ...mirrored, turns: ((view.turns + 2) % 4) as View['turns'] }
}

/** Return a view of another image that shows as much of it, about the same place: panes that are linked. */
export function linked(view: View, from: Extent, to: Extent): View {
  return {
    ...view,
    scale: clamped((view.scale * from.rows * from.aspect) / (to.rows * to.aspect)),
    centre: [(view.centre[0] / from.columns) * to.columns, (view.centre[1] / from.rows) * to.rows],
  }
}

function clamped(scale: number): number {
  return Math.min(Math.max(scale, SMALLEST), LARGEST)
}

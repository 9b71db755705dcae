/**
 * From stored values to shades, by the hub's one written rule (docs/pictures.md; PS3.3 C.11.1, C.11.2): the same
 * arithmetic in the same 64-bit floats as the server's, so that a canvas and a rendered picture never differ.
 */

import { type DataSet, type Element, inlineBytes } from './dataset'
import type { GreyDescription, Image, NamedWindow, TableDescription, Window } from './image'

/** What is so near to a half counts as one, so that no order of the same arithmetic shows another grey. */
const TIE = 2 ** -20
const FURTHEST_EXPONENT = 700

/** Stored values of one frame: bit patterns, negative ones in two's complement. */
export type Pixels = Uint8Array | Uint16Array

export interface LookupTable {
  first: number
  entries: Uint16Array
  bits: number
  explanation: string
}

/** What goes from black to white: a window, a table, or all between two values. */
export type Voi =
  | ({ kind: 'window' } & NamedWindow)
  | { kind: 'table'; table: LookupTable }
  | { kind: 'extent'; low: number; high: number }

/** How one frame's stored values become what windows are about. */
export interface Modality {
  slope: number
  intercept: number
  table: LookupTable | undefined
}

export interface GreyRule {
  modality: Modality
  isInverse: boolean
  isSigned: boolean
  /** What the image names, best first: the first is shown first. */
  presets: Voi[]
}

/** Fetches the bytes of a value that the metadata gives by address. */
export type FetchBytes = (address: string) => Promise<Uint8Array>

/** Return the rule of one frame; tables may have to be fetched. */
export async function greyRule(
  image: Image,
  description: GreyDescription,
  fetchBytes: FetchBytes,
): Promise<GreyRule> {
  const modality: Modality = {
    slope: description.slope,
    intercept: description.intercept,
    table: await table(description.modalityTable, image.isSigned, fetchBytes),
  }
  const belowZero = reachesBelowZero(image, modality)
  const tables = await Promise.all(description.voiTables.map((each) => table(each, belowZero, fetchBytes)))
  const presets: Voi[] = [
    ...tables.flatMap((each) => (each === undefined ? [] : [{ kind: 'table' as const, table: each }])),
    ...description.windows.map((window) => ({ kind: 'window' as const, ...window })),
  ]
  return { modality, isInverse: image.isInverse, isSigned: image.isSigned, presets }
}

async function table(
  description: TableDescription | undefined,
  signed: boolean,
  fetchBytes: FetchBytes,
): Promise<LookupTable | undefined> {
  if (description === undefined) return undefined
  const [count, unsignedFirst, bits] = description.descriptor
  const entries = await entriesOf(description.data, count, fetchBytes)
  // Many writers choose US for a negative first value: whether the input can be below zero decides.
  const first = signed && unsignedFirst >= 0x8000 ? unsignedFirst - 0x10000 : unsignedFirst
  return entries && { first, entries, bits, explanation: description.explanation }
}

/** Return so many entries: words in little endian, bytes where there are no more, or numbers. */
async function entriesOf(
  element: Element | undefined,
  count: number,
  fetchBytes: FetchBytes,
): Promise<Uint16Array | undefined> {
  if (element?.Value !== undefined) {
    return element.Value.length < count
      ? undefined
      : Uint16Array.from(element.Value.slice(0, count), (value) => Number(value) & 0xffff)
  }
  const bytes =
    inlineBytes(element) ??
    (element?.BulkDataURI === undefined ? undefined : await fetchBytes(element.BulkDataURI))
  if (bytes === undefined || bytes.length < count) return undefined
  if (bytes.length < 2 * count) return Uint16Array.from(bytes.subarray(0, count))
  return Uint16Array.from(
    { length: count },
    (_, place) => (bytes[2 * place] ?? 0) | ((bytes[2 * place + 1] ?? 0) << 8),
  )
}

function reachesBelowZero(image: Image, modality: Modality): boolean {
  if (modality.table !== undefined) return false
  const lowest = image.isSigned ? -(2 ** (image.bitsStored - 1)) : 0
  const highest = lowest + 2 ** image.bitsStored - 1
  return Math.min(lowest * modality.slope, highest * modality.slope) + modality.intercept < 0
}

/** Return the entry of a value; what lies before or behind the table has its end's entry. */
function lookedUp(lookup: LookupTable, value: number): number {
  const last = lookup.entries.length - 1
  const place = Math.min(Math.max(Math.floor(value + 0.5) - lookup.first, 0), last)
  return lookup.entries[place] ?? 0
}

/** Return what the modality makes of a stored value: Hounsfield units, optical density, or the value. */
export function modalityOutput(modality: Modality, stored: number): number {
  return modality.table === undefined
    ? stored * modality.slope + modality.intercept
    : lookedUp(modality.table, stored)
}

/** Return how far from black to white a value is shown, 0 to 1 (C.11.2.1.2, C.11.2.1.3). */
export function fraction(voi: Voi, value: number): number {
  if (voi.kind === 'table') return lookedUp(voi.table, value) / (2 ** voi.table.bits - 1)
  if (voi.kind === 'extent') {
    return voi.high <= voi.low ? 0 : (value - voi.low) / (voi.high - voi.low)
  }
  if (voi.function === 'SIGMOID') {
    const exponent = Math.min((-4 * (value - voi.center)) / voi.width, FURTHEST_EXPONENT)
    return 1 / (1 + Math.exp(exponent))
  }
  const isExact = voi.function === 'LINEAR_EXACT'
  const middle = isExact ? voi.center : voi.center - 0.5
  const width = isExact ? voi.width : voi.width - 1
  return width === 0 ? Number(value > middle) : (value - middle) / width + 0.5
}

/** Return a shade of 0 to 255 from a fraction: half up. */
export function shade(part: number): number {
  return Math.floor(255 * Math.min(Math.max(part, 0), 1) + (0.5 + TIE))
}

/** Return the shade of every bit pattern as a pixel of a canvas, alpha and blue in the high bytes. */
export function shadeTable(rule: GreyRule, voi: Voi, size: 256 | 65536, inverted: boolean): Uint32Array {
  const shades = new Uint32Array(size)
  const flips = rule.isInverse !== inverted
  for (let pattern = 0; pattern < size; pattern += 1) {
    const value = modalityOutput(rule.modality, storedValue(pattern, size, rule.isSigned))
    const eight = shade(fraction(voi, value))
    const shown = flips ? 255 - eight : eight
    shades[pattern] = (0xff000000 | (shown << 16) | (shown << 8) | shown) >>> 0
  }
  return shades
}

/** Return the number that a bit pattern stands for. */
export function storedValue(pattern: number, size: 256 | 65536, isSigned: boolean): number {
  return isSigned && pattern >= size / 2 ? pattern - size : pattern
}

/** Return which bit patterns occur in a frame, padding left out (C.7.5.1.1.2), and how often. */
export function histogram(pixels: Pixels, image: Image): Uint32Array {
  const size = sizeOf(pixels)
  const counts = new Uint32Array(size)
  for (const pattern of pixels) counts[pattern] = (counts[pattern] ?? 0) + 1
  if (image.padding !== undefined) {
    const [first, last] = image.padding
    for (let pattern = 0; pattern < size; pattern += 1) {
      const value = storedValue(pattern, size, image.isSigned)
      if (value >= first && value <= last) counts[pattern] = 0
    }
  }
  return counts
}

/** Return how many bit patterns a pixel can have. */
export function sizeOf(pixels: Pixels): 256 | 65536 {
  return pixels instanceof Uint8Array ? 256 : 65536
}

/** Return what is shown where the image names nothing: plain bytes are shades, others what occurs. */
export function wholeExtent(rule: GreyRule, image: Image, counts: Uint32Array): Voi {
  const { table: lookup, slope, intercept } = rule.modality
  const isPlain = lookup === undefined && slope === 1 && intercept === 0 && image.bitsStored <= 8
  if (isPlain) {
    const low = image.isSigned ? -(2 ** (image.bitsStored - 1)) : 0
    return { kind: 'extent', low, high: low + 2 ** image.bitsStored - 1 }
  }
  let low = Infinity
  let high = -Infinity
  for (const value of occurring(rule, counts)) {
    low = Math.min(low, value.output)
    high = Math.max(high, value.output)
  }
  return low > high ? { kind: 'extent', low: 0, high: 0 } : { kind: 'extent', low, high }
}

/** Return a window about all but the outermost half per cent of what occurs: markers and collimation left out. */
export function automatic(rule: GreyRule, counts: Uint32Array): Voi | undefined {
  const found = [...occurring(rule, counts)].sort((one, other) => one.output - other.output)
  const total = found.reduce((sum, each) => sum + each.count, 0)
  const low = percentile(found, total * 0.005)
  const high = percentile(found, total * 0.995)
  if (low === undefined || high === undefined || high <= low) return undefined
  return {
    kind: 'window',
    center: (low + high) / 2,
    width: high - low,
    function: 'LINEAR_EXACT',
    explanation: '',
  }
}

interface Occurrence {
  output: number
  count: number
}

function* occurring(rule: GreyRule, counts: Uint32Array): Generator<Occurrence> {
  const size = counts.length === 256 ? 256 : 65536
  for (let pattern = 0; pattern < size; pattern += 1) {
    const count = counts[pattern] ?? 0
    if (count > 0) {
      yield {
        output: modalityOutput(rule.modality, storedValue(pattern, size, rule.isSigned)),
        count,
      }
    }
  }
}

function percentile(sorted: readonly Occurrence[], rank: number): number | undefined {
  let passed = 0
  for (const each of sorted) {
    passed += each.count
    if (passed > rank) return each.output
  }
  return sorted[sorted.length - 1]?.output
}

/** Return a window that shows about the same as a VOI, to be changed by dragging. */
export function windowOf(voi: Voi): Window {
  if (voi.kind === 'window') return voi
  if (voi.kind === 'extent') {
    return {
      center: (voi.low + voi.high) / 2,
      width: Math.max(voi.high - voi.low, 1),
      function: 'LINEAR_EXACT',
    }
  }
  const { first, entries } = voi.table
  return { center: first + entries.length / 2, width: Math.max(entries.length, 1), function: 'LINEAR' }
}

/** Return a window moved by a drag: to the right wider, down brighter or darker as readers know it. */
export function dragged(window: Window, dx: number, dy: number): Window {
  // A radiograph of 16 bits and a picture of 8 need about the same way of the hand.
  const perPixel = Math.max(window.width / 400, 0.25)
  const least = window.function === 'LINEAR' ? 1 : 0.01
  return {
    center: window.center + dy * perPixel,
    width: Math.max(window.width + dx * perPixel, least),
    function: window.function,
  }
}

/**
 * Return shades for a picture that the server rendered with `from`, as if it were windowed with `to`: for the
 * seconds until the pixels themselves are there. What `from` clipped stays clipped.
 */
export function previewTable(from: Window, to: Voi, fromInverse: boolean, inverted: boolean): Uint32Array {
  const shades = new Uint32Array(256)
  for (let seen = 0; seen < 256; seen += 1) {
    const part = (fromInverse ? 255 - seen : seen) / 255
    const value = from.center + (part - 0.5) * from.width
    const eight = shade(fraction(to, value))
    const shown = fromInverse !== inverted ? 255 - eight : eight
    shades[seen] = (0xff000000 | (shown << 16) | (shown << 8) | shown) >>> 0
  }
  return shades
}

/** Paint a frame through a table; with `step` 2 only every second row and column, for while a hand moves. */
export function paint(
  pixels: Pixels,
  columns: number,
  rows: number,
  shades: Uint32Array,
  into: Uint32Array,
  step: 1 | 2,
): void {
  if (step === 1) {
    const length = columns * rows
    for (let place = 0; place < length; place += 1) into[place] = shades[pixels[place] ?? 0] ?? 0
    return
  }
  let at = 0
  for (let row = 0; row + 1 < rows; row += 2) {
    const start = row * columns
    for (let column = 0; column + 1 < columns; column += 2) {
      into[at] = shades[pixels[start + column] ?? 0] ?? 0
      at += 1
    }
  }
}

/** Take the stored bits out of what is allocated for them (PS3.5 8.1.1), in place. */
export function stored(pixels: Pixels, image: Image): Pixels {
  const size = image.bitsAllocated === 8 ? 8 : 16
  const { bitsStored, highBit } = image
  if (bitsStored === size && highBit === size - 1) return pixels
  const up = 31 - highBit
  const down = 32 - bitsStored
  const mask = size === 8 ? 0xff : 0xffff
  for (let place = 0; place < pixels.length; place += 1) {
    const raised = (pixels[place] ?? 0) << up
    pixels[place] = (image.isSigned ? raised >> down : raised >>> down) & mask
  }
  return pixels
}

/** Return whether anything of a data set's overlays is drawn in bits of the pixels. */
export function hasEmbeddedOverlay(dataset: DataSet): boolean {
  return Object.keys(dataset).some(
    (tag) => /^60[01].0102$/.test(tag) && Number(dataset[tag]?.Value?.[0] ?? 0) > 0,
  )
}

/**
 * JPEG-LS (ISO/IEC 14495-1, ITU-T T.87): grey of 2 to 16 bits without loss, or nearly, and colour apart by
 * component or by line. Two kilobytes instead of the sixty of a compiled library, and no exception from the
 * page's Content-Security-Policy. Names are the recommendation's.
 */

export class NotDecodable extends Error {}

export interface DecodedFrame {
  columns: number
  rows: number
  pixels: Uint8Array | Uint16Array
}

const MARKER = { SOI: 0xd8, EOI: 0xd9, SOS: 0xda, SOF55: 0xf7, LSE: 0xf8, DRI: 0xdd }
/** Run lengths: 2 to the power of J[RUNindex] (A.7.1.2). */
const J = [
  0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
]
const MIN_C = -128
const MAX_C = 127

interface Parameters {
  maxval: number
  t1: number
  t2: number
  t3: number
  reset: number
}

interface Header extends Parameters {
  precision: number
  rows: number
  columns: number
  near: number
  scanAt: number
}

/** Decode one frame of one component. Raises NotDecodable. */
export function decodeJpegLs(bytes: Uint8Array): DecodedFrame {
  const header = headerOf(bytes)
  const scan = new Scan(bytes, header)
  const pixels = scan.decode()
  return { columns: header.columns, rows: header.rows, pixels }
}

function headerOf(bytes: Uint8Array): Header {
  const word = (at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  const header = { precision: 0, rows: 0, columns: 0 }
  const preset = { maxval: 0, t1: 0, t2: 0, t3: 0, reset: 0 }
  if (word(0) !== 0xff00 + MARKER.SOI) throw new NotDecodable('no JPEG-LS stream')
  let at = 2
  while (at + 4 <= bytes.length) {
    const marker = bytes[at + 1] ?? 0
    const length = word(at + 2)
    if (bytes[at] !== 0xff || length < 2) break
    const body = at + 4
    if (marker === MARKER.SOF55) {
      header.precision = bytes[body] ?? 0
      header.rows = word(body + 1)
      header.columns = word(body + 3)
      if (bytes[body + 5] !== 1) throw new NotDecodable('several components')
    } else if (marker === MARKER.LSE) {
      if (bytes[body] !== 1) throw new NotDecodable('a mapping table')
      preset.maxval = word(body + 1)
      preset.t1 = word(body + 3)
      preset.t2 = word(body + 5)
      preset.t3 = word(body + 7)
      preset.reset = word(body + 9)
    } else if (marker === MARKER.DRI) {
      throw new NotDecodable('restart intervals')
    } else if (marker === MARKER.SOS) {
      return completed(header, preset, bytes[body + 3] ?? 0, at + 2 + length)
    }
    at += 2 + length
  }
  throw new NotDecodable('a stream without a scan')
}

/** Fill in what the stream leaves to the defaults (C.2.4.1.1). */
function completed(
  { precision, rows, columns }: { precision: number; rows: number; columns: number },
  preset: Parameters,
  near: number,
  scanAt: number,
): Header {
  const isSized = precision >= 2 && precision <= 16 && rows > 0 && columns > 0
  if (!isSized) throw new NotDecodable('no size')
  const maxval = preset.maxval || 2 ** precision - 1
  const defaults = thresholds(maxval, near)
  return {
    precision,
    rows,
    columns,
    near,
    scanAt,
    maxval,
    t1: preset.t1 || defaults.t1,
    t2: preset.t2 || defaults.t2,
    t3: preset.t3 || defaults.t3,
    reset: preset.reset || 64,
  }
}

function thresholds(maxval: number, near: number): { t1: number; t2: number; t3: number } {
  const clamp = (value: number, least: number): number => (value > maxval || value < least ? least : value)
  if (maxval >= 128) {
    const factor = (Math.min(maxval, 4095) + 128) >> 8
    const t1 = clamp(factor + 2 + 3 * near, near + 1)
    const t2 = clamp(factor * 4 + 3 + 5 * near, t1)
    return { t1, t2, t3: clamp(factor * 17 + 4 + 7 * near, t2) }
  }
  const factor = Math.floor(256 / (maxval + 1))
  const t1 = clamp(Math.max(2, Math.floor(3 / factor) + 3 * near), near + 1)
  const t2 = clamp(Math.max(3, Math.floor(7 / factor) + 5 * near), t1)
  return { t1, t2, t3: clamp(Math.max(4, Math.floor(21 / factor) + 7 * near), t2) }
}

/** One scan of one component: contexts, the bits, and the lines (annex A). */
class Scan {
  private readonly a = new Int32Array(367)
  private readonly b = new Int32Array(365)
  private readonly c = new Int32Array(365)
  private readonly n = new Int32Array(367)
  private readonly nn = new Int32Array(2)
  private readonly gradients: Int8Array
  private readonly range: number
  private readonly qbpp: number
  private readonly limit: number
  private readonly step: number
  private at: number
  private held = 0
  private heldBits = 0
  private afterFF = false
  private runIndex = 0

  constructor(
    private readonly bytes: Uint8Array,
    private readonly header: Header,
  ) {
    const { maxval, near, scanAt } = header
    this.at = scanAt
    this.step = 2 * near + 1
    this.range = Math.floor((maxval + 2 * near) / this.step) + 1
    this.qbpp = bitsFor(this.range)
    const bpp = Math.max(2, bitsFor(maxval + 1))
    this.limit = 2 * (bpp + Math.max(8, bpp))
    this.a.fill(Math.max(2, (this.range + 32) >> 6))
    this.n.fill(1)
    this.gradients = gradientTable(header)
  }

  decode(): Uint8Array | Uint16Array {
    const { rows, columns, precision } = this.header
    const pixels = new (precision <= 8 ? Uint8Array : Uint16Array)(rows * columns)
    // With one more before and behind: what lies beside the image has the values of A.2.1.
    let above = new Int32Array(columns + 2)
    let line = new Int32Array(columns + 2)
    for (let row = 0; row < rows; row += 1) {
      above[columns + 1] = above[columns] ?? 0
      line[0] = above[1] ?? 0
      this.line(above, line, columns)
      pixels.set(line.subarray(1, columns + 1), row * columns)
      ;[above, line] = [line, above]
    }
    return pixels
  }

  private line(above: Int32Array, line: Int32Array, columns: number): void {
    const gradients = this.gradients
    const offset = gradients.length >> 1
    const near = this.header.near
    let at = 1
    while (at <= columns) {
      const ra = line[at - 1]!
      const rb = above[at]!
      const rc = above[at - 1]!
      const rd = above[at + 1]!
      const d1 = rd - rb
      const d2 = rb - rc
      const d3 = rc - ra
      if (d1 <= near && d1 >= -near && d2 <= near && d2 >= -near && d3 <= near && d3 >= -near) {
        at = this.run(above, line, at, columns)
        continue
      }
      const q = 81 * gradients[d1 + offset]! + 9 * gradients[d2 + offset]! + gradients[d3 + offset]!
      line[at] = this.regular(q, ra, rb, rc)
      at += 1
    }
  }

  /** A.4 to A.6: predict, correct, read the error, learn. */
  private regular(signed: number, ra: number, rb: number, rc: number): number {
    const { a, b, c, n, header } = this
    const { maxval, near, reset } = header
    const q = signed < 0 ? -signed : signed
    const low = Math.min(ra, rb)
    const high = Math.max(ra, rb)
    let px = rc >= high ? low : rc <= low ? high : ra + rb - rc
    px += signed < 0 ? -c[q]! : c[q]!
    if (px > maxval) px = maxval
    else if (px < 0) px = 0
    let nq = n[q]!
    let aq = a[q]!
    let k = 0
    while (nq << k < aq) k += 1
    const mapped = this.golomb(k, this.limit)
    let error = mapped & 1 ? -((mapped + 1) >> 1) : mapped >> 1
    let bq = b[q]!
    if (near === 0 && k === 0 && 2 * bq <= -nq) error = -(error + 1)
    bq += error * this.step
    aq += error < 0 ? -error : error
    if (nq === reset) {
      aq >>= 1
      bq >>= 1
      nq >>= 1
    }
    nq += 1
    if (bq <= -nq) {
      bq = Math.max(bq + nq, 1 - nq)
      if (c[q]! > MIN_C) c[q] = c[q]! - 1
    } else if (bq > 0) {
      bq = Math.min(bq - nq, 0)
      if (c[q]! < MAX_C) c[q] = c[q]! + 1
    }
    a[q] = aq
    b[q] = bq
    n[q] = nq
    return this.reconstructed(px, (signed < 0 ? -error : error) * this.step)
  }

  /** A.4.5, A.8: back into the range, which a lossless stream leaves by its modulo. */
  private reconstructed(px: number, error: number): number {
    const { maxval, near } = this.header
    let value = px + error
    const whole = this.range * this.step
    if (value < -near) value += whole
    else if (value > maxval + near) value -= whole
    return value < 0 ? 0 : Math.min(value, maxval)
  }

  /** A.7: a run of what was before, and the pixel that ends it; return the place behind. */
  private run(above: Int32Array, line: Int32Array, from: number, columns: number): number {
    const ra = line[from - 1]!
    let left = columns - from + 1
    let at = from
    while (this.bits(1) === 1) {
      const length = 1 << J[this.runIndex]!
      const taken = Math.min(length, left)
      line.fill(ra, at, at + taken)
      at += taken
      left -= taken
      if (length === taken && this.runIndex < 31) this.runIndex += 1
      if (left === 0) return at
    }
    const length = this.bits(J[this.runIndex]!)
    if (length >= left) throw new NotDecodable('a run beyond its line')
    line.fill(ra, at, at + length)
    at += length
    line[at] = this.interruption(ra, above[at]!)
    if (this.runIndex > 0) this.runIndex -= 1
    return at + 1
  }

  /** A.7.2: the pixel that ends a run has two contexts of its own. */
  private interruption(ra: number, rb: number): number {
    const { near, reset } = this.header
    const type = Math.abs(ra - rb) <= near ? 1 : 0
    const q = 365 + type
    const nq = this.n[q]!
    const sum = this.a[q]! + (type === 1 ? nq >> 1 : 0)
    let k = 0
    while (nq << k < sum) k += 1
    const mapped = this.golomb(k, this.limit - J[this.runIndex]! - 1)
    const both = mapped + type
    const half = (both + (both & 1)) >> 1
    const isNegative = (k !== 0 || 2 * this.nn[type]! >= nq) === ((both & 1) === 1)
    const error = isNegative ? -half : half
    if (error < 0) this.nn[type] = this.nn[type]! + 1
    this.a[q] = this.a[q]! + ((mapped + 1 - type) >> 1)
    if (nq === reset) {
      this.a[q] = this.a[q]! >> 1
      this.n[q] = nq >> 1
      this.nn[type] = this.nn[type]! >> 1
    }
    this.n[q] = this.n[q]! + 1
    const predicted = type === 1 ? ra : rb
    const sign = type === 0 && ra > rb ? -1 : 1
    return this.reconstructed(predicted, sign * error * this.step)
  }

  /** A.5.3: a limited-length Golomb code; its zeros are counted at once where they are all held. */
  private golomb(k: number, limit: number): number {
    if (this.heldBits < 24) this.fill()
    let high = Math.clz32(this.held)
    if (high + k < this.heldBits && high + k < 24) {
      const code = high + 1
      const rest = this.held << code
      this.heldBits -= code + k
      this.held = k === 0 ? rest : rest << k
      if (high < limit - this.qbpp - 1) return k === 0 ? high : (high << k) | (rest >>> (32 - k))
      this.heldBits += k
      this.held = rest
      return this.bits(this.qbpp) + 1
    }
    high = 0
    while (this.bits(1) === 0) {
      high += 1
      if (high > limit) throw new NotDecodable('a code without end')
    }
    if (high >= limit - this.qbpp - 1) return this.bits(this.qbpp) + 1
    return (high << k) | this.bits(k)
  }

  /** Take up to 16 bits. */
  private bits(count: number): number {
    if (count === 0) return 0
    if (this.heldBits < count) {
      this.fill()
      if (this.heldBits < count) throw new NotDecodable('a stream that ends too soon')
    }
    const value = this.held >>> (32 - count)
    this.held <<= count
    this.heldBits -= count
    return value
  }

  /** Hold 25 bits or more, from the top; behind 0xFF a bit was stuffed, and a marker ends the scan (A.1). */
  private fill(): void {
    const { bytes } = this
    while (this.heldBits <= 24 && this.at < bytes.length) {
      const byte = bytes[this.at]!
      const width = this.afterFF ? 7 : 8
      if (this.afterFF && byte >= 0x80) return
      this.held |= byte << (32 - width - this.heldBits)
      this.heldBits += width
      this.afterFF = byte === 0xff
      this.at += 1
    }
  }
}

function bitsFor(count: number): number {
  let bits = 0
  while (2 ** bits < count) bits += 1
  return bits
}

/** Return which of nine classes every difference of two values is in (A.3.3). */
function gradientTable({ maxval, near, t1, t2, t3 }: Header): Int8Array {
  const table = new Int8Array(2 * maxval + 1)
  for (let difference = -maxval; difference <= maxval; difference += 1) {
    const size = Math.abs(difference)
    const level = size >= t3 ? 4 : size >= t2 ? 3 : size >= t1 ? 2 : size > near ? 1 : 0
    table[difference + maxval] = difference < 0 ? -level : level
  }
  return table
}

import { expect, test } from 'vitest'
import { decodeJpegLs, NotDecodable } from './jpegls'

/** Encoded by CharLS, 40 columns by 24 rows. */
const RAMP_OF_12_BITS =
  '/9j/9wALDAAYACgBAREA/9oACAEBAAAAAJJSUlHRUNB/pKOioaD/fffnv158d+3WpTpUaH/33vvnnffc7JSQjIiEgfvnrx26cuG7YqUJkiJB99511xxxttpppplklHbLLDDDDC666666yyyyyyyyyrWta1rWMYxjGMJC0xa1rWta1rWta1rUpSlKUpSmZmZmVVUjLKqqqqqqqqqqqqqqqqqqqkkkkiIsJJJJJJJJJJJJVVVVUhK6qqqqq/9/+gKz/3//f/95Vf9//3//eKj/f/9//3pTf/9//3/4Un//f/9/9lF//3//f/RQf/9//3/yT3//f/9/8E5//3//f+5Nf/9//3/sTH//f/9/qkt//3//f6hKf/9//3+mSX//f/9/pEh//3//f6JHf/9//3+gRn//f/9//P/Z'
const BLOCK_OF_8_BITS =
  '/9j/9wALCAAYACgBAREA/9oACAEBAAAAAP9//2KAAC2yv/9gAAAt0qJ1VHq19Wvq19Wvq19Wvq19Wvq1/37/2Q=='
/** Each value within 2 of the block with 0, 1, 2 added in turn; with a SPIFF header. */
const NEAR_LOSSLESS =
  '/9j/6AAgU1BJRkYAAgAAAQAAABgAAAAoCggGAQAAASwAAAEs/+gACAAAAAH/2P/3AAsIABgAKAEBEQD/2gAIAQEAAgAA/3//YoAFf/9wAAAZUnqx6tfVr6tfVr6tfVr6tfVr6tf/eP/Z'

function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

function block(x: number, y: number): number {
  return x >= 10 && x < 30 && y >= 6 && y < 18 ? 200 : 0
}

test('every value of a lossless stream is the one that was encoded', () => {
  const cases: [string, (x: number, y: number) => number][] = [
    [RAMP_OF_12_BITS, (x, y) => (x * 37 + y * 91) % 4096],
    [BLOCK_OF_8_BITS, block],
  ]
  for (const [stream, value] of cases) {
    const { columns, rows, pixels } = decodeJpegLs(bytes(stream))
    const wanted = Array.from({ length: 960 }, (_, at) => value(at % 40, Math.floor(at / 40)))
    expect([columns, rows, [...pixels]]).toEqual([40, 24, wanted])
  }
})

test('a nearly lossless stream is within what it allows', () => {
  const { pixels } = decodeJpegLs(bytes(NEAR_LOSSLESS))
  const off = [...pixels].map((value, at) =>
    Math.abs(value - block(at % 40, Math.floor(at / 40)) - ((at % 40) % 3)),
  )
  expect(Math.max(...off)).toBeLessThanOrEqual(2)
})

test('what is cut short or of another kind is refused and not guessed', () => {
  const whole = bytes(RAMP_OF_12_BITS)
  const colour = whole.slice()
  colour[11] = 3
  for (const broken of [whole.slice(0, 200), whole.slice(0, 10), new Uint8Array(9), colour]) {
    expect(() => decodeJpegLs(broken)).toThrow(NotDecodable)
  }
})

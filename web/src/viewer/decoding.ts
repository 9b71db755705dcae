/** JPEG-LS is decoded beside the page, so that a hand on the mouse never waits for it. */

import { type DecodedFrame, NotDecodable } from './jpegls'
import type { Answer } from './jpegls.worker'

let worker: Worker | undefined
let asked = 0
const waiting = new Map<number, { resolve: (frame: DecodedFrame) => void; reject: (error: Error) => void }>()

/** Decode a frame; its bytes are given away. */
export async function decodeInWorker(bytes: Uint8Array<ArrayBuffer>): Promise<DecodedFrame> {
  worker ??= started()
  const own = worker
  asked += 1
  const number = asked
  return new Promise((resolve, reject) => {
    waiting.set(number, { resolve, reject })
    own.postMessage({ number, bytes }, [bytes.buffer])
  })
}

function started(): Worker {
  const own = new Worker(new URL('./jpegls.worker.ts', import.meta.url), { type: 'module' })
  own.onmessage = ({ data }: MessageEvent<Answer>): void => {
    const asker = waiting.get(data.number)
    waiting.delete(data.number)
    if (data.frame === undefined) asker?.reject(new NotDecodable(data.error))
    else asker?.resolve(data.frame)
  }
  own.onerror = (): void => {
    for (const asker of waiting.values()) asker.reject(new Error('the decoder did not start'))
    waiting.clear()
    worker = undefined
  }
  return own
}

import { type DecodedFrame, decodeJpegLs } from './jpegls'

export interface Question {
  number: number
  bytes: Uint8Array
}

export interface Answer {
  number: number
  frame?: DecodedFrame
  error?: string
}

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Question>) => void
  postMessage: (answer: Answer, transferred: Transferable[]) => void
}

scope.onmessage = ({ data: { number, bytes } }): void => {
  try {
    const frame = decodeJpegLs(bytes)
    scope.postMessage({ number, frame }, [frame.pixels.buffer])
  } catch (error) {
    scope.postMessage({ number, error: String(error) }, [])
  }
}

/** A cine as one moving picture with loss: its whole beat is on the screen long before its stored frames are here. */

const PATIENCE_MS = 1500

export interface Moving {
  /** Whether the hub has it ready; what takes longer is not waited for. */
  isReady: Promise<boolean>
  /** Fulfilled when all of it has come, or as much as could be had. */
  whole: Promise<void>
}

/** Fetch the moving picture of an instance; `give` gets each frame, numbered from 0, of `frameMs` each. */
export function movingPicture(
  url: string,
  frameMs: number,
  signal: AbortSignal,
  give: (frame: number, bitmap: ImageBitmap) => void,
): Moving {
  const answer = fetch(`${url}/cine`, { headers: { Accept: 'image/webp' }, signal })
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), PATIENCE_MS))
  const ready = answer.then(
    ({ ok }) => ok,
    () => false,
  )
  return { isReady: Promise.race([ready, late]), whole: unpacked(answer, frameMs, give) }
}

/** Whether this browser takes moving pictures apart. */
export function takesApart(): boolean {
  return typeof ImageDecoder !== 'undefined'
}

async function unpacked(
  answer: Promise<Response>,
  frameMs: number,
  give: (frame: number, bitmap: ImageBitmap) => void,
): Promise<void> {
  try {
    const { ok, body } = await answer
    if (!ok || body === null) return
    const decoder = new ImageDecoder({ data: body, type: 'image/webp', colorSpaceConversion: 'none' })
    let frame = 0
    for (let frameIndex = 0; ; frameIndex += 1) {
      const { image } = await decoder.decode({ frameIndex })
      // Frames that are alike are one, which stays as long as all of them.
      for (let left = framesIn(image.duration, frameMs); left > 0; left -= 1, frame += 1) {
        give(frame, await createImageBitmap(image))
      }
      image.close()
    }
  } catch {
    // It is at its end; or cut, or not taken apart here: the stored frames come anyway.
  }
}

/** Return how many frames a picture stands for that stays so many microseconds. */
export function framesIn(duration: number | null, frameMs: number): number {
  return Math.max(1, Math.round((duration ?? 0) / 1000 / frameMs))
}

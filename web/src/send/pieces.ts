// Sends one file in pieces, from the byte that the hub wants next; a cut line only makes it wait.
import { get, Problem, problemOf } from '../shell/api'
import { session } from '../shell/session'
import type { UploadFile } from './types'

/** The hub's limit of one piece: most images come whole in one, which it need not put together. */
const PIECE = 16 * 1024 * 1024
const MOST_REPEATS = 4
const PAUSES = [1_000, 2_000, 4_000, 8_000, 15_000]
/** A line that has taken nothing for so long is cut, whatever the system says. */
const SILENCE = 60_000

export interface Telling {
  signal: AbortSignal
  /** How many bytes of this file have left, or are at the hub. */
  progress: (bytes: number) => void
  line: (isCut: boolean) => void
}

/** A file that cannot be read any more: it was moved, or its disc was taken out. */
export class Unreadable extends Error {}

/** Sends the rest of a file; returns it as the hub has it then. Throws Problem, Unreadable, or the signal's reason. */
export async function sendFile(
  path: string,
  known: UploadFile,
  file: File,
  telling: Telling,
): Promise<UploadFile> {
  let state = known
  let repeats = 0
  for (let cuts = 0; state.state === 'waiting'; ) {
    telling.signal.throwIfAborted()
    telling.progress(state.received)
    try {
      state = await sendPiece(path, state, file, telling)
      telling.line(false)
      cuts = 0
      // A file that is not as it was announced begins again at byte 0.
      if (state.state === 'waiting' && state.received === 0 && ++repeats > MOST_REPEATS)
        throw new Unreadable()
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      telling.signal.throwIfAborted()
      const isElsewhere = error.status === 412 || error.status === 409 || error.kind === 'invalid-request'
      if (isElsewhere && ++repeats > MOST_REPEATS) throw error
      if (!isElsewhere && !error.isPassing && error.status !== 401 && error.status !== 408) throw error
      if (!isElsewhere) {
        telling.line(true)
        await pause(PAUSES[Math.min(cuts++, PAUSES.length - 1)]!, telling.signal)
      }
      state = (await asItIs(path, telling.signal)) ?? state
    }
  }
  telling.progress(state.size)
  return state
}

/** Where to go on from; null where the hub cannot be asked now either. */
async function asItIs(path: string, signal: AbortSignal): Promise<UploadFile | null> {
  try {
    return await get<UploadFile>(path, signal)
  } catch (error) {
    if (error instanceof Problem && (error.isPassing || error.status === 401)) return null
    throw error
  }
}

/** Waits so long, less where the line comes back, and for a login where nobody is signed in. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      removeEventListener('online', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    addEventListener('online', done)
    signal.addEventListener('abort', done)
  })
  while (!session() && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 500))
}

async function sendPiece(path: string, known: UploadFile, file: File, telling: Telling): Promise<UploadFile> {
  let bytes: ArrayBuffer
  try {
    bytes = await file.slice(known.received, known.received + PIECE).arrayBuffer()
  } catch {
    throw new Unreadable()
  }
  if (!bytes.byteLength && known.received < known.size) throw new Unreadable()
  const response = await patched(path, known.received, bytes, telling)
  if (!response.ok) throw await problemOf(response)
  return (await response.json()) as UploadFile
}

/** A request by XMLHttpRequest: only that tells how much of a body has left. */
function patched(path: string, offset: number, bytes: ArrayBuffer, telling: Telling): Promise<Response> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    let silence: ReturnType<typeof setTimeout>
    const abort = () => request.abort()
    const listen = () => {
      clearTimeout(silence)
      silence = setTimeout(abort, SILENCE)
    }
    const end = (finish: () => void) => {
      clearTimeout(silence)
      telling.signal.removeEventListener('abort', abort)
      finish()
    }
    const cut = () => new Problem('offline', { type: 'about:blank', title: 'The line was cut.', status: 0 })
    request.open('PATCH', path)
    request.setRequestHeader('Accept', 'application/json')
    request.setRequestHeader('Content-Type', 'application/offset+octet-stream')
    request.setRequestHeader('Upload-Offset', String(offset))
    request.setRequestHeader('X-CSRF-Token', session()?.csrf_token ?? '')
    request.upload.onprogress = (event) => {
      listen()
      telling.progress(offset + event.loaded)
    }
    request.onload = () =>
      end(() => resolve(new Response(request.responseText, { status: request.status || 502 })))
    request.onerror = () => end(() => reject(cut()))
    request.onabort = () => end(() => reject(cut()))
    telling.signal.addEventListener('abort', abort)
    listen()
    request.send(bytes)
  })
}

// The uploads of this page: what is on its way, what waits for the line, what became of it. No drawing here.
import { useEffect, useState } from 'preact/hooks'
import { ask, get, Problem, post, wordsOf } from '../shell/api'
import { batches, type Chosen, gathered, type Sendable } from './gather'
import { sendFile, Unreadable } from './pieces'
import { matching } from './resume'
import type { Upload, UploadFile, UploadWithFiles } from './types'

export type Phase = 'looking' | 'sending' | 'unpacking' | 'done' | 'stopped' | 'failed'

export interface Job {
  key: number
  siteId: string
  phase: Phase
  upload: Upload | null
  /** Bytes of files that are sent here, and how many of them have left. */
  size: number
  sent: number
  isCut: boolean
  startedAt: number
  problem: string
  /** Names of files that cannot be images, or cannot be read any more. */
  leftOut: string[]
  unreadable: string[]
  /** Files whose end was not simply "stored", once they are known. */
  odd: UploadFile[]
}

type Progress = Map<number, number>
interface Running {
  files: Map<number, File>
  control: AbortController
}

const AT_ONCE = 3
const LARGEST_HASHED = 64 * 1024 * 1024
const ASK_AGAIN = 1_500
const FILES_AT_ONCE = 1_000
const GOOD = new Set(['stored', 'unpacked', 'held-already', 'kept-as-representation', 'dicomdir'])

let jobs: Job[] = []
let lastKey = 0
const running = new Map<number, Running>()
const listeners = new Set<() => void>()

function change(key: number, values: Partial<Job>): void {
  jobs = jobs.map((job) => (job.key === key ? { ...job, ...values } : job))
  for (const tell of listeners) tell()
}

function added(siteId: string, values: Partial<Job>): number {
  const key = ++lastKey
  jobs = [
    {
      key,
      siteId,
      phase: 'looking',
      upload: null,
      size: 0,
      sent: 0,
      isCut: false,
      startedAt: Date.now(),
      problem: '',
      leftOut: [],
      unreadable: [],
      odd: [],
      ...values,
    },
    ...jobs,
  ]
  for (const tell of listeners) tell()
  return key
}

export function useJobs(): Job[] {
  const [, redraw] = useState(0)
  useEffect(() => {
    const tell = () => redraw((count) => count + 1)
    listeners.add(tell)
    return () => {
      listeners.delete(tell)
    }
  }, [])
  return jobs
}

export function dismiss(key: number): void {
  running.delete(key)
  jobs = jobs.filter((job) => job.key !== key)
  for (const tell of listeners) tell()
}

export function stop(key: number): void {
  running.get(key)?.control.abort()
}

export function isSending(): boolean {
  return jobs.some((job) => job.phase === 'looking' || job.phase === 'sending')
}

addEventListener('beforeunload', (event) => {
  if (isSending()) event.preventDefault()
})

/** Begins to send what was chosen; files of uploads that were cut off go on from where those stopped. */
export async function send(
  siteId: string,
  chosen: readonly Chosen[],
  unfinished: readonly Upload[],
): Promise<void> {
  const key = added(siteId, { size: chosen.reduce((sum, { file }) => sum + file.size, 0) })
  const { sendable, leftOut } = await gathered(chosen)
  let rest = sendable
  try {
    for (const upload of unfinished) {
      if (!rest.length || upload.site_id !== siteId) continue
      const files = (await filesOf(upload.upload_id)).filter(({ state }) => state === 'waiting')
      const matched = matching(rest, files)
      if (!matched.size) continue
      const taken = new Set(matched.values())
      rest = rest.filter(({ file }) => !taken.has(file))
      void run(added(siteId, {}), upload, files, matched)
    }
  } catch (error) {
    change(key, { phase: 'failed', problem: wordsOf(error), leftOut })
    return
  }
  const groups = batches(rest)
  if (leftOut.length && !groups.length) change(key, { phase: 'done', leftOut, size: 0 })
  else if (!groups.length) dismiss(key)
  for (const [index, group] of groups.entries()) {
    const own = index === 0 ? key : added(siteId, {})
    if (index === 0) change(key, { leftOut, size: sizeOf(group) })
    await begin(own, siteId, group)
  }
}

const sizeOf = (files: readonly Chosen[]) => files.reduce((sum, { file }) => sum + file.size, 0)

/** SHA-256 by which the hub knows what came before; "" where the browser has none, or the file is very large. */
async function digestOf(file: File): Promise<string> {
  if (!globalThis.crypto?.subtle || file.size > LARGEST_HASHED) return ''
  try {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer())
    return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  } catch {
    return ''
  }
}

async function begin(key: number, siteId: string, group: readonly Sendable[]): Promise<void> {
  change(key, { size: sizeOf(group) })
  try {
    const files = []
    for (const { name, file } of group) files.push({ name, size: file.size, sha256: await digestOf(file) })
    const opened = await post<UploadWithFiles>('/api/v1/uploads', { site_id: siteId, files })
    void run(key, opened, opened.files, new Map(group.map(({ file }, index) => [index + 1, file])))
  } catch (error) {
    change(key, { phase: 'failed', problem: wordsOf(error) })
  }
}

/** Sends what waits, so many files at once, then stays until the hub has unpacked everything. */
async function run(
  key: number,
  upload: Upload,
  announced: readonly UploadFile[],
  files: Map<number, File>,
): Promise<void> {
  const control = new AbortController()
  running.set(key, { files, control })
  const queue = announced.filter(({ number, state }) => state === 'waiting' && files.has(number))
  const size = [...files.values()].reduce((sum, file) => sum + file.size, 0)
  const progress: Progress = new Map(
    announced.filter(({ state }) => state !== 'waiting').map((file) => [file.number, file.size]),
  )
  change(key, { phase: 'sending', upload, size, startedAt: Date.now(), problem: '', isCut: false })
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, () => sendNext(key, upload, queue, files, progress, control)),
    )
    await settle(key, upload.upload_id, control.signal)
  } catch (error) {
    const isStopped = control.signal.aborted && !(error instanceof Problem)
    control.abort()
    change(key, isStopped ? { phase: 'stopped' } : { phase: 'failed', problem: wordsOf(error) })
  }
}

async function sendNext(
  key: number,
  upload: Upload,
  queue: UploadFile[],
  files: Map<number, File>,
  progress: Progress,
  control: AbortController,
): Promise<void> {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { number } = next
    const file = files.get(number)!
    const path = `/api/v1/uploads/${upload.upload_id}/files/${number}`
    try {
      await sendFile(path, next, file, {
        signal: control.signal,
        progress: (bytes) => {
          progress.set(number, Math.min(bytes, file.size))
          change(key, { sent: [...progress.values()].reduce((sum, each) => sum + each, 0) })
        },
        line: (isCut) => {
          if (jobs.find((job) => job.key === key)?.isCut !== isCut) change(key, { isCut })
        },
      })
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error
      const before = jobs.find((job) => job.key === key)?.unreadable ?? []
      change(key, { unreadable: [...before, next.name] })
    }
  }
}

/** Follows an upload whose bytes have all come until it is known what became of every file. */
async function settle(key: number, uploadId: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    try {
      const { body } = await ask<UploadWithFiles>('GET', `/api/v1/uploads/${uploadId}?limit=1`, { signal })
      const isUnpacking = Boolean(body.states.unpacking)
      const phase = isUnpacking ? 'unpacking' : 'done'
      if (isUnpacking) change(key, { upload: body, phase, isCut: false })
      else {
        const odd = isAllGood(body) ? [] : (await filesOf(uploadId)).filter(({ state }) => !GOOD.has(state))
        change(key, { upload: body, phase, odd, isCut: false })
        running.delete(key)
        return
      }
    } catch (error) {
      if (!(error instanceof Problem) || !error.isPassing) throw error
      change(key, { isCut: true })
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN))
  }
}

const isAllGood = (upload: Upload) =>
  Object.entries(upload.states).every(([state, count]) => !count || GOOD.has(state))

async function filesOf(uploadId: string): Promise<UploadFile[]> {
  const all: UploadFile[] = []
  for (;;) {
    const path = `/api/v1/uploads/${uploadId}?limit=${FILES_AT_ONCE}&offset=${all.length}`
    const { files } = await get<UploadWithFiles>(path)
    all.push(...files)
    if (files.length < FILES_AT_ONCE) return all
  }
}

/** Goes on with what was stopped, or has failed, as long as the page has its files. */
export async function goOn(job: Job): Promise<void> {
  const { upload } = job
  const files = running.get(job.key)?.files
  if (!upload || !files) return
  try {
    await run(job.key, upload, await filesOf(upload.upload_id), files)
  } catch (error) {
    change(job.key, { phase: 'failed', problem: wordsOf(error) })
  }
}

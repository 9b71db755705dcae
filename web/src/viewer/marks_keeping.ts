/** Keeps marks with the case: one save at a time, over what others drew meanwhile, and again once the line is back. */

import { Problem } from '../shell/api'
import type { Mark } from './marks'

const WAITS_MS = 700
const AGAIN_MS = 5000
/** How often others may have drawn in between before it is given up. */
const MERGES = 4

/** Whether what is drawn is also kept by the hub. */
export type Keeping = 'kept' | 'waiting' | 'not-kept' | 'own-only'

export interface KeptMarks {
  marks: readonly Mark[]
  /** The version, as If-Match wants it. */
  tag: string | null
}

/** What is asked of the hub, and what is told of it. */
export interface MarkLine {
  get: () => Promise<KeptMarks>
  /** Save all marks of the study over a version; return the new one. Raises Problem. */
  put: (workitemUid: string, marks: readonly Mark[], tag: string | null) => Promise<string | null>
  /** The study's marks as they are drawn now. */
  now: () => readonly Mark[]
  /** What others drew: it has to be put under what is drawn here. */
  onOthers: (base: readonly Mark[], theirs: readonly Mark[]) => void
  onKeeping: (keeping: Keeping) => void
  /** What this browser kept of an earlier page: marks that the hub did not get. */
  unsaved: () => Unsaved | null
  onUnsaved: (unsaved: Unsaved) => void
  /** Keep marks in this browser until the hub has them; undefined when it has. */
  shelve: (unsaved: Unsaved | undefined) => void
}

/** Marks as they are drawn, and the hub's over which they were. */
export interface Unsaved {
  base: readonly Mark[]
  marks: readonly Mark[]
}

export function readUnsaved(text: string | null): Unsaved | null {
  try {
    const unsaved = JSON.parse(text ?? 'null') as Partial<Unsaved> | null
    return Array.isArray(unsaved?.base) && Array.isArray(unsaved?.marks) ? (unsaved as Unsaved) : null
  } catch {
    return null
  }
}

export class MarkKeeper {
  private base: readonly Mark[] = []
  private tag: string | null = null
  private timer: ReturnType<typeof setTimeout> | undefined
  private isBusy = false
  private keeping: Keeping = 'kept'
  private workitemUid: string | undefined
  /** The hub's marks are here, and with them those that an earlier page left. */
  private isLoaded = false
  private isWhole = false

  constructor(private readonly line: MarkLine) {}

  /** Load what is kept; what was drawn before it came stays beside it. */
  async load(): Promise<void> {
    const { marks, tag } = await this.line.get()
    const { base } = this
    this.base = marks
    this.tag = tag
    this.line.onOthers(base, marks)
    this.isLoaded = true
    this.restore()
  }

  /** In whose turn marks are saved from now on; what was drawn outside of one is saved in the next. */
  turn(workitemUid: string | undefined): void {
    if (workitemUid === this.workitemUid) return
    this.workitemUid = workitemUid
    this.restore()
    if (this.keeping !== 'kept') this.soon()
  }

  /** Save a moment after the last change. */
  soon(): void {
    this.tell('waiting')
    this.shelve()
    this.after(WAITS_MS)
  }

  /** Save now what still waits, as the page is left. */
  flush(): void {
    if (this.timer !== undefined) void this.save()
  }

  /** In a turn, take up what an earlier page drew and could not save. */
  private restore(): void {
    if (this.isWhole || !this.isLoaded || this.workitemUid === undefined) return
    this.isWhole = true
    const unsaved = this.line.unsaved()
    if (unsaved === null) return
    this.line.onUnsaved(unsaved)
    this.soon()
  }

  private shelve(): void {
    const isInTurn = this.workitemUid !== undefined
    if (this.isWhole && isInTurn) this.line.shelve({ base: this.base, marks: this.line.now() })
  }

  private after(milliseconds: number): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.save(), milliseconds)
  }

  private async save(): Promise<void> {
    clearTimeout(this.timer)
    this.timer = undefined
    const { workitemUid } = this
    if (workitemUid === undefined) {
      this.tell('own-only')
      return
    }
    if (this.isBusy) {
      this.after(WAITS_MS)
      return
    }
    this.isBusy = true
    try {
      await this.put(workitemUid)
      if (this.timer === undefined) {
        this.tell('kept')
        this.line.shelve(undefined)
      }
    } catch (error) {
      this.tell('not-kept')
      if (error instanceof Problem && error.isPassing) this.after(AGAIN_MS)
    } finally {
      this.isBusy = false
    }
  }

  private async put(workitemUid: string): Promise<void> {
    for (let merges = 0; ; merges += 1) {
      const marks = this.line.now()
      try {
        this.tag = await this.line.put(workitemUid, marks, this.tag)
        this.base = marks
        return
      } catch (error) {
        const isStale = error instanceof Problem && error.status === 412
        if (!isStale || merges === MERGES) throw error
        await this.load()
      }
    }
  }

  private tell(keeping: Keeping): void {
    this.keeping = keeping
    this.line.onKeeping(keeping)
  }
}

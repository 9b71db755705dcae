// Keeps what a reader writes: in this browser at once, at the hub as soon as the line lets it.
import { type Answer, ask, Problem } from '../shell/api'
import type { Draft, Words } from './types'

const SAVE_AFTER = 1200
const TRY_AGAIN_AFTER = 4000

export interface LocalDraft extends Words {
  /** The hub's version that these words were written over. */
  version: number
}

/** The part of localStorage that is used. */
export interface Shelf {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export type SaveState =
  | { kind: 'empty' | 'saved'; at: number }
  | { kind: 'unsaved' | 'saving' }
  /** The line is cut: the words are in this browser. */
  | { kind: 'offline' }
  /** Somebody, or another window, has written since; the hub's words are beside ours. */
  | { kind: 'conflict'; theirs: Draft }
  /** The case is no longer ours; the words were sent and kept aside, or are still here. */
  | { kind: 'lost'; words: string }
  | { kind: 'failed'; words: string }

export interface Present extends Words {
  state: SaveState
  /** The version at the hub, as If-Match wants it. */
  tag: string
}

export function shelfKey(username: string, siteId: string, study: string): string {
  return `hub.draft.${username}.${siteId}.${study}`
}

export function readLocal(text: string | null): LocalDraft | null {
  try {
    const local = JSON.parse(text ?? 'null') as Partial<LocalDraft> | null
    if (typeof local?.findings !== 'string' || typeof local.impression !== 'string') return null
    return { findings: local.findings, impression: local.impression, version: Number(local.version) || 0 }
  } catch {
    return null
  }
}

const same = (one: Words, other: Words) =>
  one.findings === other.findings && one.impression === other.impression

/** What to begin with: the hub's words, or newer ones that this browser kept; or both, for a person to choose. */
export function begunWith(
  theirs: Draft,
  local: LocalDraft | null,
): { words: Words; isAhead: boolean; isConflict: boolean } {
  if (!local || same(local, theirs)) return { words: theirs, isAhead: false, isConflict: false }
  return { words: local, isAhead: true, isConflict: local.version !== theirs.version }
}

export class DraftKeeper {
  private version: number
  private words: Words
  private state: SaveState
  private timer: ReturnType<typeof setTimeout> | undefined
  private saving: Promise<void> | null = null
  private isClosed = false

  constructor(
    private readonly caseId: string,
    private readonly workitemUid: string,
    theirs: Draft,
    private readonly key: string,
    private readonly shelf: Shelf,
    private readonly tell: (present: Present) => void,
    private readonly put: (caseId: string, body: object, tag: string) => Promise<Answer<Draft>> = putDraft,
    private readonly get: (caseId: string) => Promise<Answer<Draft>> = getDraft,
  ) {
    const local = readLocal(shelf.getItem(key))
    const begun = begunWith(theirs, local)
    this.version = theirs.version
    this.words = { findings: begun.words.findings, impression: begun.words.impression }
    this.state = theirs.version ? { kind: 'saved', at: Date.now() } : { kind: 'empty', at: 0 }
    if (begun.isConflict) this.state = { kind: 'conflict', theirs }
    else if (begun.isAhead) this.state = { kind: 'unsaved' }
    else shelf.removeItem(key)
    if (begun.isAhead && !begun.isConflict) this.plan(0)
  }

  get present(): Present {
    return { ...this.words, state: this.state, tag: `"${this.version}"` }
  }

  get isClean(): boolean {
    return this.state.kind === 'saved' || this.state.kind === 'empty'
  }

  write(change: Partial<Words>): void {
    const words = { ...this.words, ...change }
    if (same(words, this.words)) return
    this.words = words
    this.keep()
    if (this.state.kind === 'conflict' || this.state.kind === 'lost') this.told()
    else {
      this.become({ kind: 'unsaved' })
      this.plan(SAVE_AFTER)
    }
  }

  /** Settles a conflict: goes on with one's own words, or with the hub's. */
  settle(choice: 'mine' | 'theirs'): void {
    if (this.state.kind !== 'conflict') return
    const { theirs } = this.state
    this.version = theirs.version
    if (choice === 'theirs') {
      this.words = { findings: theirs.findings, impression: theirs.impression }
      this.shelf.removeItem(this.key)
      this.become({ kind: 'saved', at: Date.now() })
      return
    }
    this.keep()
    this.become({ kind: 'unsaved' })
    this.plan(0)
  }

  /** Saves what is unsaved now. Resolves when the hub has it, or when it cannot have it. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer)
    if (this.saving) await this.saving
    if (!this.isClean && this.state.kind !== 'conflict' && this.state.kind !== 'lost') await this.save()
    return this.isClean
  }

  /** Looks whether the hub has other words than those on the screen, and then puts them beside. */
  async lookAgain(): Promise<void> {
    const { body: theirs } = await this.get(this.caseId)
    if (same(theirs, this.words)) this.version = theirs.version
    else this.become({ kind: 'conflict', theirs })
  }

  /** Signed or gone: nothing is left to keep. */
  forget(): void {
    this.close()
    this.shelf.removeItem(this.key)
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
  }

  private keep(): void {
    try {
      this.shelf.setItem(this.key, JSON.stringify({ ...this.words, version: this.version }))
    } catch {
      // The browser's room is used up, or it keeps nothing; the hub still gets every word.
    }
  }

  private told(): void {
    if (!this.isClosed) this.tell(this.present)
  }

  private become(state: SaveState): void {
    this.state = state
    this.told()
  }

  private plan(after: number): void {
    clearTimeout(this.timer)
    if (!this.isClosed) this.timer = setTimeout(() => void this.save(), after)
  }

  private save(): Promise<void> {
    this.saving ??= this.send().finally(() => {
      this.saving = null
    })
    return this.saving
  }

  private async send(): Promise<void> {
    const sent = this.words
    this.become({ kind: 'saving' })
    try {
      const body = { workitem_uid: this.workitemUid, ...sent }
      const { body: saved } = await this.put(this.caseId, body, `"${this.version}"`)
      this.version = saved.version
      if (same(sent, this.words)) {
        this.shelf.removeItem(this.key)
        this.become({ kind: 'saved', at: Date.now() })
      } else {
        this.keep()
        this.become({ kind: 'unsaved' })
        this.plan(SAVE_AFTER)
      }
    } catch (error) {
      await this.refused(error)
    }
  }

  private async refused(error: unknown): Promise<void> {
    const problem = error instanceof Problem ? error : null
    if (!problem || problem.isPassing || problem.status === 401) {
      this.become({ kind: 'offline' })
      this.plan(TRY_AGAIN_AFTER)
      return
    }
    if (problem.status === 412) {
      try {
        const { body: theirs } = await this.get(this.caseId)
        // The answer to an earlier save was lost on the way: the hub has just these words.
        if (same(theirs, this.words)) {
          this.version = theirs.version
          this.shelf.removeItem(this.key)
          this.become({ kind: 'saved', at: Date.now() })
        } else this.become({ kind: 'conflict', theirs })
      } catch {
        this.become({ kind: 'offline' })
        this.plan(TRY_AGAIN_AFTER)
      }
      return
    }
    if (problem.status === 409 || problem.status === 404) this.become({ kind: 'lost', words: problem.words })
    else this.become({ kind: 'failed', words: problem.words })
  }
}

function getDraft(caseId: string): Promise<Answer<Draft>> {
  return ask<Draft>('GET', `/api/v1/cases/${caseId}/draft`)
}

function putDraft(caseId: string, body: object, tag: string): Promise<Answer<Draft>> {
  return ask<Draft>('PUT', `/api/v1/cases/${caseId}/draft`, { body, ifMatch: tag })
}

// Asks the hub. What goes wrong is a Problem (RFC 9457) with words for a person.
import { session, sessionIsOver } from './session'
import { t, tOr, type WordKey } from './words'

export interface ProblemBody {
  type: string
  title: string
  status: number
  detail?: string
  fields?: { field: string; problem: string }[]
  sites?: string[]
}

export class Problem extends Error {
  constructor(
    readonly kind: string,
    readonly body: ProblemBody,
  ) {
    super(body.detail ?? body.title)
  }

  get status(): number {
    return this.body.status
  }

  /** Whether the line or the hub was away: the same request may succeed later. */
  get isPassing(): boolean {
    return this.kind === 'offline' || this.status === 503 || this.status === 502 || this.status === 504
  }

  /** What to tell a person, in their language where we have words, else in the hub's own. */
  get words(): string {
    const detail = this.body.detail ?? this.body.title
    const fields = (this.body.fields ?? []).map((each) => `${each.field}: ${each.problem}`).join('; ')
    const known = tOr(`shell.problem.${this.kind}`, '')
    if (!known) return fields ? `${detail} ${fields}` : detail
    const more = fields || (MORE_TOLD.has(this.kind) ? detail : '')
    return more ? `${known} (${more})` : known
  }
}

/** Kinds of which the hub's own sentence says which of several reasons it was. */
const MORE_TOLD = new Set([
  'workitem-state-conflict',
  'report-state-conflict',
  'patient-conflict',
  'stale-version',
  'invalid-request',
  'not-permitted',
  'already-settled',
])

export interface Answer<Body> {
  body: Body
  etag: string | null
}

export interface Asking {
  body?: unknown
  ifMatch?: string | null
  signal?: AbortSignal
  accept?: string
  /** Milliseconds after which a silent line counts as cut. */
  timeout?: number
  keepalive?: boolean
}

const PATIENCE = 30_000
const lineListeners = new Set<(isUp: boolean) => void>()

/** Tells whether the last request reached the hub. */
export function onLine(tell: (isUp: boolean) => void): () => void {
  lineListeners.add(tell)
  return () => {
    lineListeners.delete(tell)
  }
}

function lineIs(isUp: boolean): void {
  for (const tell of lineListeners) tell(isUp)
}

export async function ask<Body>(method: string, path: string, asking: Asking = {}): Promise<Answer<Body>> {
  const response = await sent(method, path, asking)
  if (!response.ok) throw await problemOf(response)
  const isEmpty = response.status === 204 || response.status === 205
  return { body: (isEmpty ? undefined : await response.json()) as Body, etag: response.headers.get('ETag') }
}

export async function get<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  return (await ask<Body>('GET', path, signal ? { signal } : {})).body
}

export async function post<Body>(path: string, body?: unknown): Promise<Body> {
  return (await ask<Body>('POST', path, body === undefined ? {} : { body })).body
}

async function sent(method: string, path: string, asking: Asking): Promise<Response> {
  const headers: Record<string, string> = { Accept: asking.accept ?? 'application/json' }
  const login = session()
  if (method !== 'GET' && login) headers['X-CSRF-Token'] = login.csrf_token
  if (asking.ifMatch) headers['If-Match'] = asking.ifMatch
  if (asking.body !== undefined) headers['Content-Type'] = 'application/json'
  const silence = AbortSignal.timeout(asking.timeout ?? PATIENCE)
  try {
    const response = await fetch(path, {
      method,
      headers,
      body: asking.body === undefined ? null : JSON.stringify(asking.body),
      credentials: 'same-origin',
      signal: asking.signal ? AbortSignal.any([asking.signal, silence]) : silence,
      keepalive: asking.keepalive ?? false,
    })
    lineIs(true)
    return response
  } catch (error) {
    if (asking.signal?.aborted) throw error
    lineIs(false)
    throw new Problem('offline', { type: 'about:blank', title: 'The hub does not answer.', status: 0 })
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  let body: ProblemBody = { type: 'about:blank', title: response.statusText, status: response.status }
  try {
    body = { ...body, ...((await response.json()) as Partial<ProblemBody>) }
  } catch {
    // A proxy's own page; the status says enough.
  }
  const kind = body.type.startsWith('/problems/')
    ? body.type.slice('/problems/'.length)
    : `status-${response.status}`
  if (response.status === 401) sessionIsOver()
  return new Problem(kind, body)
}

/** What to show of anything that was thrown. */
export function wordsOf(error: unknown): string {
  if (error instanceof Problem) return error.words
  return t('shell.problem.unknown' satisfies WordKey)
}

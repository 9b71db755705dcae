// What a reader is asked before something that others see.
import { useState } from 'preact/hooks'
import { ask, Problem, wordsOf } from '../shell/api'
import { Dialog, Field, Notice } from '../shell/parts'
import { beginSession, type Login, session } from '../shell/session'
import { t } from '../shell/words'
import { personName } from './cases'
import type { Case, Words } from './types'

const REASONS = [
  'motion',
  'positioning',
  'exposure-or-gain',
  'lead-reversed-or-off',
  'wrong-patient',
  'wrong-side',
  'incomplete',
  'other',
] as const

/** Runs an act of a dialog: busy meanwhile, and what went wrong in words. */
function useAct(act: () => Promise<void>) {
  const [isBusy, setBusy] = useState(false)
  const [problem, setProblem] = useState<unknown>(null)
  async function run(event?: Event): Promise<void> {
    event?.preventDefault()
    if (isBusy) return
    setBusy(true)
    setProblem(null)
    try {
      await act()
    } catch (error) {
      setProblem(error)
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, problem, run }
}

function Buttons(props: {
  words: string
  isBusy: boolean
  kind?: string
  onClose: () => void
  isOff?: boolean
}) {
  return (
    <div class="row end">
      <button type="button" onClick={props.onClose}>
        {t('shell.cancel')}
      </button>
      <button type="submit" class={props.kind ?? 'primary'} disabled={props.isBusy || props.isOff}>
        {props.words}
      </button>
    </div>
  )
}

export function ReasonDialog(props: {
  title: string
  words: string
  onDo: (reason: string) => Promise<void>
  onClose: () => void
}) {
  const [reason, setReason] = useState('')
  const { isBusy, problem, run } = useAct(() => props.onDo(reason))
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={run}>
        <Field label={t('read.reason')}>
          <textarea
            rows={3}
            required
            maxLength={1000}
            value={reason}
            onInput={(event) => setReason(event.currentTarget.value)}
          />
        </Field>
        {problem !== null && <Notice kind="error">{wordsOf(problem)}</Notice>}
        <Buttons words={props.words} isBusy={isBusy} onClose={props.onClose} isOff={!reason.trim()} />
      </form>
    </Dialog>
  )
}

export interface RetakeWish {
  reason: string
  note: string
  end_turn: boolean
}

export function RetakeDialog(props: { onDo: (wish: RetakeWish) => Promise<void>; onClose: () => void }) {
  const [wish, setWish] = useState<RetakeWish>({ reason: 'motion', note: '', end_turn: true })
  const { isBusy, problem, run } = useAct(() => props.onDo(wish))
  return (
    <Dialog title={t('read.retake')} onClose={props.onClose}>
      <form onSubmit={run}>
        <Field label={t('read.retake.reason')}>
          <select
            value={wish.reason}
            onChange={(event) => setWish({ ...wish, reason: event.currentTarget.value })}
          >
            {REASONS.map((reason) => (
              <option key={reason} value={reason}>
                {t(`read.retake.${reason}`)}
              </option>
            ))}
          </select>
        </Field>
        <Field label={t('read.retake.note')}>
          <textarea
            rows={3}
            maxLength={1000}
            required={wish.reason === 'other'}
            value={wish.note}
            onInput={(event) => setWish({ ...wish, note: event.currentTarget.value })}
          />
        </Field>
        <label class="row">
          <input
            type="checkbox"
            checked={wish.end_turn}
            onChange={(event) => setWish({ ...wish, end_turn: event.currentTarget.checked })}
          />
          {t('read.retake.end-turn')}
        </label>
        {problem !== null && <Notice kind="error">{wordsOf(problem)}</Notice>}
        <Buttons words={t('read.retake.ask')} isBusy={isBusy} onClose={props.onClose} />
      </form>
    </Dialog>
  )
}

/** As a function that stays the same it is called when the field comes, not each second when the page is drawn anew. */
const focus = (field: HTMLInputElement | null) => field?.focus()

export function SignDialog(props: {
  each: Case
  words: Words
  status: 'final' | 'preliminary'
  isOnlyPreviewSeen: boolean
  onSign: () => Promise<void>
  onChanged: () => Promise<void>
  onClose: () => void
}) {
  const [password, setPassword] = useState('')
  const [isPasswordAsked, setPasswordAsked] = useState(false)
  const [hasChanged, setChanged] = useState(false)
  const { isBusy, problem, run } = useAct(async () => {
    try {
      if (isPasswordAsked) {
        const username = session()?.username
        const { body } = await ask<Login>('POST', '/api/v1/login', { body: { username, password } })
        beginSession(body)
      }
      if (hasChanged) setChanged(false)
      await props.onSign()
    } catch (error) {
      if (error instanceof Problem && error.kind === 'recent-login-required' && !isPasswordAsked) {
        setPasswordAsked(true)
        return
      }
      if (error instanceof Problem && error.status === 412) {
        // What is there now is looked at before it is signed: other words stand beside one's own behind the dialog.
        await props.onChanged()
        setChanged(true)
      }
      throw error
    }
  })
  const { each } = props
  return (
    <Dialog title={t(`read.sign.${props.status}`)} onClose={props.onClose}>
      <form
        onSubmit={run}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && event.ctrlKey) void run(event)
        }}
      >
        <p>
          <strong>{personName(each.patient_name)}</strong> · {each.patient_id} · {each.modality}{' '}
          {each.study_description}
        </p>
        <blockquote class="signed-words">
          {props.words.findings}
          {'\n\n'}
          <strong>{props.words.impression}</strong>
        </blockquote>
        {props.isOnlyPreviewSeen && <Notice kind="warning">{t('read.sign.only-preview')}</Notice>}
        {isPasswordAsked && (
          <Field label={t('read.sign.password')}>
            <input
              type="password"
              autocomplete="current-password"
              required
              // The dialog has just asked for it.
              ref={focus}
              value={password}
              onInput={(event) => setPassword(event.currentTarget.value)}
            />
          </Field>
        )}
        {problem !== null && <Notice kind="error">{wordsOf(problem)}</Notice>}
        {hasChanged && <Notice kind="warning">{t('read.sign.changed')}</Notice>}
        <div class="row end">
          <button type="button" onClick={props.onClose}>
            {t('shell.cancel')}
          </button>
          {/* Never off: who signs by keys would lose their place in the dialog when the hub refuses. */}
          <button type="submit" class="primary" aria-busy={isBusy} autofocus>
            {props.isOnlyPreviewSeen ? t('read.sign.anyway') : t(`read.sign.${props.status}`)}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

interface Addendum extends Words {
  reason: string
}

function keptAddendum(key: string): Addendum {
  const empty = { findings: '', impression: '', reason: '' }
  try {
    return { ...empty, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Addendum>) }
  } catch {
    return empty
  }
}

export function AddendumDialog(props: {
  reportId: string
  onDo: (body: Addendum) => Promise<void>
  onClose: () => void
}) {
  const key = `hub.draft.${session()?.username}.addendum.${props.reportId}`
  const [body, setBody] = useState(() => keptAddendum(key))
  const { isBusy, problem, run } = useAct(async () => {
    await props.onDo(body)
    localStorage.removeItem(key)
  })
  const write = (next: Addendum) => {
    setBody(next)
    localStorage.setItem(key, JSON.stringify(next))
  }
  const part = (name: keyof typeof body, rows: number) => (
    <Field label={t(`read.${name}`)}>
      <textarea
        rows={rows}
        required={name !== 'findings'}
        value={body[name]}
        onInput={(event) => write({ ...body, [name]: event.currentTarget.value })}
      />
    </Field>
  )
  return (
    <Dialog title={t('read.addendum')} onClose={props.onClose}>
      <form onSubmit={run}>
        {part('reason', 2)}
        {part('findings', 3)}
        {part('impression', 3)}
        {problem !== null && <Notice kind="error">{wordsOf(problem)}</Notice>}
        <Buttons words={t('read.addendum.sign')} isBusy={isBusy} onClose={props.onClose} />
      </form>
    </Dialog>
  )
}

export function MacrosDialog(props: { text: string; onSave: (text: string) => void; onClose: () => void }) {
  const [text, setText] = useState(props.text)
  return (
    <Dialog title={t('read.macros')} onClose={props.onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          props.onSave(text)
        }}
      >
        <p>{t('read.macros.how')}</p>
        <Field label={t('read.macros.lines')}>
          <textarea rows={10} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </Field>
        <Buttons words={t('read.macros.save')} isBusy={false} onClose={props.onClose} />
      </form>
    </Dialog>
  )
}

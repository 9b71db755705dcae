// One's own account: the password, and where one is signed in.
import { useEffect, useState } from 'preact/hooks'
import { ask, get, wordsOf } from '../shell/api'
import { Field, Notice } from '../shell/parts'
import { session, sessionIsOver } from '../shell/session'
import { locale, t } from '../shell/words'

const SHORTEST = 10

interface OwnSession {
  session_id: string
  created_at: string
  last_seen_at: string
  address: string
  is_this: boolean
}

const moment = (value: string) =>
  new Date(value).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'short' })

function Sessions() {
  const [sessions, setSessions] = useState<OwnSession[]>([])
  const [problem, setProblem] = useState('')
  async function load(): Promise<void> {
    try {
      setSessions((await get<{ items: OwnSession[] }>('/api/v1/sessions')).items)
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  useEffect(() => void load(), [])
  /** Ends one session, or all but this one. */
  async function end(sessionId = ''): Promise<void> {
    try {
      await ask('DELETE', `/api/v1/sessions${sessionId && `/${sessionId}`}`)
      await load()
    } catch (error) {
      setProblem(wordsOf(error))
    }
  }
  return (
    <section class="card">
      <h2>{t('account.sessions')}</h2>
      <table>
        <thead>
          <tr>
            <th>{t('account.signed-in')}</th>
            <th>{t('account.last-seen')}</th>
            <th>{t('account.address')}</th>
            <th>
              <span class="sr-only">{t('account.end')}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sessions.map((each) => (
            <tr key={each.session_id}>
              <td>{moment(each.created_at)}</td>
              <td>{each.is_this ? t('account.this-browser') : moment(each.last_seen_at)}</td>
              <td>{each.address}</td>
              <td>
                {!each.is_this && (
                  <button type="button" class="quiet" onClick={() => void end(each.session_id)}>
                    {t('account.end')}
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {problem && <Notice kind="error">{problem}</Notice>}
      {sessions.length > 1 && (
        <button type="button" onClick={() => void end()}>
          {t('account.end-others')}
        </button>
      )}
    </section>
  )
}

export default function AccountPage() {
  const me = session()
  const [oldPassword, setOld] = useState('')
  const [newPassword, setNew] = useState('')
  const [again, setAgain] = useState('')
  const [refusal, setRefusal] = useState('')
  if (!me) return null

  async function change(event: Event): Promise<void> {
    event.preventDefault()
    if (newPassword !== again) {
      setRefusal(t('account.not-the-same'))
      return
    }
    try {
      await ask('POST', '/api/v1/password', {
        body: { old_password: oldPassword, new_password: newPassword },
      })
      sessionIsOver()
    } catch (error) {
      setRefusal(wordsOf(error))
    }
  }

  return (
    <main class="plain">
      <h1>{t('account.title')}</h1>
      <p>
        {me.display_name} · {me.username}
      </p>
      <form class="card" onSubmit={change}>
        <h2>{t('account.change-password')}</h2>
        {me.must_change_password && <Notice kind="warning">{t('account.must-change')}</Notice>}
        <Field label={t('account.old-password')}>
          <input
            type="password"
            autocomplete="current-password"
            required
            value={oldPassword}
            onInput={(event) => setOld(event.currentTarget.value)}
          />
        </Field>
        <Field label={t('account.new-password', { count: SHORTEST })}>
          <input
            type="password"
            autocomplete="new-password"
            required
            minLength={SHORTEST}
            value={newPassword}
            onInput={(event) => setNew(event.currentTarget.value)}
          />
        </Field>
        <Field label={t('account.new-password-again')}>
          <input
            type="password"
            autocomplete="new-password"
            required
            value={again}
            onInput={(event) => setAgain(event.currentTarget.value)}
          />
        </Field>
        {refusal && <Notice kind="error">{refusal}</Notice>}
        <button type="submit" class="primary">
          {t('account.change-password')}
        </button>
        <p class="small">{t('account.ends-sessions')}</p>
      </form>
      {!me.must_change_password && <Sessions />}
    </main>
  )
}

// One's own account: the password.
import { useState } from 'preact/hooks'
import { ask, wordsOf } from '../shell/api'
import { Field, Notice } from '../shell/parts'
import { session, sessionIsOver } from '../shell/session'
import { t } from '../shell/words'

const SHORTEST = 10

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
    </main>
  )
}

// Logging in: over whatever page one came for, which stays as it is.
import { useState } from 'preact/hooks'
import { ask, wordsOf } from './api'
import { Field, Notice } from './parts'
import { beginSession, type Login } from './session'
import { t } from './words'

export function LoginForm({ username: known = '' }: { username?: string }) {
  const [username, setUsername] = useState(known)
  const [password, setPassword] = useState('')
  const [refusal, setRefusal] = useState('')
  const [isBusy, setBusy] = useState(false)

  async function logIn(event: Event): Promise<void> {
    event.preventDefault()
    setBusy(true)
    setRefusal('')
    try {
      const { body } = await ask<Login>('POST', '/api/v1/login', { body: { username, password } })
      beginSession(body)
    } catch (error) {
      setRefusal(wordsOf(error))
      setPassword('')
    } finally {
      setBusy(false)
    }
  }

  return (
    <main class="login">
      <form onSubmit={logIn}>
        <h1>{t('shell.title')}</h1>
        <Field label={t('shell.username')}>
          <input
            name="username"
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            required
            maxLength={64}
            value={username}
            autofocus={!known}
            onInput={(event) => setUsername(event.currentTarget.value)}
          />
        </Field>
        <Field label={t('shell.password')}>
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            required
            value={password}
            autofocus={Boolean(known)}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </Field>
        {refusal && <Notice kind="error">{refusal}</Notice>}
        <button type="submit" class="primary" disabled={isBusy}>
          {t('shell.log-in')}
        </button>
      </form>
    </main>
  )
}

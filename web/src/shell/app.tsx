// Which page is shown, and the login over it where nobody is signed in.
import { Component, type ComponentChildren, type ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Frame } from './frame'
import { beginLive, endLive } from './live'
import { LoginForm } from './login'
import { Notice } from './parts'
import { navigate, type PageProps, type Route, routeOf, useAddress } from './router'
import { hasRole, homeOf, type Login, useSession } from './session'
import { loadWords, t, useLanguage } from './words'

interface Shown {
  Page: ComponentType<PageProps>
  place: Record<string, string>
  path: string
}

/** A bug in a page takes only that page away. */
class Fence extends Component<{ children: ComponentChildren }, { isBroken: boolean }> {
  override state = { isBroken: false }

  static override getDerivedStateFromError() {
    return { isBroken: true }
  }

  override render() {
    if (!this.state.isBroken) return this.props.children
    return (
      <main class="plain">
        <Notice kind="error">{t('shell.page-broken')}</Notice>
        <button type="button" onClick={() => location.reload()}>
          {t('shell.load-again')}
        </button>
      </main>
    )
  }
}

/** Over the page and over any dialog of it; no key reaches what lies below. */
function LoginOver({ username }: { username: string }) {
  const element = useRef<HTMLDialogElement>(null)
  useEffect(() => element.current?.showModal(), [])
  return (
    <dialog
      ref={element}
      class="login-over"
      aria-label={t('shell.log-in')}
      onCancel={(event) => event.preventDefault()}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <LoginForm username={username} />
    </dialog>
  )
}

function isFor(me: Login, { roles }: Route): boolean {
  return !roles || hasRole(me, ...roles)
}

export function App() {
  useLanguage()
  const login = useSession()
  const { path } = useAddress()
  const [shown, setShown] = useState<Shown | null>(null)
  const [failure, setFailure] = useState(false)
  const lastUser = useRef('')
  const username = login?.username
  if (username) lastUser.current = username

  useEffect(() => {
    if (username) beginLive()
    return endLive
  }, [username])

  useEffect(() => {
    if (login && (path === '/' || path === '/login')) navigate(homeOf(login), { replace: true })
    else if (login?.must_change_password && path !== '/account') navigate('/account', { replace: true })
  }, [login, path])

  useEffect(() => {
    const found = routeOf(path)
    document.documentElement.dataset.theme = found?.route.theme ?? 'light'
    setFailure(false)
    document.title = t('shell.title')
    if (!found || !login || !isFor(login, found.route)) return
    let isCurrent = true
    Promise.all([found.route.load(), loadWords(...found.route.words)]).then(
      ([module]) => isCurrent && setShown({ Page: module.default, place: found.place, path }),
      () => isCurrent && setFailure(true),
    )
    return () => {
      isCurrent = false
    }
  }, [path, username])

  const route = routeOf(path)?.route
  const isForeign = Boolean(login && route && !isFor(login, route))
  if (!login && (!shown || path === '/login' || path === '/')) return <LoginForm />
  // The page stays where it was while its reader logs in again: what they wrote is still on it.
  return (
    <>
      {login && <Frame me={login} path={path} />}
      {!login && <LoginOver username={lastUser.current} />}
      {failure && <Notice kind="error">{t('shell.page-not-loaded')}</Notice>}
      {shown && shown.path === path && !isForeign && (
        <Fence key={`${path} ${lastUser.current}`}>
          <shown.Page place={shown.place} />
        </Fence>
      )}
      {login && isForeign && (
        <main class="plain">
          <h1>{t('shell.not-yours')}</h1>
          <p>
            <a href={homeOf(login)}>{t('shell.to-yours')}</a>
          </p>
        </main>
      )}
      {!route && path !== '/' && path !== '/login' && (
        <main class="plain">
          <h1>{t('shell.no-such-page')}</h1>
        </main>
      )}
    </>
  )
}

// The frame of every page: who one is, where one may go, whether the page is live.
import { ask } from './api'
import { useLiveState } from './live'
import { navigate, ROUTES } from './router'
import { forgetAccount, hasRole, isTold, type Me, sessionIsOver } from './session'
import { chooseLanguage, t, tOr, useLanguage } from './words'

export async function logOut(me: Me): Promise<void> {
  try {
    await ask('POST', '/api/v1/logout', {})
  } finally {
    forgetAccount(me.username)
    sessionIsOver()
    navigate('/', { replace: true })
  }
}

function pagesOf(me: Me): [path: string, words: string][] {
  return ROUTES.filter(({ roles }) => roles && hasRole(me, ...roles)).map(({ path }) => [
    path,
    tOr(`shell.page.${path.slice(1)}`, path),
  ])
}

function LiveMark() {
  const state = useLiveState()
  return (
    <span class={`live ${state}`} role="status" title={t(`shell.live.${state}.title`)}>
      {t(`shell.live.${state}`)}
    </span>
  )
}

export function Frame({ me, path }: { me: Me; path: string }) {
  const language = useLanguage()
  return (
    <header class="frame">
      <a class="home" href="/">
        {t('shell.title')}
      </a>
      <nav aria-label={t('shell.pages')}>
        {pagesOf(me).map(([address, words]) => (
          <a key={address} href={address} aria-current={path === address ? 'page' : undefined}>
            {words}
          </a>
        ))}
      </nav>
      {/* A page puts what is its own here. */}
      <div id="frame-middle" />
      {isTold(me) && <LiveMark />}
      <button
        type="button"
        class="quiet"
        lang={language === 'zh' ? 'en' : 'zh-CN'}
        onClick={() => void chooseLanguage(language === 'zh' ? 'en' : 'zh')}
      >
        {language === 'zh' ? 'English' : '中文'}
      </button>
      <a href="/account" aria-current={path === '/account' ? 'page' : undefined}>
        {me.display_name}
      </a>
      <button type="button" class="quiet" onClick={() => void logOut(me)}>
        {t('shell.log-out')}
      </button>
    </header>
  )
}

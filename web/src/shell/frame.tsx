// The frame of every page: who one is, where one may go, whether the page is live.
import { ask } from './api'
import { useLiveState } from './live'
import { navigate } from './router'
import { forgetAccount, hasRole, type Me, sessionIsOver } from './session'
import { chooseLanguage, t, useLanguage } from './words'

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
  const pages: [string, string][] = []
  if (hasRole(me, 'reader')) pages.push(['/read', t('shell.page.read')])
  if (hasRole(me, 'technician', 'admin')) pages.push(['/send', t('shell.page.send')])
  if (hasRole(me, 'clinic', 'technician', 'admin')) pages.push(['/clinic', t('shell.page.clinic')])
  if (hasRole(me, 'admin', 'auditor')) pages.push(['/admin', t('shell.page.admin')])
  return pages
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
      <LiveMark />
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

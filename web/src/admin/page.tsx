// Administration: who and what belongs to the hub, what waits for a decision, and how the hub fares.
import type { ComponentChildren } from 'preact'
import './admin.css'
import { late } from '../shell/parts'
import { type PageProps, useAddress } from '../shell/router'
import { hasRole, type Me, session } from '../shell/session'
import { t } from '../shell/words'
import { useSiteNames } from '../site/names'
import { Aside } from './aside'
import { Devices } from './devices'
import { Groups } from './groups'
import { Health } from './health'
import { Sites, Texts } from './sites'
import { Users } from './users'

// An administrator is seldom an auditor.
const Audit = late(() => import('./audit').then((loaded) => loaded.Audit))

type PartName = 'health' | 'aside' | 'devices' | 'sites' | 'users' | 'groups' | 'text' | 'audit'

/** Which parts an account may see; the hub decides itself what it answers. */
export function partsOf(me: Me): PartName[] {
  const parts: PartName[] = []
  const isEverywhere = me.grants.some((grant) => grant.role === 'admin' && !grant.site_id)
  if (hasRole(me, 'admin')) parts.push('health', 'aside')
  if (isEverywhere) parts.push('devices', 'sites', 'users', 'groups')
  if (hasRole(me, 'admin')) parts.push('text')
  if (hasRole(me, 'auditor')) parts.push('audit')
  return parts
}

function contentOf(part: PartName, parts: PartName[]): ComponentChildren {
  switch (part) {
    case 'health':
      return <Health isEverywhere={parts.includes('users')} />
    case 'aside':
      return <Aside />
    case 'devices':
      return <Devices />
    case 'sites':
      return <Sites />
    case 'users':
      return <Users />
    case 'groups':
      return <Groups />
    case 'text':
      return <Texts />
    case 'audit':
      return <Audit title={t('admin.part.audit')} />
  }
}

export default function AdminPage(_props: PageProps) {
  const me = session()
  const { search } = useAddress()
  useSiteNames()
  const parts = me ? partsOf(me) : []
  const wanted = new URLSearchParams(search).get('part')
  const part = parts.find((each) => each === wanted) ?? parts[0]
  if (!part) {
    return (
      <main class="plain">
        <h1>{t('shell.no-such-page')}</h1>
      </main>
    )
  }
  return (
    <main class="admin">
      <nav aria-label={t('shell.page.admin')}>
        {parts.map((each) => (
          <a key={each} href={`/admin?part=${each}`} aria-current={each === part ? 'page' : undefined}>
            {t(`admin.part.${each}`)}
          </a>
        ))}
      </nav>
      <div class="admin-part">
        <h1 class="sr-only">{t('shell.page.admin')}</h1>
        {contentOf(part, parts)}
      </div>
    </main>
  )
}

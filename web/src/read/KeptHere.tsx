// Words of a case that is not ours now, which only this browser has: shown, so that nothing is lost unseen.
import { useState } from 'preact/hooks'
import { Notice } from '../shell/parts'
import { t } from '../shell/words'
import { readLocal, shelfKey } from './draft'
import type { Case } from './types'

export function KeptHere({ username, each }: { username: string; each: Case }) {
  const [, redraw] = useState(0)
  const key = shelfKey(username, each.site_id, each.study_instance_uid)
  const kept = each.workitem.claimed_by_me ? null : readLocal(localStorage.getItem(key))
  if (!kept) return null
  return (
    <Notice kind="warning">
      <p>{t('read.kept-here')}</p>
      <blockquote class="signed-words">
        {kept.findings}
        {'\n\n'}
        {kept.impression}
      </blockquote>
      <button
        type="button"
        onClick={() => {
          localStorage.removeItem(key)
          redraw((count) => count + 1)
        }}
      >
        {t('read.kept-here.forget')}
      </button>
    </Notice>
  )
}

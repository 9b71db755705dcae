// Who did what: the record, for who may look through it. Looking is itself on record.
import { useEffect, useState } from 'preact/hooks'
import { get, wordsOf } from '../shell/api'
import { Field } from '../shell/parts'
import { loadWords, t } from '../shell/words'
import { siteName } from '../site/names'
import { Rows, Section } from './parts'
import { actInWords, actorInWords, eventInWords, grantsInWords } from './recorded'
import { moment } from './told'

interface AuditRow {
  audit_number: number
  at: string
  event: string
  action: string
  outcome: string
  actor: string
  actor_name: string
  granted_by: string
  site_id: string
  study_instance_uid: string
  subject: string
}

interface AuditPage {
  items: AuditRow[]
  next_after: number | null
}

const PAGE = 100

/** The record of one study, or, without one, of whatever is asked for. */
export function Audit({ study, title, heading }: { study?: string; title: string; heading?: string }) {
  const [wanted, setWanted] = useState<Record<string, string>>(study ? { study_instance_uid: study } : {})
  const [rows, setRows] = useState<AuditRow[] | null>(null)
  const [next, setNext] = useState<number | null>(null)
  const [problem, setProblem] = useState('')
  const [isInWords, setInWords] = useState(false)

  useEffect(() => {
    // The words of all that can be done are many, and only who looks at the record needs them.
    void loadWords('audit').then(() => setInWords(true))
  }, [])

  function ask(after: number, before: AuditRow[]): AbortController {
    const asking = new AbortController()
    const query = new URLSearchParams({ ...wanted, after: String(after), limit: String(PAGE) })
    get<AuditPage>(`/api/v1/audit?${query}`, asking.signal).then(
      (page) => {
        setRows([...before, ...page.items])
        setNext(page.next_after)
        setProblem('')
      },
      (error) => asking.signal.aborted || setProblem(wordsOf(error)),
    )
    return asking
  }

  useEffect(() => {
    setRows(null)
    const asking = ask(0, [])
    return () => asking.abort()
  }, [wanted])

  function search(event: SubmitEvent): void {
    event.preventDefault()
    const given = new FormData(event.currentTarget as HTMLFormElement)
    const filled = [...given].map(([name, value]) => [name, String(value).trim()] as const)
    setWanted(Object.fromEntries(filled.filter(([, value]) => value)))
  }

  return (
    <Section title={title} text={heading ?? t('admin.audit-text')} problem={problem}>
      {!study && (
        <form class="search" onSubmit={search}>
          <Field label={t('admin.who')}>
            <input name="by" maxLength={64} />
          </Field>
          <Field label="Study Instance UID">
            <input name="study_instance_uid" maxLength={64} />
          </Field>
          <Field label={t('admin.site')}>
            <input name="site_id" maxLength={32} />
          </Field>
          <button type="submit" class="primary">
            {t('admin.search')}
          </button>
        </form>
      )}
      <Rows
        heads={[t('admin.when'), t('admin.who'), t('admin.what'), t('admin.site'), t('admin.about')]}
        isEmpty={!rows?.length || !isInWords}
        empty={rows && isInWords ? t('admin.none') : t('admin.loading')}
      >
        {(rows ?? []).map((row) => (
          <tr key={row.audit_number}>
            <td class="when">{moment(row.at)}</td>
            <td>
              <bdi>{actorInWords(row.actor, row.actor_name)}</bdi>
              {actorInWords(row.actor, row.actor_name) !== row.actor && <div class="small">{row.actor}</div>}
              <div class="small">{grantsInWords(row.granted_by)}</div>
            </td>
            <td>
              {actInWords(row.action)}{' '}
              {row.outcome !== 'success' && <span class="mark red">{t('admin.failure')}</span>}
              <div class="small">{eventInWords(row.event)}</div>
            </td>
            <td>{siteName(row.site_id)}</td>
            <td class="key">{row.subject || row.study_instance_uid}</td>
          </tr>
        ))}
      </Rows>
      {next !== null && (
        <button type="button" onClick={() => ask(next, rows ?? [])}>
          {t('admin.more')}
        </button>
      )}
    </Section>
  )
}

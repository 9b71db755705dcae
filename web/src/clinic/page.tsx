// The clinic's page: the reports of its site, and who there has them.
import { useEffect, useRef, useState } from 'preact/hooks'
import { useKeys } from '../keys'
import { get } from '../shell/api'
import { Field, Notice } from '../shell/parts'
import { navigate } from '../shell/router'
import { hasRole, session } from '../shell/session'
import { t } from '../shell/words'
import { useFresh } from '../site/fresh'
import { siteName, useSiteNames } from '../site/names'
import { sitesOf } from '../site/sites'
import './clinic.css'
import { ConfirmDialog } from './confirm'
import { InboxTable } from './inbox'
import type { Inbox, ReportLine } from './types'
import { addressOf, EARLIEST, inboxPath, isDay, LATEST, type Wanted, wantedIn } from './wanted'

const PAGE = 50
const TYPING_PAUSE = 350
const EMPTY: Wanted = { patient: '', from: '', to: '', unread: false, site: '' }

function useTitle(unread: number): void {
  useEffect(() => {
    const before = document.title.replace(/^\(\d+\) /, '')
    document.title = unread ? `(${unread}) ${before}` : before
    return () => {
      document.title = before
    }
  }, [unread])
}

/** Searched for once it is whole: while its year is typed it is another date at each digit. */
function Day({ label, value, onChange }: { label: string; value: string; onChange: (day: string) => void }) {
  const [typed, setTyped] = useState(value)
  return (
    <Field label={label}>
      <input
        type="date"
        min={EARLIEST}
        max={LATEST}
        value={typed}
        onChange={(event) => {
          const day = event.currentTarget.value
          setTyped(day)
          if (!day || isDay(day)) onChange(day)
        }}
        // What is shown is what was searched for.
        onBlur={() => setTyped(value)}
      />
    </Field>
  )
}

interface SearchProps {
  wanted: Wanted
  sites: readonly string[]
  /** Only what is another now: the rest may have been chosen anew while somebody was typing. */
  onChange: (changed: Partial<Wanted>) => void
  onClear: () => void
}

function Search({ wanted, sites, onChange, onClear }: SearchProps) {
  const [text, setText] = useState(wanted.patient)
  const field = useRef<HTMLInputElement>(null)
  const typing = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(typing.current), [])
  useKeys({ find: () => field.current?.focus() })

  function type(patient: string): void {
    setText(patient)
    clearTimeout(typing.current)
    typing.current = setTimeout(() => onChange({ patient }), TYPING_PAUSE)
  }

  return (
    <search>
      <form
        class="search"
        onSubmit={(event) => {
          event.preventDefault()
          clearTimeout(typing.current)
          onChange({ patient: text })
        }}
      >
        <Field label={t('clinic.search.patient')}>
          <input
            ref={field}
            type="search"
            maxLength={256}
            value={text}
            placeholder={t('clinic.search.hint')}
            onInput={(event) => type(event.currentTarget.value)}
          />
        </Field>
        <Day label={t('clinic.search.from')} value={wanted.from} onChange={(from) => onChange({ from })} />
        <Day label={t('clinic.search.to')} value={wanted.to} onChange={(to) => onChange({ to })} />
        {sites.length > 1 && (
          <Field label={t('clinic.search.site')}>
            <select value={wanted.site} onChange={(event) => onChange({ site: event.currentTarget.value })}>
              <option value="">{t('clinic.search.all-sites')}</option>
              {sites.map((each) => (
                <option key={each} value={each}>
                  {siteName(each)}
                </option>
              ))}
            </select>
          </Field>
        )}
        <label class="row only">
          <input
            type="checkbox"
            checked={wanted.unread}
            onChange={(event) => onChange({ unread: event.currentTarget.checked })}
          />
          {t('clinic.search.unread')}
        </label>
        {addressOf(wanted) !== addressOf(EMPTY) && (
          <button type="button" class="quiet" onClick={onClear}>
            {t('clinic.search.clear')}
          </button>
        )}
      </form>
    </search>
  )
}

export default function ClinicPage() {
  const me = session()
  const [wanted, setWanted] = useState(() => wantedIn(location.search))
  const newest = useRef(wanted)
  const [cleared, setCleared] = useState(0)
  const [limit, setLimit] = useState(PAGE)
  const [confirming, setConfirming] = useState<ReportLine | null>(null)
  const path = inboxPath(wanted, limit)
  const inbox = useFresh(
    path,
    (signal) => get<Inbox>(path, signal),
    (told) => told === null || told.kind.startsWith('report.'),
  )
  const inUse = useSiteNames()
  const unread = inbox.body?.unread ?? 0
  useTitle(unread)
  if (!me) return null
  const reports = inbox.body?.items ?? []
  const sites = sitesOf(me, ['clinic', 'technician', 'admin'], inUse)

  function change(changed: Partial<Wanted>): void {
    const next = { ...newest.current, ...changed }
    newest.current = next
    setWanted(next)
    setLimit(PAGE)
    navigate(addressOf(next), { replace: true })
  }

  return (
    <main class="plain clinic">
      <h1>
        {t('clinic.title')}{' '}
        <span class={`mark ${unread ? 'red' : ''}`} role="status">
          {t('clinic.unread-count', { count: unread })}
        </span>
      </h1>
      <Search
        key={cleared}
        wanted={wanted}
        sites={sites}
        onChange={change}
        onClear={() => {
          change(EMPTY)
          setCleared(cleared + 1)
        }}
      />
      {inbox.problem && <Notice kind="error">{inbox.problem}</Notice>}
      {reports.length > 0 && (
        <InboxTable
          reports={reports}
          withSites={!wanted.site && sites.length > 1}
          mayConfirm={hasRole(me, 'clinic', 'technician')}
          onConfirm={setConfirming}
        />
      )}
      {inbox.body && !reports.length && <p class="empty">{t('clinic.nothing')}</p>}
      {reports.length >= limit && (
        <button type="button" onClick={() => setLimit(Math.min(1000, limit + PAGE))}>
          {t('clinic.more')}
        </button>
      )}
      {confirming && (
        <ConfirmDialog
          report={confirming}
          person={me.display_name}
          onClose={() => setConfirming(null)}
          onDone={() => {
            setConfirming(null)
            inbox.again()
          }}
        />
      )}
    </main>
  )
}

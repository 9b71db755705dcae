// The technician's page: what the site sent, and how far each study is on its way there and back.
import { useEffect, useRef, useState } from 'preact/hooks'
import { get } from '../shell/api'
import { Notice } from '../shell/parts'
import { hasRole, session } from '../shell/session'
import { t } from '../shell/words'
import { useFresh } from '../site/fresh'
import { siteName, useSiteNames } from '../site/names'
import { nameOf } from '../site/person'
import { sitesOf } from '../site/sites'
import { Arrivals } from './arrivals'
import { AttachDialog } from './attach'
import { DropZone } from './drop_zone'
import type { Chosen } from './gather'
import { Jobs, LeftBehind } from './jobs'
import { QuestionDialog } from './question'
import { leftBehind } from './resume'
import { Retakes } from './retakes'
import { ToLookAt } from './to_look_at'
import './send.css'
import type { Arrival, Retake, Upload } from './types'
import { send, useJobs } from './uploads'

interface Items<Item> {
  items: Item[]
}

const PAGE = 50

/** What came back since the page was opened, to be told once. */
function useReturned(arrivals: readonly Arrival[] | undefined): [Arrival[], () => void] {
  const known = useRef<Map<string, string> | null>(null)
  const [returned, setReturned] = useState<Arrival[]>([])
  useEffect(() => {
    if (!arrivals) return
    const before = known.current
    known.current = new Map(arrivals.map((each) => [each.case_id, each.report?.report_id ?? '']))
    const fresh = arrivals.filter(
      ({ case_id, report }) => before?.has(case_id) && report && before.get(case_id) !== report.report_id,
    )
    if (fresh.length) setReturned((all) => [...fresh, ...all].slice(0, 3))
  }, [arrivals])
  return [returned, () => setReturned([])]
}

function SiteChoice(props: { sites: readonly string[]; site: string; onChoose: (site: string) => void }) {
  if (props.sites.length < 2) return null
  return (
    <label class="row">
      {t('send.site')}
      <select value={props.site} onChange={(event) => props.onChoose(event.currentTarget.value)}>
        <option value="">{t('send.all-sites')}</option>
        {props.sites.map((each) => (
          <option key={each} value={each}>
            {siteName(each)}
          </option>
        ))}
      </select>
    </label>
  )
}

export default function SendPage() {
  const me = session()
  const [site, setSite] = useState('')
  const [limit, setLimit] = useState(PAGE)
  const [asking, setAsking] = useState<Arrival | null>(null)
  const [attaching, setAttaching] = useState<Arrival | null>(null)
  const jobs = useJobs()
  const inUse = useSiteNames()
  const ofSite = site ? `&site=${encodeURIComponent(site)}` : ''
  const arrivals = useFresh(`${site} ${limit}`, (signal) =>
    get<Items<Arrival>>(`/api/v1/arrivals?limit=${limit}${ofSite}`, signal),
  )
  const retakes = useFresh(
    'retakes',
    (signal) => get<Items<Retake>>('/api/v1/retakes?state=open', signal),
    (told) => told === null || /^(retake|workitem)\./.test(told.kind),
  )
  const uploads = useFresh(
    'uploads',
    (signal) => get<Items<Upload>>('/api/v1/uploads?limit=20', signal),
    () => false,
  )
  const [returned, forget] = useReturned(arrivals.body?.items)
  if (!me) return null

  const mayStore = hasRole(me, 'technician', 'admin')
  const shown = arrivals.body?.items ?? []
  const sites = sitesOf(me, ['technician', 'admin'], inUse)
  const sendingSite = site || (sites.length === 1 ? sites[0]! : '')
  const open = (retakes.body?.items ?? []).filter(({ site_id }) => !site || site_id === site)
  const unfinished = leftBehind(
    uploads.body?.items ?? [],
    jobs.map(({ upload }) => upload?.upload_id),
  )

  return (
    <main class="plain send">
      <h1 class="sr-only">{t('shell.page.send')}</h1>
      <div class="bar">
        <SiteChoice sites={sites} site={site} onChoose={setSite} />
      </div>
      {mayStore &&
        (sendingSite ? (
          <DropZone
            onChosen={(chosen: Chosen[]) => void send(sendingSite, chosen, unfinished).then(uploads.again)}
          />
        ) : (
          sites.length > 1 && <Notice kind="info">{t('send.choose-site')}</Notice>
        ))}
      <LeftBehind uploads={unfinished} />
      <Jobs jobs={jobs} />
      <Retakes
        retakes={open}
        arrivals={shown}
        onDone={() => {
          retakes.again()
          arrivals.again()
        }}
      />
      <ToLookAt arrivals={shown} />
      {returned.length > 0 && (
        <Notice kind="good">
          <div class="row">
            <span class="grow">
              {returned.map((each) => (
                <a key={each.case_id} class="returned" href={`/r/${each.report?.report_id}`}>
                  {t('send.report-is-here', { name: nameOf(each.patient_name) || each.patient_id })}
                </a>
              ))}
            </span>
            <button type="button" class="quiet" onClick={forget} aria-label={t('shell.close')}>
              ✕
            </button>
          </div>
        </Notice>
      )}
      {arrivals.problem && <Notice kind="error">{arrivals.problem}</Notice>}
      <h2>{t('send.arrivals')}</h2>
      {arrivals.body && (
        <Arrivals
          arrivals={shown}
          withSites={!site && sites.length > 1}
          onAsk={setAsking}
          onAttach={mayStore ? setAttaching : undefined}
        />
      )}
      {shown.length >= limit && (
        <button type="button" onClick={() => setLimit(Math.min(1000, limit + PAGE))}>
          {t('send.more')}
        </button>
      )}
      {attaching && (
        <AttachDialog
          arrival={attaching}
          onClose={() => setAttaching(null)}
          onDone={() => {
            setAttaching(null)
            arrivals.again()
          }}
        />
      )}
      {asking && (
        <QuestionDialog
          arrival={asking}
          onClose={() => setAsking(null)}
          onDone={() => {
            setAsking(null)
            arrivals.again()
          }}
        />
      )}
    </main>
  )
}

// A case: everything that happened to it, its images, its reports, and who looked, for who may know.
import { useEffect, useState } from 'preact/hooks'
import '../admin/admin.css'
import './cases.css'
import { Audit } from '../admin/audit'
import { useListed } from '../admin/listed'
import { moment } from '../admin/told'
import { Notice } from '../shell/parts'
import { type PageProps, useAddress } from '../shell/router'
import { hasRole, session } from '../shell/session'
import { loadWords, t, tOr } from '../shell/words'
import { siteName, useSiteNames } from '../site/names'
import { StudyOfCase } from './instances'
import { doorOf, dueOf, folded, readable, type Told } from './rules'
import type { Case, Happening, Report, StudyCase } from './types'

const LOOKS = 'study.looked-at'

/** A person by name, a device by the door it sends through and its name. */
function whoOf({ actor, actorName }: Told): string {
  const door = tOr(`cases.door.${doorOf(actor)}`, '')
  return [door, actorName].filter(Boolean).join(' · ') || actor
}

function Timeline({ caseId }: { caseId: string }) {
  const found = useListed<{ items: Happening[] }>(`/api/v1/cases/${caseId}/timeline`)
  const [withLooks, setWithLooks] = useState(false)
  const items = (found.body?.items ?? []).filter((each) => withLooks || each.kind !== LOOKS)
  return (
    <section class="card" aria-label={t('cases.timeline')}>
      <div class="section-head">
        <h2>{t('cases.timeline')}</h2>
        <label class="row">
          <input type="checkbox" checked={withLooks} onChange={() => setWithLooks(!withLooks)} />
          {t('cases.looks')}
        </label>
      </div>
      {found.problem && <Notice kind="error">{found.problem}</Notice>}
      <ol class="timeline">
        {folded(items).map((each, place) => (
          <li key={`${place} ${each.kind} ${each.at}`} data-kind={each.kind}>
            <time dateTime={each.at}>{moment(each.at)}</time>
            <div>
              <strong>{tOr(`cases.kind.${each.kind}`, each.words)}</strong>
              {each.reason && <p class="reason">{each.reason}</p>}
              <div class="small">
                <bdi>{whoOf(each)}</bdi>
                {each.count > 1 &&
                  ` · ${t('cases.repeated', { count: each.count, until: moment(each.until) })}`}
              </div>
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Reports({ caseId }: { caseId: string }) {
  const found = useListed<{ items: Report[] }>(`/api/v1/cases/${caseId}/reports`)
  const items = found.body?.items ?? []
  return (
    <section class="card" aria-label={t('cases.reports')}>
      <h2>{t('cases.reports')}</h2>
      {found.problem && <Notice kind="error">{found.problem}</Notice>}
      {found.body && !items.length && <p class="small">{t('cases.no-reports')}</p>}
      <ul class="reports">
        {items.map((report) => (
          <li key={report.report_id}>
            <div class="row">
              <strong>{t('cases.number', { number: report.number })}</strong>
              <span class={`mark ${report.superseded_by ? '' : 'green'}`}>
                {tOr(`cases.status.${report.status}`, report.status)}
              </span>
              {report.superseded_by && <span class="mark amber">{t('cases.replaced')}</span>}
            </div>
            <div class="small">
              {t('cases.final-by', { name: report.reading_physician })} · {moment(report.signed_at)}
            </div>
            <div class="row">
              <a href={`/r/${report.report_id}`}>{t('cases.open-report')}</a>
              {report.status !== 'preliminary' && (
                <a href={`/api/v1/reports/${report.report_id}/pdf`}>{t('cases.pdf')}</a>
              )}
            </div>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Head({ found }: { found: Case }) {
  const state = found.workitem.procedure_step_state
  const isLate = found.seconds_left !== null && found.seconds_left < 0
  const facts: [string, string][] = [
    [t('cases.site'), siteName(found.site_id)],
    [t('cases.type'), [found.modality, found.study_description].filter(Boolean).join(' · ')],
    [t('cases.accession'), found.accession_number],
    [t('cases.received'), moment(found.first_received_at)],
    [t('cases.due'), moment(dueOf(found))],
    [t('cases.question'), found.clinical_question],
    [t('cases.history'), found.history],
  ]
  return (
    <section class="card case-head" aria-label={t('cases.patient')}>
      <h1>{readable(found.patient_name) || found.patient_id || t('cases.title')}</h1>
      <p class="small">
        {[found.patient_id, found.patient_sex, found.patient_birth_date].filter(Boolean).join(' · ')}
      </p>
      <p class="row">
        <span class={`mark ${found.urgency === 'emergency' ? 'red' : ''}`}>
          {tOr(`cases.urgency.${found.urgency}`, found.urgency)}
        </span>
        <span class={`mark ${state === 'COMPLETED' ? 'green' : 'amber'}`}>
          {state === 'IN PROGRESS' && found.workitem.claimed_by_name
            ? t('cases.claimed-by', { name: found.workitem.claimed_by_name })
            : tOr(`cases.state.${state}`, state)}
        </span>
        {isLate && <span class="mark red">{t('cases.due')}</span>}
        {found.late_instances > 0 && (
          <span class="mark amber">{t('cases.late', { count: found.late_instances })}</span>
        )}
      </p>
      <dl class="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  )
}

/** What only those see who may search: an auditor learns what was done, not to whom. */
function Shown({ caseId, site }: { caseId: string; site: string }) {
  const found = useListed<Case>(`/api/v1/cases/${caseId}`)
  if (found.problem) return <Notice kind="error">{found.problem}</Notice>
  if (!found.body) return <p class="small">{t('cases.loading')}</p>
  return (
    <>
      <Head found={found.body} />
      <Reports caseId={caseId} />
      <section class="card" aria-label={t('cases.instances')}>
        <h2>{t('cases.instances')}</h2>
        {found.body.studies.map((study) => (
          <StudyOfCase key={study.study_instance_uid} study={study} site={site} />
        ))}
      </section>
    </>
  )
}

function AuditOfStudy({ study }: { study: string }) {
  const [isReady, setReady] = useState(false)
  useEffect(() => {
    let isHere = true
    void loadWords('admin').then(() => isHere && setReady(true))
    return () => {
      isHere = false
    }
  }, [])
  return isReady ? <Audit study={study} title={t('cases.audit')} /> : null
}

export default function CasesPage({ place }: PageProps) {
  const me = session()
  const study = place.study ?? ''
  const { search } = useAddress()
  useSiteNames()
  const cases = useListed<{ items: StudyCase[] }>(`/api/v1/studies/${encodeURIComponent(study)}/cases`)
  const wanted = new URLSearchParams(search).get('site')
  const items = cases.body?.items ?? []
  const one = items.find((each) => each.site_id === wanted) ?? (items.length === 1 ? items[0] : undefined)
  const maySearch = me !== null && hasRole(me, 'reader', 'technician', 'clinic', 'admin')
  return (
    <main class="case">
      {cases.problem && <Notice kind="error">{cases.problem}</Notice>}
      {!cases.body && !cases.problem && <p class="small">{t('cases.loading')}</p>}
      {cases.body && !items.length && <Notice kind="info">{t('cases.no-case')}</Notice>}
      {!one && items.length > 1 && (
        <section class="card">
          <h1>{t('cases.at-sites')}</h1>
          <ul>
            {items.map((each) => (
              <li key={each.case_id}>
                <a href={`/cases/${study}?site=${each.site_id}`}>{siteName(each.site_id)}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {one && (
        <div class={`case-columns ${maySearch ? '' : 'narrow'}`}>
          {maySearch && (
            <div>
              <Shown caseId={one.case_id} site={one.site_id} />
            </div>
          )}
          <div>
            {!maySearch && <h1>{t('cases.title')}</h1>}
            <Timeline caseId={one.case_id} />
            {me && hasRole(me, 'auditor') && <AuditOfStudy study={study} />}
          </div>
        </div>
      )}
    </main>
  )
}

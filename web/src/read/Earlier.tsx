// What came before and what was signed of the case on the screen; loaded after its images, which are looked at first.
import { useEffect, useState } from 'preact/hooks'
import { ask, get, wordsOf } from '../shell/api'
import { Notice } from '../shell/parts'
import { locale, t } from '../shell/words'
import { siteName } from '../site/names'
import { personName } from './cases'
import type { Case, Prior, Report, ReportLine } from './types'
import { useDialogs } from './useDialogs'

export { KeptHere } from './KeptHere'

const moment = (value: string) =>
  new Date(value).toLocaleString(locale(), { dateStyle: 'short', timeStyle: 'short' })

export function Priors(props: { each: Case; beside: string; onBeside: (prior: Prior | null) => void }) {
  const [priors, setPriors] = useState<Prior[] | null>(null)
  const { case_id: caseId } = props.each
  useEffect(() => {
    const stop = new AbortController()
    setPriors(null)
    get<{ items: Prior[] }>(`/api/v1/cases/${caseId}/priors`, stop.signal).then(
      ({ items }) => setPriors(items),
      () => setPriors((before) => before ?? []),
    )
    return () => stop.abort()
  }, [caseId])
  if (!priors?.length) return null
  return (
    <section aria-label={t('read.priors')}>
      <h2>{t('read.priors')}</h2>
      <ul class="priors">
        {priors.map((prior) => (
          <li key={prior.case_id}>
            <div class="row">
              <strong>{prior.modality}</strong>
              <span>{prior.study_date ?? moment(prior.first_received_at)}</span>
              <span class="grow cut">{prior.study_description}</span>
              <button
                type="button"
                aria-pressed={props.beside === prior.case_id}
                onClick={() => props.onBeside(props.beside === prior.case_id ? null : prior)}
              >
                {t('read.beside')}
              </button>
            </div>
            {prior.relation === 'candidate' && (
              <p class="small">
                <span class="mark amber">{t('read.candidate')}</span> {personName(prior.patient_name)} ·{' '}
                {siteName(prior.site_id)} · ID {prior.patient_id}
              </p>
            )}
            {prior.reports.map((report) => (
              <PriorWords
                key={report.report_id}
                path={report.path}
                impression={report.impression}
                signedAt={report.signed_at}
              />
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

function PriorWords(props: { path: string; impression: string; signedAt: string }) {
  const [report, setReport] = useState<Report | null>(null)
  const load = () => {
    if (!report) get<Report>(props.path).then(setReport, () => undefined)
  }
  return (
    <details onToggle={(event) => event.currentTarget.open && load()}>
      <summary>{props.impression}</summary>
      <p class="asked">{report ? report.document.findings : '…'}</p>
      <p class="small">{moment(props.signedAt)}</p>
    </details>
  )
}

/** What was signed for this case, and adding to it. */
export function Reports({ each, signed }: { each: Case; signed: number }) {
  const [reports, setReports] = useState<Report[]>([])
  const [addingTo, setAddingTo] = useState<ReportLine | null>(null)
  const [added, setAdded] = useState(0)
  const [problem, setProblem] = useState('')
  const state = each.workitem.procedure_step_state
  const dialogs = useDialogs(addingTo !== null)
  useEffect(() => {
    const stop = new AbortController()
    async function load(): Promise<void> {
      const { items } = await get<{ items: ReportLine[] }>(
        `/api/v1/cases/${each.case_id}/reports`,
        stop.signal,
      )
      setReports(
        await Promise.all(items.map((line) => get<Report>(`/api/v1/reports/${line.report_id}`, stop.signal))),
      )
    }
    load().catch((error) => !stop.signal.aborted && setProblem(wordsOf(error)))
    return () => stop.abort()
  }, [each.case_id, state, signed, added])
  if (problem) return <Notice kind="error">{problem}</Notice>
  if (!reports.length) return null
  return (
    <section aria-label={t('read.reports')}>
      <h2>{t('read.reports')}</h2>
      {reports.map((report) => (
        <article key={report.report_id} class={`report ${report.superseded_by ? 'superseded' : ''}`}>
          <p class="small">
            <span class="mark green">{t(`read.status.${report.status}`)}</span> {report.reading_physician} ·{' '}
            {moment(report.signed_at)}
            {report.superseded_by && ` · ${t('read.superseded')}`}
            {report.is_received && ` · ${t('read.received')}`}
          </p>
          {report.document.reason && <p class="small">{report.document.reason}</p>}
          <p class="asked">{report.document.findings}</p>
          <p class="asked">
            <strong>{report.document.impression}</strong>
          </p>
          <div class="row">
            {report.is_published && report.links.pdf && (
              <a href={report.links.pdf} target="_blank" rel="noreferrer">
                PDF
              </a>
            )}
            {(report.status === 'final' || report.status === 'amended') && !report.superseded_by && (
              <button type="button" onClick={() => setAddingTo(report)}>
                {t('read.addendum')}
              </button>
            )}
          </div>
        </article>
      ))}
      {addingTo && dialogs && (
        <dialogs.AddendumDialog
          reportId={addingTo.report_id}
          onDo={async (body) => {
            await ask('POST', `/api/v1/reports/${addingTo.report_id}/addenda`, { body })
            setAddingTo(null)
            setAdded((count) => count + 1)
          }}
          onClose={() => setAddingTo(null)}
        />
      )}
    </section>
  )
}

// What was signed for the case on the screen; loaded after its images, which are looked at first.
import { useEffect, useState } from 'preact/hooks'
import { ask, get, wordsOf } from '../shell/api'
import { Notice } from '../shell/parts'
import { t } from '../shell/words'
import { moment } from './About'
import type { Case, Report, ReportLine } from './types'
import { useDialogs } from './useDialogs'

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

// What is on its way from this browser, and what became of it.

import { Notice } from '../shell/parts'
import { t, type WordKey } from '../shell/words'
import { momentOf, sizeOf } from '../site/moments'
import { siteName } from '../site/names'
import type { FileState, Upload } from './types'
import { dismiss, goOn, type Job, stop } from './uploads'

const TOLD: FileState[] = [
  'stored',
  'held-already',
  'kept-as-representation',
  'kept-beside',
  'quarantined',
  'not-dicom',
  'dicomdir',
  'refused',
  'given-up',
]
const SHOWN = 8

function remaining(job: Job): string {
  const seconds = (Date.now() - job.startedAt) / 1000
  if (!job.sent || seconds < 3) return ''
  const left = ((job.size - job.sent) / job.sent) * seconds
  return left < 90
    ? t('send.job.seconds-left', { count: Math.max(1, Math.round(left)) })
    : t('send.job.minutes-left', { count: Math.round(left / 60) })
}

function phaseWords(job: Job): string {
  if (job.isCut) return t('send.job.cut')
  return t(`send.job.${job.phase}`)
}

function Outcome({ upload }: { upload: Upload }) {
  const told = TOLD.filter((state) => upload.states[state])
  return (
    <ul class="outcome">
      {told.map((state) => (
        <li key={state} class={state}>
          {t(`send.file.${state}` as WordKey, { count: upload.states[state] ?? 0 })}
        </li>
      ))}
    </ul>
  )
}

function Names({ words, names }: { words: string; names: readonly string[] }) {
  if (!names.length) return null
  return (
    <details>
      <summary>{words}</summary>
      <ul class="names">
        {names.slice(0, SHOWN).map((name) => (
          <li key={name}>
            <bdi>{name}</bdi>
          </li>
        ))}
        {names.length > SHOWN && <li>{t('send.job.more', { count: names.length - SHOWN })}</li>}
      </ul>
    </details>
  )
}

function JobLine({ job }: { job: Job }) {
  const isGoing = job.phase === 'looking' || job.phase === 'sending' || job.phase === 'unpacking'
  const label = t('send.job.label', { site: siteName(job.siteId), size: sizeOf(job.size) })
  return (
    <li class={`job ${job.phase} ${job.isCut ? 'cut' : ''}`}>
      <div class="row">
        <strong class="grow" role="status">
          {phaseWords(job)}
        </strong>
        <span class="small">{label}</span>
        {job.phase === 'sending' && (
          <button type="button" onClick={() => stop(job.key)}>
            {t('send.job.stop')}
          </button>
        )}
        {(job.phase === 'stopped' || (job.phase === 'failed' && job.upload)) && (
          <button type="button" class="primary" onClick={() => void goOn(job)}>
            {t('send.job.go-on')}
          </button>
        )}
        {!isGoing && (
          <button
            type="button"
            class="quiet"
            onClick={() => dismiss(job.key)}
            aria-label={t('send.job.dismiss')}
          >
            ✕
          </button>
        )}
      </div>
      {isGoing && (
        <div class="row">
          <progress
            class="grow"
            aria-label={label}
            max={Math.max(1, job.size)}
            value={job.phase === 'unpacking' ? undefined : job.sent}
          />
          <span class="small">
            {t('send.job.bytes', { sent: sizeOf(job.sent), size: sizeOf(job.size) })} {remaining(job)}
          </span>
        </div>
      )}
      {job.problem && <Notice kind="error">{job.problem}</Notice>}
      {job.phase === 'done' && job.upload && <Outcome upload={job.upload} />}
      <Names words={t('send.job.odd', { count: job.odd.length })} names={job.odd.map(({ name }) => name)} />
      <Names words={t('send.job.left-out', { count: job.leftOut.length })} names={job.leftOut} />
      <Names words={t('send.job.unreadable', { count: job.unreadable.length })} names={job.unreadable} />
    </li>
  )
}

export function Jobs({ jobs }: { jobs: readonly Job[] }) {
  if (!jobs.length) return null
  return (
    <ul class="jobs" aria-label={t('send.job.all')}>
      {jobs.map((job) => (
        <JobLine key={job.key} job={job} />
      ))}
    </ul>
  )
}

/** What a closed page left behind: whoever chooses the same files again goes on where it stopped. */
export function LeftBehind({ uploads }: { uploads: readonly Upload[] }) {
  if (!uploads.length) return null
  return (
    <Notice kind="warning">
      {uploads.map((upload) => (
        <div key={upload.upload_id}>
          {t('send.job.left-behind', {
            at: momentOf(upload.created_at),
            missing: upload.states.waiting ?? 0,
            all: upload.number_of_files,
            who: upload.username,
          })}
        </div>
      ))}
      {t('send.job.choose-again')}
    </Notice>
  )
}

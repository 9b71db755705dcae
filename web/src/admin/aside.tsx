// What is kept aside until a person decides, and studies whose patient is in doubt.
import { useEffect, useState } from 'preact/hooks'
import { get, post, wordsOf } from '../shell/api'
import { Dialog, Notice } from '../shell/parts'
import { t, tOr } from '../shell/words'
import { siteName } from '../site/names'
import { nameOf } from '../site/person'
import { useListed } from './listed'
import { type Form, FormDialog, Rows, Section } from './parts'
import { moment, size } from './told'
import type { FlaggedStudy, Items, KeptAside, Look } from './types'

const BASE = '/api/v1/kept-aside'
const ACTS = ['readmit', 'keep-apart', 'discard'] as const
type Act = (typeof ACTS)[number] | 'reopen'

function actForm(kept: KeptAside, act: Act, done: () => void): Form {
  return {
    title: t(`admin.aside.${act}`),
    text: t(`admin.aside.${act}-text`),
    submit: t(`admin.aside.${act}`),
    isDanger: act === 'discard',
    blanks: () => [{ name: 'reason', label: t('admin.reason'), isLong: true, isRequired: true }],
    send: async (values) => {
      await post(`${BASE}/${kept.kept_key}/${act}`, values)
      done()
    },
  }
}

function LookDialog({ kept, onClose }: { kept: KeptAside; onClose: () => void }) {
  const [look, setLook] = useState<Look | null>(null)
  const [problem, setProblem] = useState('')
  const [isWhole, setWhole] = useState(false)
  useEffect(() => {
    const asking = new AbortController()
    get<Look>(`${BASE}/${kept.kept_key}/look`, asking.signal).then(
      setLook,
      (error) => asking.signal.aborted || setProblem(wordsOf(error)),
    )
    return () => asking.abort()
  }, [kept.kept_key])
  const shown = look?.elements.filter((element) => isWhole || element.differs || !look.held_sop_instance_uid)
  return (
    <Dialog title={t('admin.look-title')} onClose={onClose}>
      {(problem || look?.problem) && <Notice kind="warning">{problem || look?.problem}</Notice>}
      {look?.held_sop_instance_uid && (
        <label class="row">
          <input type="checkbox" checked={isWhole} onChange={() => setWhole(!isWhole)} />
          {t('admin.look-whole')}
        </label>
      )}
      <Rows
        heads={[t('admin.element'), t('admin.kept'), t('admin.held')]}
        isEmpty={!shown?.length}
        empty={look ? t('admin.no-difference') : t('admin.loading')}
      >
        {(shown ?? []).map((element) => (
          <tr key={element.tag}>
            <td>
              {element.keyword || element.tag}
              <div class="small">{element.tag}</div>
            </td>
            <td class={element.differs ? 'differs' : ''}>{element.kept ?? '—'}</td>
            <td>{element.held ?? '—'}</td>
          </tr>
        ))}
      </Rows>
    </Dialog>
  )
}

function Acts(props: { kept: KeptAside; open: (act: Act) => void; look: () => void }) {
  const { kept } = props
  if (kept.bytes_deleted_at) return null
  const acts: Act[] = kept.settled_as ? (kept.settled_as === 'readmitted' ? [] : ['reopen']) : [...ACTS]
  return (
    <>
      <button type="button" onClick={props.look}>
        {t('admin.look')}
      </button>
      <a class="button" href={`${BASE}/${kept.kept_key}/file`} download>
        {t('admin.download')}
      </a>
      {acts.map((act) => (
        <button key={act} type="button" class="quiet" onClick={() => props.open(act)}>
          {t(`admin.aside.${act}`)}
        </button>
      ))}
    </>
  )
}

function KeptRow(props: { kept: KeptAside; open: (act: Act) => void; look: () => void }) {
  const { kept } = props
  return (
    <tr>
      <td>
        <span class={`mark ${kept.reason === 'quarantine' ? 'amber' : 'red'}`}>
          {t(`admin.aside.${kept.reason}`)}
        </span>
        <div class="small">{moment(kept.received_at)}</div>
      </td>
      <td>{siteName(kept.site_id)}</td>
      <td>
        {tOr(`admin.aside.detail.${kept.detail}`, kept.detail)}
        <div class="small">
          {size(kept.size)}
          {kept.study_instance_uid && (
            <>
              {' · '}
              <a href={`/cases/${kept.study_instance_uid}?site=${kept.site_id}`}>{t('admin.open-case')}</a>
            </>
          )}
        </div>
        {kept.settled_as && (
          <div class="small">
            {t(`admin.aside.${kept.settled_as}`)} · {kept.settled_by} · {kept.settled_reason}
          </div>
        )}
      </td>
      <td class="acts">
        <Acts {...props} />
      </td>
    </tr>
  )
}

export function Aside() {
  const [isSettled, setSettled] = useState(false)
  const found = useListed<Items<KeptAside>>(`${BASE}?settled=${isSettled}`)
  const [form, setForm] = useState<Form | null>(null)
  const [look, setLook] = useState<KeptAside | null>(null)
  const items = found.body?.items ?? []
  return (
    <>
      <Section
        title={t('admin.part.aside')}
        text={t('admin.aside-text')}
        problem={found.problem}
        act={
          <label class="row">
            <input type="checkbox" checked={isSettled} onChange={() => setSettled(!isSettled)} />
            {t('admin.also-settled')}
          </label>
        }
      >
        <Rows
          heads={[t('admin.what'), t('admin.site'), t('admin.detail'), '']}
          isEmpty={!items.length}
          empty={found.body ? t('admin.nothing-aside') : t('admin.loading')}
        >
          {items.map((kept) => (
            <KeptRow
              key={kept.kept_key}
              kept={kept}
              open={(act) => setForm(actForm(kept, act, found.reload))}
              look={() => setLook(kept)}
            />
          ))}
        </Rows>
      </Section>
      <Flagged />
      {form && <FormDialog form={form} onClose={() => setForm(null)} />}
      {look && <LookDialog kept={look} onClose={() => setLook(null)} />}
    </>
  )
}

function confirmForm(study: FlaggedStudy, done: () => void): Form {
  return {
    title: t('admin.confirm-title', { name: nameOf(study.patient_name) }),
    text: t('admin.confirm-text'),
    submit: t('admin.confirm'),
    blanks: () => [{ name: 'reason', label: t('admin.reason'), isLong: true, isRequired: true }],
    send: async (values) => {
      await post(`/api/v1/studies/${study.study_instance_uid}/patient/confirm`, {
        site_id: study.site_id,
        reason: values.reason,
      })
      done()
    },
  }
}

function apartForm(study: FlaggedStudy, done: () => void): Form {
  return {
    title: t('admin.apart-title', { name: nameOf(study.patient_name) }),
    text: t('admin.apart-text'),
    submit: t('admin.apart'),
    isDanger: true,
    blanks: () => [
      { name: 'patient_key', label: t('admin.patient-key'), hint: t('admin.patient-key-hint') },
      { name: 'reason', label: t('admin.reason'), isLong: true, isRequired: true },
    ],
    send: async (values) => {
      await post(`/api/v1/studies/${study.study_instance_uid}/patient`, {
        site_id: study.site_id,
        patient_key: values.patient_key || null,
        reason: values.reason,
      })
      done()
    },
  }
}

function Flagged() {
  const found = useListed<Items<FlaggedStudy>>('/api/v1/flagged-studies')
  const [form, setForm] = useState<Form | null>(null)
  const items = found.body?.items ?? []
  return (
    <Section title={t('admin.flagged')} text={t('admin.flagged-text')} problem={found.problem}>
      <Rows
        heads={[t('admin.patient'), t('admin.site'), t('admin.study'), t('admin.differs-in'), '']}
        isEmpty={!items.length}
        empty={found.body ? t('admin.no-flagged') : t('admin.loading')}
      >
        {items.map((study) => (
          <tr key={`${study.site_id} ${study.study_instance_uid}`}>
            <td>
              <bdi>{nameOf(study.patient_name)}</bdi>
              <div class="small">
                {[study.patient_id, study.patient_sex, study.patient_birth_date].filter(Boolean).join(' · ')}
              </div>
            </td>
            <td>{siteName(study.site_id)}</td>
            <td>
              <a href={`/cases/${study.study_instance_uid}?site=${study.site_id}`}>
                {study.study_description || t('admin.open-case')}
              </a>
              <div class="small">{study.study_date}</div>
            </td>
            <td>{study.differences.map((each) => tOr(`admin.difference.${each}`, each)).join(', ')}</td>
            <td class="acts">
              <button type="button" onClick={() => setForm(confirmForm(study, found.reload))}>
                {t('admin.confirm')}
                <span class="sr-only"> {nameOf(study.patient_name)}</span>
              </button>
              <button type="button" class="quiet" onClick={() => setForm(apartForm(study, found.reload))}>
                {t('admin.apart')}
                <span class="sr-only"> {nameOf(study.patient_name)}</span>
              </button>
            </td>
          </tr>
        ))}
      </Rows>
      {form && <FormDialog form={form} onClose={() => setForm(null)} />}
    </Section>
  )
}

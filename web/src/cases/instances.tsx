// The series of a case's studies with a picture of each, and every instance.
import { useState } from 'preact/hooks'
import { useListed } from '../admin/listed'
import { t } from '../shell/words'
import { sizeOf } from '../site/moments'
import { type DataSet, textOf } from './rules'
import type { Original, Study } from './types'

const AT_FIRST = 8
const WITHOUT_PICTURE = new Set(['SR', 'PR', 'KO', 'DOC'])

function Instances({ study }: { study: Study }) {
  const [isWhole, setWhole] = useState(false)
  const found = useListed<DataSet[]>(`${study.path}/instances?limit=1000`)
  const all = found.body ?? []
  const shown = isWhole ? all : all.slice(0, AT_FIRST)
  return (
    <>
      <ol class="instances">
        {shown.map((instance) => (
          <li key={textOf(instance, '00080018')}>
            <span class="mark">{textOf(instance, '00080060') || study.modality}</span>
            <span>{textOf(instance, '00200013')}</span>
            <code title={t('cases.sop')}>{textOf(instance, '00080018')}</code>
          </li>
        ))}
      </ol>
      {all.length > shown.length && (
        <button type="button" onClick={() => setWhole(true)}>
          {t('cases.all-instances', { count: all.length })}
        </button>
      )}
    </>
  )
}

/** The files of carts that instances were made of, to be had as they came. */
function Originals({ study, site }: { study: Study; site: string }) {
  const found = useListed<{ items: Original[] }>(
    `/api/v1/studies/${study.study_instance_uid}/originals?site_id=${site}`,
  )
  const files = found.body?.items ?? []
  if (!files.length) return null
  return (
    <ul class="originals" aria-label={t('cases.originals')}>
      {files.map((file) => (
        <li key={file.link}>
          <a href={file.link} download={file.name}>
            {t('cases.original', { kind: file.kind })}
          </a>{' '}
          <bdi class="small">{file.name}</bdi> <span class="small">{sizeOf(file.size)}</span>
        </li>
      ))}
    </ul>
  )
}

export function StudyOfCase({ study, site }: { study: Study; site: string }) {
  const series = useListed<DataSet[]>(`${study.path}/series`)
  return (
    <div class="study">
      <h3>
        {study.modality} {study.study_description} <span class="small">{study.study_date}</span>
      </h3>
      <ul class="series">
        {(series.body ?? []).map((each) => {
          const uid = textOf(each, '0020000E')
          const modality = textOf(each, '00080060')
          return (
            <li key={uid}>
              {WITHOUT_PICTURE.has(modality) ? (
                <div class="no-picture">{modality}</div>
              ) : (
                <img src={`${study.path}/series/${uid}/thumbnail`} alt="" loading="lazy" />
              )}
              <div>
                {textOf(each, '0008103E') || `${t('cases.series')} ${textOf(each, '00200011')}`}
                <div class="small">
                  {modality} · {textOf(each, '00201209')}
                </div>
              </div>
            </li>
          )
        })}
      </ul>
      <p>
        <a class="button" href={`/view/${site}/${study.study_instance_uid}`}>
          {t('cases.open-images')}
        </a>
      </p>
      {study.modality === 'ECG' && <Originals study={study} site={site} />}
      <Instances study={study} />
    </div>
  )
}

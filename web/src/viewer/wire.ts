/** Marks over the line. */

import { ask } from '../shell/api'
import type { WireMark } from './marks'
import type { StudyReference } from './study'

export interface KeptMarks {
  items: WireMark[]
  /** The version, as If-Match wants it. */
  tag: string | null
}

interface MarkCollection {
  items: WireMark[]
}

function marksUrl({ siteId, studyInstanceUid }: StudyReference): string {
  return `/api/v1/studies/${studyInstanceUid}/marks?site_id=${encodeURIComponent(siteId)}`
}

export async function getMarks(study: StudyReference): Promise<KeptMarks> {
  const { body, etag } = await ask<MarkCollection>('GET', marksUrl(study))
  return { items: body.items, tag: etag }
}

/** Save all marks of a study over the version that was seen; return the new one. Raises Problem. */
export async function putMarks(
  study: StudyReference,
  workitemUid: string,
  marks: readonly WireMark[],
  tag: string | null,
): Promise<string | null> {
  const body = { workitem_uid: workitemUid, marks }
  return (await ask<MarkCollection>('PUT', marksUrl(study), { body, ifMatch: tag ?? '"0"' })).etag
}

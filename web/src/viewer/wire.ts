/** Marks over the line. */

import { type WireMark } from "./marks";
import { type StudyReference } from "./study";
import { request } from "../api";

export interface KeptMarks {
  items: WireMark[];
  tag: string;
}

function marksUrl({ siteId, studyInstanceUid }: StudyReference): string {
  return `/api/v1/studies/${studyInstanceUid}/marks?site_id=${encodeURIComponent(siteId)}`;
}
